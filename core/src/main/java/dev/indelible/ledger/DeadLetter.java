// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.crypto.Sha256;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;

/**
 * An event that could not be appended to the chain, with everything that its replay needs.
 *
 * @param number the number of the dead letter
 * @param id the event's id
 * @param agentId the agent that acted
 * @param eventType the type of the event, for example {@code governance.refusal}
 * @param timestamp the time of the event
 * @param payloadHash SHA-256 of the payload when the dead letter was written
 * @param payload the event as canonical JSON
 * @param failureReason the reason that the event was not appended: a code, a colon, the full cause
 * @param failedAt the time when the event became a dead letter
 * @param attempts the number of attempts to append the event
 * @param replayedAs the id under which a replay appended the event; empty before a replay
 */
public record DeadLetter(
    long number,
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

  /**
   * The failure reason if another event has the id, so that the event cannot be appended under it.
   */
  public static final String ID_REUSED = "id_reused";

  /**
   * The beginning of the failure reason of an event that a gate sent through a queue, and that may
   * not become a row. It is never replayed: the log's key would sign what the gate may not state.
   */
  public static final String REFUSED = "refused: ";

  /** Returns true if the event is refused whenever it is replayed. */
  public boolean isRefused() {
    return failureReason.startsWith(REFUSED);
  }

  /**
   * Requires the payload that was written. One that is not refused also has the content of its
   * event.
   *
   * @throws LedgerException if the dead letter was changed after it was written
   */
  public void requireUnchanged() throws LedgerException {
    if (!isRefused()) {
      event();
    } else if (!Arrays.equals(Sha256.hash(payload.getBytes(StandardCharsets.UTF_8)), payloadHash)) {
      throw changed();
    }
  }

  /**
   * Returns the event, for a replay.
   *
   * @throws LedgerException if the dead letter was changed after it was written
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
      return AuditEvent.stored(
          UUID.fromString(id), agentId, eventType, Instant.parse(timestamp), content);
    } catch (JsonFormatException | IllegalArgumentException | DateTimeParseException e) {
      throw changed();
    }
  }

  /**
   * Returns true if the event type agrees with the payload. A refusal must not be replayed as a
   * check, nor a decision as an event of the log itself.
   */
  private boolean isOfItsType(JsonFields payload) throws JsonFormatException {
    if (!DeferredAuditEvent.isDecision(eventType)) {
      return payload.has("details") && !payload.has("decision");
    }
    String decision =
        JsonFields.of(payload.node("decision"), "payload.decision").string("decision");
    return DeferredAuditEvent.typeOf(decision).equals(Optional.of(eventType));
  }

  /** Returns this dead letter as replayed under the event's own id. */
  public DeadLetter replayed() {
    return new DeadLetter(
        number,
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

  /** Writes the members of this dead letter, with its number as {@code letter}. */
  public void write(CanonicalWriter out) {
    out.member("agent_id", agentId)
        .member("attempts", attempts)
        .member("event_type", eventType)
        .member("failed_at", failedAt)
        .member("failure_reason", failureReason)
        .member("id", id)
        .member("letter", number)
        .member("payload", payload)
        .name("replayed_as")
        .nullable(replayedAs)
        .member("timestamp", timestamp);
  }

  private LedgerException changed() {
    return new LedgerException(
        "dead letter "
            + number
            + ": it was changed after it was written; it can be shown, but not replayed");
  }
}
