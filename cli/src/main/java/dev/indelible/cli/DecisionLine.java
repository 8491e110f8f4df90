// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.decision.Decision;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalWriter;
import java.util.UUID;
import java.util.function.Consumer;

/** Writes a decision as {@code check} and {@code gate} print it. */
final class DecisionLine {
  private DecisionLine() {}

  /** Writes the members of a decision; the id is null if it was not recorded. */
  static Consumer<CanonicalWriter> json(String agentId, RecordedDecision recorded) {
    Decision decision = recorded.decision();
    return out -> {
      out.member("agent_id", agentId).member("decision", decision.verdict());
      recorded.explanation().writeBeforeId(out);
      out.name("id").nullable(recorded.eventId().map(UUID::toString));
      recorded.explanation().writeAfterId(out);
      out.name("reason").nullable(decision.reason());
      out.name("rule_id").nullable(decision.ruleId());
    };
  }
}
