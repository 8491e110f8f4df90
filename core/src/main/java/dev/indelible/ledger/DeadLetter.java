// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.Optional;

/**
 * An event that could not go into the chain, with what is needed to replay it.
 *
 * @param letter its number in the dead letters
 * @param id the event's id
 * @param agentId who acted
 * @param eventType for example {@code governance.refusal}
 * @param timestamp when it happened
 * @param payload what happened, as canonical JSON
 * @param failureReason why it could not: a code, a colon, and the full cause
 * @param failedAt when that was found
 * @param attempts how often it was tried
 * @param replayedAs the id under which it was appended after all
 */
public record DeadLetter(
    long letter,
    String id,
    String agentId,
    String eventType,
    String timestamp,
    String payload,
    String failureReason,
    String failedAt,
    int attempts,
    Optional<String> replayedAs) {}
