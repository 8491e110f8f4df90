// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.crypto.KeyDirectory.Rotation;
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
    print(
        out ->
            out.member("from", rotation.from().keyId())
                .member("resumed", rotation.resumed())
                .member("to", rotation.to().keyId()),
        "key %s signs from now on%s; %s introduced it\nprocesses that are at work sign with the old one until they are restarted",
        rotation.to().keyId(),
        rotation.resumed() ? ", as was begun before" : "",
        rotation.from().keyId());
    return ExitCode.OK;
  }
}
