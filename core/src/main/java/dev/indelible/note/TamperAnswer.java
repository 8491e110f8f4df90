// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Content of an {@code audit.answer} event. It states either that the row that an {@code
 * audit.tamper} event names verifies in full, so that the event was wrong, or that the rows that
 * the event reports as missing are lost, which nothing in the log can prove. An answer is valid
 * only while the named row verifies; see {@link TamperNotes}.
 *
 * @param note the sequence of the {@code audit.tamper} row that is answered
 * @param sequence the row that the note names
 * @param recordHash that row's record hash when it was answered, in hex
 * @param reason the reason that the note was wrong, or that rows were lost, as the operator stated
 * @param by the person who answers, as that person stated
 * @param lossNoteHash the record hash of the {@code audit.tamper} row, in hex, if the answer states
 *     that rows are lost; empty if it states that the named row verifies
 */
public record TamperAnswer(
    long note,
    long sequence,
    String recordHash,
    String reason,
    String by,
    Optional<String> lossNoteHash) {

  /** Creates an answer that states that the named row verifies. */
  public TamperAnswer(long note, long sequence, String recordHash, String reason, String by) {
    this(note, sequence, recordHash, reason, by, Optional.empty());
  }

  /** Returns true if the answer states that rows are lost. */
  public boolean statesLoss() {
    return lossNoteHash.isPresent();
  }

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
                details.string("by"),
                lossNoteHash(details)));
  }

  private static Optional<String> lossNoteHash(JsonFields details) throws JsonFormatException {
    if (!details.has("rows_lost")) {
      return Optional.empty();
    }
    JsonNode rowsLost = details.node("rows_lost");
    if (!rowsLost.isBoolean() || !rowsLost.booleanValue()) {
      throw new JsonFormatException(details.where() + ".rows_lost: not true");
    }
    return Optional.of(details.string("note_hash"));
  }

  /** Returns the event that records this answer in the chain. */
  public SystemEvent toEvent() {
    CanonicalWriter out = new CanonicalWriter().beginObject().member("by", by).member("note", note);
    lossNoteHash.ifPresent(hash -> out.member("note_hash", hash));
    out.member("reason", reason).member("record_hash", recordHash);
    lossNoteHash.ifPresent(hash -> out.member("rows_lost", true));
    return SystemEvent.of(
        SystemEvent.TAMPER_ANSWERED, out.member("sequence", sequence).endObject());
  }
}
