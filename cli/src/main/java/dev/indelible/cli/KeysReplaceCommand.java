// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.crypto.KeyDirectory.Replacement;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "replace",
    description = "Put a new signing key in the place of one that is lost, on record.",
    footer = {
      "",
      "For a key that cannot be put back from a copy; one that is there is exchanged with",
      "'indelible keys rotate'. The new key signs the record of that itself, so for one who holds"
          + " an",
      "earlier key only, rows from here on cannot be told: hand out the new public key.",
      "If it is cut short, run it again: it finishes what was begun."
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
        "key %s signs from now on%s, by its own word: no key introduced it\nhand its public half to those who check the chain: 'indelible keys export'",
        keyId,
        replacement.resumed() ? ", as was begun before" : "");
    return ExitCode.OK;
  }
}
