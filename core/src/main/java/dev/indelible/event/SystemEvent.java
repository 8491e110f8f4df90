// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import dev.indelible.json.Text;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * What the log has to say of itself, for example that a row was tampered with.
 *
 * @param id a UUID of version 7
 * @param eventType for example {@link #TAMPER}; 1 to 128 bytes, no control characters
 * @param details what happened, as a JSON object
 * @param timestamp when, to the microsecond
 */
public record SystemEvent(UUID id, String eventType, JsonValue details, Instant timestamp)
    implements AuditEvent {

  /** A row was found that this log did not write, or no longer as it wrote it. */
  public static final String TAMPER = "audit.tamper";

  /** Events that had been accepted were lost; says how many, from when to when, and why (D7). */
  public static final String GAP = "audit.gap";

  /** Whether the rows behind this one are all signed. */
  public static final String ROW_SIGNATURES = "audit.row_signatures";

  /** How many decisions were asked for and where they ended; see {@code ledger.Tally}. */
  public static final String TALLY = "audit.tally";

  /** A dead letter was appended after all. */
  public static final String LETTER_REPLAYED = "dlq.replayed";

  /** A dead letter was removed. */
  public static final String LETTER_PURGED = "dlq.purged";

  /** The payload of a row was removed; says which row's, why, and who did it. */
  public static final String PAYLOAD_ERASED = "payload.erased";

  /** A key signs from here on that was introduced by the one before it. */
  public static final String KEY_ROTATED = "key.rotated";

  /** A key was given up, because others may hold it. */
  public static final String KEY_COMPROMISED = "key.compromised";

  /** The signing key was lost, and a new one that no other introduced signs from here on. */
  public static final String KEY_REPLACED = "key.replaced";

  /** The row that a note of tampering names verifies in full; says why the note was wrong. */
  public static final String TAMPER_ANSWERED = "audit.answer";

  private static final Set<String> RESERVED =
      Set.of(
          TAMPER,
          ROW_SIGNATURES,
          TALLY,
          LETTER_REPLAYED,
          LETTER_PURGED,
          PAYLOAD_ERASED,
          KEY_ROTATED,
          KEY_COMPROMISED,
          KEY_REPLACED,
          TAMPER_ANSWERED);

  /** Types of the events about the log's keys. */
  public static final List<String> KEY_EVENTS = List.of(KEY_ROTATED, KEY_COMPROMISED, KEY_REPLACED);

  /** Who speaks in these events. */
  public static final String AGENT = "indelible";

  public SystemEvent {
    Objects.requireNonNull(id, "id is null");
    requireType(Objects.requireNonNull(eventType, "eventType is null"));
    Objects.requireNonNull(details, "details is null");
    Timestamps.requireRecordable(Objects.requireNonNull(timestamp, "timestamp is null"));
  }

  /**
   * Whether only the log itself says this, where it writes its chain: readers of a chain act upon
   * it for its signature. It is not taken from a queue.
   */
  public static boolean isReserved(String eventType) {
    return RESERVED.contains(eventType);
  }

  /**
   * An event happening now.
   *
   * @param details what was written of it, as a JSON object
   * @throws IllegalStateException as {@link JsonValue#of(CanonicalWriter)}
   */
  public static SystemEvent of(String eventType, CanonicalWriter details) {
    return at(Timestamps.now(), eventType, details);
  }

  /** As {@link #of}, happening at that time, to the microsecond. */
  public static SystemEvent at(Instant time, String eventType, CanonicalWriter details) {
    return new SystemEvent(Uuid7.at(time), eventType, JsonValue.of(details), time);
  }

  private static void requireType(String type) {
    int bytes = Text.utf8Length(Text.requireWellFormed(type, "event_type"));
    if (bytes == 0 || bytes > MAX_EVENT_TYPE_BYTES) {
      throw new IllegalArgumentException(
          "event_type is " + bytes + " bytes; 1 to " + MAX_EVENT_TYPE_BYTES);
    }
    if (type.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("event_type has a control character");
    }
  }

  @Override
  public String agentId() {
    return AGENT;
  }

  @Override
  public int writeContent(CanonicalWriter out) {
    int start = out.length();
    out.beginObject().member("agent_id", AGENT);
    out.name("details").canonical(details.text()).member("id", id);
    int nonceAt = out.length() + 1 - start;
    out.member("timestamp", Timestamps.format(timestamp)).endObject();
    return nonceAt;
  }
}
