// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What an {@code audit.tamper} event says.
 *
 * @param sequence the row it names
 * @param recordHash that row's record hash as it was found, in hex
 * @param cause what was wrong with it
 */
public record TamperNote(long sequence, String recordHash, String cause) {
  /** Begins the cause of a note about rows that are gone from the end of the chain. */
  static final String ROWS_GONE = "is the last one: rows up to ";

  /** Begins the cause of a note about a row that took another's place. */
  static final String EXCHANGED = "is no longer the row that was written";

  /** Begins the cause of a note about a chain that is empty again. */
  static final String ALL_GONE = "is the start of nothing: ";

  /** Most of a cause that is kept: it quotes a row that anyone may have written. */
  private static final int MAX_CAUSE_CHARS = 1_000;

  /** The largest integer that JSON's doubles count up to without a hole. */
  private static final long MAX_EXACT = (1L << 53) - 1;

  public TamperNote {
    if (cause.length() > MAX_CAUSE_CHARS) {
      // By way of bytes, which leaves no half of a surrogate pair behind.
      byte[] cut = cause.substring(0, MAX_CAUSE_CHARS).getBytes(StandardCharsets.UTF_8);
      cause = new String(cut, StandardCharsets.UTF_8) + "…";
    }
  }

  /** Reads the note out of a row; empty if the row holds none. */
  public static Optional<TamperNote> read(ChainRow row) {
    return row.said(
        SystemEvent.TAMPER,
        details ->
            new TamperNote(
                sequence(details), details.string("record_hash"), details.string("cause")));
  }

  /** The event that chains this note. */
  public SystemEvent toEvent() {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("cause", cause).member("record_hash", recordHash);
    // A planted row may stand at any sequence; one that JSON has no exact number for is a string.
    if (sequence >= -MAX_EXACT && sequence <= MAX_EXACT) {
      out.member("sequence", sequence);
    } else {
      out.member("sequence", Long.toString(sequence));
    }
    return SystemEvent.of(SystemEvent.TAMPER, out.endObject());
  }

  private static long sequence(JsonFields details) throws JsonFormatException {
    return details.node("sequence").isString()
        ? Long.parseLong(details.string("sequence"))
        : details.optionalLong("sequence").orElse(0);
  }

  /** Whether this note and another are about the same row in the same state. */
  public boolean isAbout(TamperNote other) {
    return sequence == other.sequence && recordHash.equals(other.recordHash);
  }

  /**
   * Whether the note is about the row it names and no other. A note about rows that are gone, or
   * about a row that took another's place, is not: the row it names may verify all the same.
   */
  public boolean isOfRowAlone() {
    return !(cause.startsWith(ROWS_GONE)
        || cause.startsWith(EXCHANGED)
        || cause.startsWith(ALL_GONE));
  }

  /** The note for a person. */
  public String describe() {
    return "row " + sequence + " " + cause;
  }
}
