// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.DeadLetters;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.DeadLetter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "purge",
    description = "Remove dead letters for good; their payloads cannot be brought back.",
    footer = {"", "Each removal is itself an event in the chain, with the reason."})
final class DlqPurgeCommand extends LetterVerb {
  @Parameters(paramLabel = "LETTER", arity = "1..*", description = "their numbers, or event ids")
  List<String> names = new ArrayList<>();

  @Mixin ReasonOption reason = new ReasonOption();

  @Override
  public Integer call() throws Exception {
    String why = reason.words();
    List<DeadLetter> letters = letters(names);
    try (DeadLetters ledger = open()) {
      for (DeadLetter letter : letters) {
        ledger.purge(letter, why);
        if (json()) {
          console()
              .json(
                  new CanonicalWriter()
                      .beginObject()
                      .member("id", letter.id())
                      .member("letter", letter.letter())
                      .member("outcome", "purged")
                      .endObject());
        } else {
          console().line("letter " + letter.letter() + "  purged");
        }
      }
    }
    return ExitCode.OK;
  }
}
