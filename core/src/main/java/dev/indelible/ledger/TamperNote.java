// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * What an {@code audit.tamper} event says.
 *
 * @param sequence the row it names
 * @param recordHash that row's record hash as it was found, in hex
 * @param cause what was wrong with it
 */
public record TamperNote(long sequence, String recordHash, String cause) {
  /** Up to here JSON's doubles count without a hole; a planted row may be further out. */
  private static final long MAX_EXACT = 1L << 53;

  /** Reads the note out of a row; empty if the row holds none. */
  public static Optional<TamperNote> read(ChainRow row) {
    if (!row.eventType().equals(SystemEvent.TAMPER) || row.payload().isEmpty()) {
      return Optional.empty();
    }
    try {
      JsonFields payload = JsonFields.of(CanonicalJson.read(row.payload().get()), "payload");
      JsonFields details = JsonFields.of(payload.node("details"), "details");
      return Optional.of(
          new TamperNote(
              sequence(details), details.string("record_hash"), details.string("cause")));
    } catch (JsonFormatException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static long sequence(JsonFields details) throws JsonFormatException {
    JsonNode value = details.node("sequence");
    return value.isString()
        ? Long.parseLong(value.stringValue())
        : details.optionalLong("sequence").orElseThrow();
  }

  /** The event that chains this note; a sequence that no double holds is written as a string. */
  public SystemEvent toEvent() {
    CanonicalWriter details =
        new CanonicalWriter()
            .beginObject()
            .member("cause", cause)
            .member("record_hash", recordHash);
    if (-MAX_EXACT < sequence && sequence < MAX_EXACT) {
      details.member("sequence", sequence);
    } else {
      details.member("sequence", Long.toString(sequence));
    }
    byte[] json = details.endObject().toBytes();
    try {
      return SystemEvent.of(
          SystemEvent.TAMPER, JsonValue.parse(new String(json, StandardCharsets.UTF_8)));
    } catch (JsonFormatException e) {
      throw new IllegalStateException("a note is always JSON", e);
    }
  }

  /** Whether this note and another are about the same row in the same state. */
  public boolean isAbout(TamperNote other) {
    return sequence == other.sequence && recordHash.equals(other.recordHash);
  }

  /** The note for a person. */
  public String describe() {
    return "row " + sequence + " " + cause;
  }
}
