// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.base.Text;
import dev.indelible.decision.Decision;
import dev.indelible.gate.Gate;
import dev.indelible.gate.RecordedDecision;
import java.util.Optional;
import java.util.UUID;

/** The text of an answer, for the person or the model that reads it. */
public final class Wording {
  /** Claude Code cuts longer texts; the other agents state no limit. */
  private static final int MAX_CHARS = 10_000;

  private Wording() {}

  /** Returns for example {@code refused by rule R001: no recursive delete (recorded as 0198…)}. */
  static String of(RecordedDecision decided) {
    Decision decision = decided.decision();
    return of(
        decision.verdict(),
        decision.ruleId(),
        decision.reason(),
        decided.eventId().map(UUID::toString));
  }

  /** Returns the text of a decision, given by the members of its JSON. */
  public static String of(
      String verdict, Optional<String> ruleId, Optional<String> reason, Optional<String> eventId) {
    String verb =
        switch (verdict) {
          case "warn" -> "warning by";
          case "escalate" -> "a person must approve this; stopped by";
          default -> "refused by";
        };
    String head = "%s rule %s: ".formatted(verb, ruleId.orElse(Gate.NOT_RECORDED));
    String tail = eventId.map(id -> " (recorded as %s)".formatted(id)).orElse(" (not recorded)");
    if (verdict.equals("escalate") && eventId.isPresent()) {
      tail += "; " + howToApprove(eventId.get());
    }
    int width = MAX_CHARS - head.length() - tail.length();
    return head + Text.printable(reason.orElse(""), width) + tail;
  }

  /** Returns the text that states how a person approves an escalated action. */
  public static String howToApprove(String eventId) {
    return "a person can approve it: indelible approvals approve " + eventId;
  }

  /** Returns the text of a hook that failed. */
  static String failure(String reason) {
    return Text.printable("blocked, because the hook could not decide: " + reason, MAX_CHARS);
  }
}
