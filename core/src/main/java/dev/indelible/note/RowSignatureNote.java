// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;

/**
 * Content of an {@code audit.row_signatures} event: it states whether all rows after it are signed.
 * The event itself is signed, so nobody without a key can remove signatures and add a note that
 * permits it.
 *
 * @param everyRow true if every row is signed from here on
 */
public record RowSignatureNote(boolean everyRow) {

  /** Reads the note in a row; empty if the row has none. Does not check the signature. */
  public static Optional<RowSignatureNote> read(ChainRow row) {
    return row.details(SystemEvent.ROW_SIGNATURES, RowSignatureNote::read);
  }

  private static RowSignatureNote read(JsonFields details) throws JsonFormatException {
    String stated = details.string("row_signatures");
    return switch (stated) {
      case "on" -> new RowSignatureNote(true);
      case "off" -> new RowSignatureNote(false);
      default ->
          throw new JsonFormatException(details.where() + ".row_signatures: neither on nor off");
    };
  }

  /** Returns the event that records this note in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.ROW_SIGNATURES,
        new CanonicalWriter()
            .beginObject()
            .member("row_signatures", everyRow ? "on" : "off")
            .endObject());
  }
}
