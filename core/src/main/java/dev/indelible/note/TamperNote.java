// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * Content of an {@code audit.tamper} event.
 *
 * @param sequence the row that the note names
 * @param recordHash that row's record hash as it was found, in hex
 * @param cause the fault
 * @param scope the rows that the fault is about
 */
public record TamperNote(long sequence, String recordHash, String cause, Scope scope) {
  /** Rows that the fault of a note is about. */
  public enum Scope {
    /** The named row only; the note can be answered if that row verifies. */
    ROW,
    /**
     * Rows that are missing or were replaced; the named row cannot disprove that. The note can only
     * be answered with the statement that the rows are lost.
     */
    CHAIN;

    /**
     * Returns the scope of a note by its cause, for notes of versions that did not write the scope.
     */
    private static Scope ofCause(String cause) {
      return cause.startsWith(ROWS_GONE)
              || cause.startsWith(EXCHANGED)
              || cause.startsWith(ALL_GONE)
          ? CHAIN
          : ROW;
    }
  }

  /** Prefix of the cause of a note about rows that are missing from the end of the chain. */
  public static final String ROWS_GONE = "is the last one: rows up to ";

  /** Prefix of the cause of a note about a row that was replaced by another one. */
  public static final String EXCHANGED = "is no longer the row that was written";

  /** Prefix of the cause of a note about a chain that is empty again. */
  public static final String ALL_GONE = "is the start of nothing: ";

  /** Maximum characters of a cause, because it quotes a row that anyone may have written. */
  private static final int MAX_CAUSE_CHARS = 1_000;

  /** The largest integer up to which a JSON number, a double, is exact. */
  private static final long MAX_EXACT = (1L << 53) - 1;

  public TamperNote {
    if (cause.length() > MAX_CAUSE_CHARS) {
      // The encoder replaces half of a surrogate pair that was cut.
      byte[] cut = cause.substring(0, MAX_CAUSE_CHARS).getBytes(StandardCharsets.UTF_8);
      cause = new String(cut, StandardCharsets.UTF_8) + "…";
    }
  }

  /** Creates a note whose scope follows from its cause. */
  public TamperNote(long sequence, String recordHash, String cause) {
    this(sequence, recordHash, cause, Scope.ofCause(cause));
  }

  /** Reads the note in a row; empty if the row has none. */
  public static Optional<TamperNote> read(ChainRow row) {
    return row.details(
        SystemEvent.TAMPER,
        details -> {
          String cause = details.string("cause");
          return new TamperNote(
              sequence(details),
              details.string("record_hash"),
              cause,
              details
                  .optionalString("scope")
                  .map(scope -> scope.equals("row") ? Scope.ROW : Scope.CHAIN)
                  .orElse(Scope.ofCause(cause)));
        });
  }

  /** Returns the event that records this note in the chain. */
  public SystemEvent toEvent() {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("cause", cause).member("record_hash", recordHash);
    out.member("scope", scope.name().toLowerCase(Locale.ROOT));
    // A planted row may have any sequence; a sequence that is not exact as a JSON number is a
    // string.
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

  /** Returns true if this note and another are about the same row in the same state. */
  public boolean isAbout(TamperNote other) {
    return sequence == other.sequence && recordHash.equals(other.recordHash);
  }

  /** Describes the note in words. */
  public String describe() {
    return "row " + sequence + " " + cause;
  }
}
