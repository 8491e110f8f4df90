// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.decision.Decision;
import java.util.Optional;
import java.util.UUID;

/**
 * A decision and the event that puts it on record.
 *
 * @param decision the decision
 * @param eventId the event's id; empty when it could not be accepted, and then the decision refuses
 */
public record RecordedDecision(Decision decision, Optional<UUID> eventId) {}
