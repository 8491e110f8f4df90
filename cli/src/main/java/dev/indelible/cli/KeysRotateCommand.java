// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.crypto.KeyDirectory.Rotation;
import picocli.CommandLine.Command;

@Command(
    name = "rotate",
    description = "Replace the signing key by a new one; the old key signs the record of it.",
    footer = {
      "",
      "Running processes sign with the old key until they are restarted.",
      "If the command is interrupted, run it again: it completes the rotation."
    })
final class KeysRotateCommand extends Verb {
  @Override
  public Integer call() throws Exception {
    requireDataDirectory();
    Rotation rotation = data().rotateKey();
    print(
        out ->
            out.member("from", rotation.from().keyId())
                .member("resumed", rotation.resumed())
                .member("to", rotation.to().keyId()),
        "key %s signs from now on%s; key %s signed the record of it\nrunning processes sign with the old key until they are restarted",
        rotation.to().keyId(),
        rotation.resumed() ? ", completing an interrupted rotation" : "",
        rotation.from().keyId());
    return ExitCode.OK;
  }
}
