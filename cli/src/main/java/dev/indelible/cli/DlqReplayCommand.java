// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.DeadLetters;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.DeadLetter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "replay",
    description = "Append dead letters to the chain after all, each under its own id.",
    footer = {
      "",
      "Exit status: 0 if all are in the chain, 1 if one is still refused; it stays a dead letter.",
      "Each replay is itself an event in the chain."
    })
final class DlqReplayCommand extends LetterVerb {
  @Parameters(paramLabel = "LETTER", arity = "0..*", description = "their numbers, or event ids")
  List<String> names = new ArrayList<>();

  @Option(names = "--all", description = "all that wait")
  boolean all;

  @Override
  public Integer call() throws Exception {
    if (all == !names.isEmpty()) {
      throw CommandFailure.usage("dlq replay: name the letters, or say --all");
    }
    List<DeadLetter> letters =
        all ? letters(letter -> letter.replayedAs().isEmpty()) : letters(names);
    boolean refused = false;
    try (DeadLetters ledger = open()) {
      for (DeadLetter letter : letters) {
        Optional<String> refusal = ledger.replay(letter);
        refused |= refusal.isPresent();
        print(letter, refusal);
      }
    }
    return refused ? ExitCode.FAILED : ExitCode.OK;
  }

  private void print(DeadLetter letter, Optional<String> refusal) {
    if (json()) {
      CanonicalWriter out = new CanonicalWriter().beginObject();
      out.member("id", letter.id()).member("letter", letter.letter());
      out.member("outcome", refusal.isPresent() ? "refused" : "replayed").name("reason");
      refusal.ifPresentOrElse(out::string, () -> out.canonical("null"));
      console().json(out.endObject());
    } else {
      console()
          .line(
              "letter "
                  + letter.letter()
                  + refusal
                      .map(reason -> console().red("  still refused  ") + Console.printable(reason))
                      .orElse(console().green("  replayed  ") + "as " + letter.id()));
    }
  }
}
