// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.DataDirectory;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.json.CanonicalWriter;
import java.util.Collection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "keys",
    description = "The keys that sign the chain.",
    subcommands = {
      KeysCommand.Init.class,
      KeysCommand.ListKeys.class,
      KeysRotateCommand.class,
      KeysRevokeCommand.class,
      KeysCommand.Export.class
    })
final class KeysCommand extends VerbGroup {
  /** The name in a vkey when none is given. */
  private static final String DEFAULT_NAME = "indelible";

  @Command(name = "init", description = "Make the key that signs rows, if there is none yet.")
  static final class Init extends Verb {
    @Override
    public Integer call() throws Exception {
      DataDirectory data = data();
      boolean existed = data.keys().hasSigningKey();
      data.prepare();
      SigningKey key = data.keys().openOrCreate();
      String keyId = key.verificationKey().keyId();
      if (json()) {
        console()
            .json(
                new CanonicalWriter()
                    .beginObject()
                    .name("created")
                    .canonical(existed ? "false" : "true")
                    .member("key_id", keyId)
                    .member("vkey", key.verificationKey().toVkey(DEFAULT_NAME))
                    .endObject());
      } else {
        console().line((existed ? "key is there already: " : "key made: ") + keyId);
        console().line(key.verificationKey().toVkey(DEFAULT_NAME));
      }
      return ExitCode.OK;
    }
  }

  @Command(name = "list", description = "Print the public keys whose signatures are accepted.")
  static final class ListKeys extends Verb {
    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      String signing =
          data().keys().hasSigningKey() ? data().keys().open().verificationKey().keyId() : "";
      Table table = new Table("key", "signs", "vkey");
      for (VerificationKey key : data().keys().accepted().keys()) {
        boolean signs = key.keyId().equals(signing);
        if (json()) {
          console()
              .json(
                  new CanonicalWriter()
                      .beginObject()
                      .member("key_id", key.keyId())
                      .name("signs")
                      .canonical(signs ? "true" : "false")
                      .member("vkey", key.toVkey(DEFAULT_NAME))
                      .endObject());
        }
        table.row(
            Table.Cell.of(key.keyId()),
            Table.Cell.of(signs ? "yes" : "no"),
            Table.Cell.of(key.toVkey(DEFAULT_NAME)));
      }
      if (!json()) {
        table.print(console());
      }
      return ExitCode.OK;
    }
  }

  @Command(
      name = "export",
      description = "Print the public keys, for those who check the chain. Never a private one.")
  static final class Export extends Verb {
    @Option(
        names = "--format",
        paramLabel = "pem|vkey",
        defaultValue = "pem",
        description = "pem, or a C2SP vkey (default: pem)")
    Format format = Format.pem;

    @Option(
        names = "--name",
        paramLabel = "NAME",
        defaultValue = DEFAULT_NAME,
        description = "the key's name in a vkey (default: ${DEFAULT-VALUE})")
    String name = DEFAULT_NAME;

    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      if (name.isEmpty() || name.contains("+") || name.chars().anyMatch(c -> c <= ' ')) {
        throw CommandFailure.usage("--name: a key's name is not empty and has no space and no +");
      }
      Collection<VerificationKey> keys = data().keys().accepted().keys();
      if (keys.isEmpty()) {
        throw CommandFailure.usage(
            data().path() + ": no keys here; make one with 'indelible keys init'");
      }
      for (VerificationKey key : keys) {
        if (format == Format.vkey) {
          console().line(key.toVkey(name));
        } else {
          console().out().print(key.toPem());
        }
      }
      return ExitCode.OK;
    }

    enum Format {
      pem,
      vkey
    }
  }
}
