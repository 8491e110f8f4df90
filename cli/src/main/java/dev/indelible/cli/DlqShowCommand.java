// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.DeadLetter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "show", description = "Print everything of one dead letter.")
final class DlqShowCommand extends LetterVerb {
  private static final int WIDTH = 13;

  @Parameters(paramLabel = "LETTER", description = "its number, or its event's id")
  String wanted = "";

  @Override
  public Integer call() throws Exception {
    letters(List.of(wanted)).forEach(this::print);
    return ExitCode.OK;
  }

  private void print(DeadLetter letter) {
    if (json()) {
      console().json(toJson(letter));
      return;
    }
    field("letter", letter.letter());
    field("id", letter.id());
    field("time", letter.timestamp());
    field("agent", letter.agentId());
    field("type", letter.eventType());
    field("failed at", letter.failedAt());
    field("attempts", letter.attempts());
    field("cause", letter.failureReason());
    field("replayed as", letter.replayedAs().orElse("(not replayed)"));
    field("payload", letter.payload());
  }

  private void field(String name, Object value) {
    console().field(WIDTH, name, value);
  }

  static CanonicalWriter toJson(DeadLetter letter) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("agent_id", letter.agentId())
        .member("attempts", letter.attempts())
        .member("event_type", letter.eventType())
        .member("failed_at", letter.failedAt())
        .member("failure_reason", letter.failureReason())
        .member("id", letter.id())
        .member("letter", letter.letter())
        .member("payload", letter.payload())
        .name("replayed_as");
    letter.replayedAs().ifPresentOrElse(out::string, () -> out.canonical("null"));
    return out.member("timestamp", letter.timestamp()).endObject();
  }
}
