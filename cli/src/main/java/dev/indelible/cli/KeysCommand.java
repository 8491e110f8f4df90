// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import java.util.Collection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
      KeysReplaceCommand.class,
      KeysCommand.Export.class
    })
final class KeysCommand extends VerbGroup {
  /** The name in a vkey before the log has a name, which its first checkpoint gives it. */
  private static final String DEFAULT_NAME = "indelible";

  /** Returns the log's name, or the default if it has none yet. */
  private static String name(Verb verb, Collection<VerificationKey> keys) {
    try {
      return origin(verb, keys);
    } catch (CommandFailure | LedgerException e) {
      return DEFAULT_NAME;
    }
  }

  /**
   * Returns the log's name: the origin of its last checkpoint, if one of these keys signed that.
   */
  private static String origin(Verb verb, Collection<VerificationKey> keys)
      throws CommandFailure, LedgerException {
    Optional<StoredCheckpoint> last;
    try (LedgerReader ledger = verb.ledger()) {
      last = ledger.lastCheckpoint();
    }
    if (last.isEmpty()) {
      throw CommandFailure.usage(
          "the log has no name yet, because it has no checkpoint; give one with --name");
    }
    try {
      SignedCheckpoint signed = SignedCheckpoint.parse(last.get().note());
      String origin = signed.unverified().origin();
      return signed.verify(origin, VerifierKey.ofLog(origin, keys)).origin();
    } catch (CheckpointParseException | VerificationException | IllegalArgumentException e) {
      throw CommandFailure.usage(
          "the log's name cannot be read from its last checkpoint: %s; give one with --name",
          e.getMessage());
    }
  }

  private static String vkey(VerificationKey key, String name) {
    return new VerifierKey(name, SignatureType.ED25519, key).vkey();
  }

  @Command(name = "init", description = "Create the key that signs rows, if there is none yet.")
  static final class Init extends Verb {
    @Override
    public Integer call() throws Exception {
      DataDirectory data = data();
      boolean existed = data.keys().hasSigningKey();
      VerificationKey key = data.prepareKey().verificationKey();
      print(
          out ->
              out.member("created", !existed)
                  .member("key_id", key.keyId())
                  .member("vkey", vkey(key, DEFAULT_NAME)),
          "%s: %s\n%s",
          existed ? "key exists already" : "key created",
          key.keyId(),
          vkey(key, DEFAULT_NAME));
      return ExitCode.OK;
    }
  }

  @Command(name = "list", description = "Print the public keys whose signatures are accepted.")
  static final class ListKeys extends Verb {
    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      String signing =
          data().keys().hasSigningKey() ? data().keys().read().verificationKey().keyId() : "";
      Table table = new Table("key", "signs", "vkey", "");
      KeyRing ring = data().keys().accepted();
      Collection<VerificationKey> keys = ring.keys();
      KeyStates states = KeyStates.read(this, ring);
      String name = name(this, keys);
      for (VerificationKey key : keys) {
        boolean signs = key.keyId().equals(signing);
        boolean revoked = states.isRevoked(key.keyId());
        if (json()) {
          console()
              .json(
                  out ->
                      out.member("key_id", key.keyId())
                          .member("lost", states.isLost(key.keyId()))
                          .member("revoked", revoked)
                          .member("signs", signs)
                          .member("vkey", vkey(key, name)));
        }
        table.row(key.keyId(), signs ? "yes" : "no", vkey(key, name), states.describe(key.keyId()));
      }
      if (keys.isEmpty()) {
        warn(data().path().resolve("keys") + ": no keys here");
      } else if (!json()) {
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
        description = "the key's name in a vkey (default: the log's name in its checkpoints)")
    @Nullable String name;

    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      if (name != null && !VerifierKey.isName(name)) {
        throw CommandFailure.usage("--name: a key's name is not empty and has no space and no +");
      }
      KeyRing ring = data().keys().accepted();
      Collection<VerificationKey> keys = ring.keys();
      if (keys.isEmpty()) {
        throw CommandFailure.usage(
            "%s: no keys here; restore them from a copy, or, for a new log, create one with"
                + " 'indelible keys init'",
            data().path());
      }
      mark(ring);
      if (format == Format.pem) {
        keys.forEach(key -> console().out().print(key.toPem()));
        return ExitCode.OK;
      }
      String named = name != null ? name : origin(this, keys);
      keys.forEach(key -> console().line(vkey(key, named)));
      return ExitCode.OK;
    }

    /** Prints states on standard error, because standard output has keys only. */
    private void mark(KeyRing ring) throws LedgerException, CommandFailure {
      KeyStates states = KeyStates.read(this, ring);
      for (VerificationKey key : ring.keys()) {
        String state = states.describe(key.keyId());
        if (!state.isEmpty()) {
          warn("key " + key.keyId() + ": " + state);
        }
      }
    }

    enum Format {
      pem,
      vkey
    }
  }
}
