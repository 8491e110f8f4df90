// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Explanation;
import dev.indelible.json.CanonicalWriter;
import java.util.Optional;
import java.util.UUID;

/**
 * A decision and the event that records it.
 *
 * @param decision the decision
 * @param eventId the id of the event; empty if the event was not accepted, and then the decision is
 *     a refusal
 * @param explanation what the decision is based on
 */
public record RecordedDecision(Decision decision, Optional<UUID> eventId, Explanation explanation) {
  /**
   * Returns the command with which a person approves the action; empty if the action was not
   * escalated, or the escalation is not on record.
   */
  public Optional<String> approveCommand() {
    return eventId
        .filter(id -> decision instanceof Escalate)
        .map(id -> "indelible approvals approve " + id);
  }

  /**
   * Writes the members of this decision in canonical order: {@code agent_id}, {@code approve} (the
   * command of {@link #approveCommand}; absent if there is none), {@code decision}, {@code id}
   * (null if it was not recorded), {@code reason} and {@code rule_id} (null for an allowed action),
   * with the explanation's members in between.
   */
  public void write(String agentId, CanonicalWriter out) {
    out.member("agent_id", agentId).member("approve", approveCommand());
    out.member("decision", decision.verdict());
    explanation.writeBeforeId(out);
    out.name("id").nullable(eventId.map(UUID::toString));
    explanation.writeAfterId(out);
    out.name("reason").nullable(decision.reason());
    out.name("rule_id").nullable(decision.ruleId());
  }
}
