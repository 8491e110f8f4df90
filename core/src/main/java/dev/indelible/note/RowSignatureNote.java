// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;

/**
 * What an {@code audit.row_signatures} event says: whether the rows behind it are all signed. It is
 * signed itself, so that nobody without a key can strip signatures and excuse it.
 *
 * @param everyRow whether every row is signed from here on
 */
public record RowSignatureNote(boolean everyRow) {

  /**
   * Reads the note out of a row; empty if the row holds none. Whether it is signed is not asked.
   */
  public static Optional<RowSignatureNote> read(ChainRow row) {
    return row.said(SystemEvent.ROW_SIGNATURES, RowSignatureNote::read);
  }

  private static RowSignatureNote read(JsonFields details) throws JsonFormatException {
    String said = details.string("row_signatures");
    return switch (said) {
      case "on" -> new RowSignatureNote(true);
      case "off" -> new RowSignatureNote(false);
      default ->
          throw new JsonFormatException(details.where() + ".row_signatures: neither on nor off");
    };
  }

  /** The event that chains this note. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.ROW_SIGNATURES,
        new CanonicalWriter()
            .beginObject()
            .member("row_signatures", everyRow ? "on" : "off")
            .endObject());
  }
}
