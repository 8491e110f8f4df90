// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.crypto.KeyDirectory.Rotation;
import dev.indelible.json.CanonicalWriter;
import picocli.CommandLine.Command;

@Command(
    name = "rotate",
    description = "Exchange the signing key for a new one, which the old one introduces.",
    footer = {
      "",
      "Processes that are at work sign with the old key until they are restarted.",
      "If it is cut short, run it again: it finishes what was begun."
    })
final class KeysRotateCommand extends Verb {
  @Override
  public Integer call() throws Exception {
    requireDataDirectory();
    Rotation rotation = data().rotateKey();
    if (json()) {
      console()
          .json(
              new CanonicalWriter()
                  .beginObject()
                  .member("from", rotation.from().keyId())
                  .name("resumed")
                  .canonical(rotation.resumed() ? "true" : "false")
                  .member("to", rotation.to().keyId())
                  .endObject());
    } else {
      console()
          .line(
              "key %s signs from now on%s; %s introduced it"
                  .formatted(
                      rotation.to().keyId(),
                      rotation.resumed() ? ", as was begun before" : "",
                      rotation.from().keyId()));
      console().line("processes that are at work sign with the old one until they are restarted");
    }
    return ExitCode.OK;
  }
}
