// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.util.Optional;

/**
 * What an {@code audit.row_signatures} event says: whether the rows behind it are all signed. It is
 * signed itself, so that nobody without a key can strip signatures and excuse it.
 *
 * @param everyRow whether every row is signed from here on
 */
public record RowSignatureNote(boolean everyRow) {
  private static final String ON = "{\"row_signatures\":\"on\"}";
  private static final String OFF = "{\"row_signatures\":\"off\"}";

  /**
   * Reads the note out of a row; empty if the row holds none. Whether it is signed is not asked.
   */
  public static Optional<RowSignatureNote> read(ChainRow row) {
    if (!row.eventType().equals(SystemEvent.ROW_SIGNATURES) || row.payload().isEmpty()) {
      return Optional.empty();
    }
    try {
      JsonFields payload = JsonFields.of(CanonicalJson.read(row.payload().get()), "payload");
      String said = JsonFields.of(payload.node("details"), "details").string("row_signatures");
      return switch (said) {
        case "on" -> Optional.of(new RowSignatureNote(true));
        case "off" -> Optional.of(new RowSignatureNote(false));
        default -> Optional.empty();
      };
    } catch (JsonFormatException e) {
      return Optional.empty();
    }
  }

  /** The event that chains this note. */
  public SystemEvent toEvent() {
    try {
      return SystemEvent.of(SystemEvent.ROW_SIGNATURES, JsonValue.parse(everyRow ? ON : OFF));
    } catch (JsonFormatException e) {
      throw new IllegalStateException("a note is always JSON", e);
    }
  }
}
