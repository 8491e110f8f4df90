// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Content of a {@code payload.erased} event: the payload of an earlier row was removed on purpose.
 *
 * @param sequence the sequence of the erased row
 * @param eventId the event of the row
 * @param payloadHash the hash of the removed payload, in hex, which the row still has
 * @param deadLetters the number of dead letters with this payload that were removed with it
 * @param reason the reason of the erasure
 * @param by the person who erased it, as that person stated
 */
public record ErasureNote(
    long sequence, String eventId, String payloadHash, int deadLetters, String reason, String by) {

  /**
   * Returns true if payloads of a type can be erased. Payloads of the log's own events cannot,
   * because the verifier needs them: without them, a revoked key would seem valid.
   */
  public static boolean isErasable(String eventType) {
    return DeferredAuditEvent.isDecision(eventType);
  }

  /** Creates the note of an erasure of a row's payload. */
  public static ErasureNote of(ChainRow row, int deadLetters, String reason, String by) {
    return new ErasureNote(row.sequence(), row.id(), hash(row), deadLetters, reason, by);
  }

  /** Reads the note in a row; empty if the row has none. Does not check the signature. */
  public static Optional<ErasureNote> read(ChainRow row) {
    return row.details(
        SystemEvent.PAYLOAD_ERASED,
        details ->
            new ErasureNote(
                details.optionalLong("sequence").orElse(0),
                details.string("event_id"),
                details.string("payload_hash"),
                (int) details.optionalLong("letters").orElse(0),
                details.string("reason"),
                details.string("by")));
  }

  /** Returns true if this note is about a row and the payload that the row had. */
  public boolean isAbout(ChainRow row) {
    return row.sequence() == sequence && row.id().equals(eventId) && hash(row).equals(payloadHash);
  }

  /** Returns this note without reason and person, to save memory. */
  public ErasureNote withoutWords() {
    return new ErasureNote(sequence, eventId, payloadHash, deadLetters, "", "");
  }

  /** Returns the event that records this note in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.PAYLOAD_ERASED,
        new CanonicalWriter()
            .beginObject()
            .member("by", by)
            .member("event_id", eventId)
            .member("letters", deadLetters)
            .member("payload_hash", payloadHash)
            .member("reason", reason)
            .member("sequence", sequence)
            .endObject());
  }

  private static String hash(ChainRow row) {
    return HexFormat.of().formatHex(row.payloadHash());
  }
}
