// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.decision.Decision;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalWriter;
import java.util.Optional;
import java.util.UUID;

/** A decision as {@code check} and {@code gate} print it. */
final class DecisionLine {
  private DecisionLine() {}

  /** A decision that could not be recorded has no id. */
  static byte[] json(String agentId, RecordedDecision recorded) {
    Decision decision = recorded.decision();
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("agent_id", agentId).member("decision", decision.verdict());
    nullable(out.name("id"), recorded.eventId().map(UUID::toString));
    nullable(out.name("reason"), decision.reason());
    nullable(out.name("rule_id"), decision.ruleId());
    return out.endObject().toBytes();
  }

  private static void nullable(CanonicalWriter out, Optional<String> value) {
    value.ifPresentOrElse(out::string, () -> out.canonical("null"));
  }
}
