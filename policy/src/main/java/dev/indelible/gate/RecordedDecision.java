// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.decision.Decision;
import dev.indelible.decision.Explanation;
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
public record RecordedDecision(
    Decision decision, Optional<UUID> eventId, Explanation explanation) {}
