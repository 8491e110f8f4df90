// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.crypto.Sha256;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.event.StoredEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;

/**
 * An event that could not go into the chain, with what is needed to replay it.
 *
 * @param letter its number in the dead letters
 * @param id the event's id
 * @param agentId who acted
 * @param eventType for example {@code governance.refusal}
 * @param timestamp when it happened
 * @param payloadHash SHA-256 of the payload, as it was when the letter was written
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
    byte[] payloadHash,
    String payload,
    String failureReason,
    String failedAt,
    int attempts,
    Optional<String> replayedAs) {

  /** Why a letter whose id is taken by another event can never go into the chain as itself. */
  public static final String ID_REUSED = "id_reused";

  /**
   * The event itself, to be appended after all.
   *
   * @throws LedgerException if the letter is no longer what was written
   */
  public AuditEvent event() throws LedgerException {
    byte[] stored = payload.getBytes(StandardCharsets.UTF_8);
    if (!Arrays.equals(Sha256.hash(stored), payloadHash)) {
      throw changed();
    }
    try {
      JsonFields fields = JsonFields.of(CanonicalJson.read(stored), "payload");
      boolean same =
          fields.string("id").equals(id)
              && fields.string("agent_id").equals(agentId)
              && fields.string("timestamp").equals(timestamp)
              && isOfItsType(fields);
      if (!same) {
        throw changed();
      }
      EventContent content = EventContent.of(stored);
      return new StoredEvent(
          UUID.fromString(id), agentId, eventType, Instant.parse(timestamp), content);
    } catch (JsonFormatException | IllegalArgumentException | DateTimeParseException e) {
      throw changed();
    }
  }

  /** A refusal is not to come back as a check, nor one of them as what the log says of itself. */
  private boolean isOfItsType(JsonFields payload) throws JsonFormatException {
    if (!DeferredAuditEvent.isDecision(eventType)) {
      return payload.has("details") && !payload.has("decision");
    }
    String decision =
        JsonFields.of(payload.node("decision"), "payload.decision").string("decision");
    return DeferredAuditEvent.typeOf(decision).equals(Optional.of(eventType));
  }

  /** Returns this dead letter as replayed under the event's own id. */
  DeadLetter replayed() {
    return new DeadLetter(
        letter,
        id,
        agentId,
        eventType,
        timestamp,
        payloadHash,
        payload,
        failureReason,
        failedAt,
        attempts,
        Optional.of(id));
  }

  private LedgerException changed() {
    return new LedgerException(
        "dead letter "
            + letter
            + ": it is no longer what was written; it can be shown, not replayed");
  }
}
