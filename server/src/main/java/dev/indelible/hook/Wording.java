// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.base.Text;
import dev.indelible.decision.Decision;
import dev.indelible.gate.Gate;
import dev.indelible.gate.RecordedDecision;

/** The text of an answer, for the person or the model that reads it. */
final class Wording {
  /** Claude Code cuts longer texts; the other agents state no limit. */
  private static final int MAX_CHARS = 10_000;

  private Wording() {}

  /** Returns for example {@code refused by rule R001: no recursive delete (recorded as 0198…)}. */
  static String of(RecordedDecision decided) {
    Decision decision = decided.decision();
    String verb =
        switch (decision.verdict()) {
          case "warn" -> "warning by";
          case "escalate" -> "a person must approve this; stopped by";
          default -> "refused by";
        };
    String head = "%s rule %s: ".formatted(verb, decision.ruleId().orElse(Gate.NOT_RECORDED));
    String tail =
        decided.eventId().map(id -> " (recorded as %s)".formatted(id)).orElse(" (not recorded)");
    int width = MAX_CHARS - head.length() - tail.length();
    return head + Text.printable(decision.reason().orElse(""), width) + tail;
  }

  /** Returns the text of a hook that failed. */
  static String failure(String reason) {
    return Text.printable("blocked, because the hook could not decide: " + reason, MAX_CHARS);
  }
}
