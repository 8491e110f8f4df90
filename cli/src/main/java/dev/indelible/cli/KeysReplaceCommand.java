// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.crypto.KeyDirectory.Replacement;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "replace",
    description = "Replace a lost signing key by a new one, and record that in the chain.",
    footer = {
      "",
      "For a key that no copy can restore; 'indelible keys rotate' changes a key that is present.",
      "The new key signs its own record, so a verifier that has only an earlier key cannot check",
      "rows from here on: give out the new public key.",
      "If the command is interrupted, run it again: it completes the replacement."
    })
final class KeysReplaceCommand extends Verb {
  @Option(names = "--lost", required = true, description = "the signing key is lost")
  boolean lost;

  @Mixin ReasonOption reason = new ReasonOption();

  @Override
  public Integer call() throws Exception {
    String why = reason.words();
    requireDataDirectory();
    Replacement replacement = data().replaceLostKey(why);
    String keyId = replacement.to().keyId();
    print(
        out -> out.member("resumed", replacement.resumed()).member("to", keyId),
        "key %s signs from now on%s; no earlier key signed it\ngive its public key to everyone who verifies the chain: 'indelible keys export'",
        keyId,
        replacement.resumed() ? ", completing an interrupted replacement" : "");
    return ExitCode.OK;
  }
}
