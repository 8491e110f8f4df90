// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;

/**
 * Content of an {@code audit.answer} event: the row that an {@code audit.tamper} event names
 * verifies in full. An answer is valid only while that row verifies; see {@link TamperNotes}.
 *
 * @param note the sequence of the {@code audit.tamper} row that is answered
 * @param sequence the row that the note names
 * @param recordHash that row's record hash when it was answered, in hex
 * @param reason the reason that the note was wrong, as the operator stated
 * @param by the person who answers, as that person stated
 */
public record TamperAnswer(long note, long sequence, String recordHash, String reason, String by) {

  /** Reads the answer in a row; empty if the row has none. Does not check the signature. */
  public static Optional<TamperAnswer> read(ChainRow row) {
    return row.details(
        SystemEvent.TAMPER_ANSWERED,
        details ->
            new TamperAnswer(
                details.optionalLong("note").orElse(0),
                details.optionalLong("sequence").orElse(0),
                details.string("record_hash"),
                details.string("reason"),
                details.string("by")));
  }

  /** Returns the event that records this answer in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.TAMPER_ANSWERED,
        new CanonicalWriter()
            .beginObject()
            .member("by", by)
            .member("note", note)
            .member("reason", reason)
            .member("record_hash", recordHash)
            .member("sequence", sequence)
            .endObject());
  }
}
