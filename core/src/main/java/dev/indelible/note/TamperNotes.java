// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides which {@code audit.tamper} rows of a ledger are answered. An answer counts if a valid key
 * signed it, it comes after the note, and the row that the note names verifies in full now. So
 * someone who can write to the ledger cannot plant an answer, and changing the named row later
 * invalidates its answer. Used by one thread.
 */
public final class TamperNotes {
  /**
   * Maximum number of notes that {@link #all} checks, so that planted notes cannot fill the memory,
   * however many there are.
   */
  static final int MAX_NOTES = 10_000;

  /**
   * Replaces the note's sequence if an answer cannot be read, for example in a copy without
   * payloads.
   */
  private static final long NO_NOTE = 0;

  private final LedgerReader ledger;
  private final FullRowCheck check;

  /** The valid answers, keyed by the note that each names; null until they are read. */
  private @Nullable Map<Long, List<ChainRow>> answers;

  /**
   * Creates a check of the notes in a ledger.
   *
   * @param history the ledger's keys
   */
  public TamperNotes(LedgerReader ledger, KeyHistory history) {
    this.ledger = ledger;
    this.check = new FullRowCheck(ledger, history);
  }

  /**
   * A note and the answer to it.
   *
   * @param sequence the {@code audit.tamper} row
   * @param note the content of the note; empty if it cannot be read
   * @param answer the row that answers the note; empty if there is no valid answer
   */
  public record Noted(long sequence, Optional<TamperNote> note, Optional<ChainRow> answer) {
    /** Returns true if the note has a valid answer. */
    public boolean isAnswered() {
      return answer.isPresent();
    }

    /** Describes the note and its answer in words. */
    public String describe() {
      return note.map(TamperNote::describe).orElse("its note is unreadable")
          + answer.map(Noted::answered).orElse("");
    }

    private static String answered(ChainRow row) {
      String reason = TamperAnswer.read(row).map(TamperAnswer::reason).orElse("");
      return "; answered by row " + row.sequence() + ", and the row verifies: " + reason;
    }
  }

  /**
   * Returns the notes in the ledger, oldest first. If there are more than {@link #MAX_NOTES}, the
   * first further note is returned as unanswered, and later ones are left out.
   *
   * @throws LedgerException if they cannot be read now
   */
  public List<Noted> all() throws LedgerException {
    List<Noted> unjudged = new ArrayList<>();
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.TAMPER),
        row -> {
          unjudged.add(new Noted(row.sequence(), TamperNote.read(row), Optional.empty()));
          return unjudged.size() <= MAX_NOTES;
        });
    List<Noted> all = new ArrayList<>();
    for (Noted noted : unjudged) {
      all.add(all.size() < MAX_NOTES ? judge(noted.sequence(), noted.note()) : noted);
    }
    return all;
  }

  /**
   * Checks whether one {@code audit.tamper} row is answered.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public Noted judge(ChainRow row) throws LedgerException {
    return judge(row.sequence(), TamperNote.read(row));
  }

  private Noted judge(long sequence, Optional<TamperNote> note) throws LedgerException {
    Optional<ChainRow> answer =
        note.isPresent() ? answerTo(sequence, note.get()) : Optional.empty();
    if (answer.isPresent() && whyNot(note.get()).isPresent()) {
      answer = Optional.empty();
    }
    return new Noted(sequence, note, answer);
  }

  /**
   * Returns true if the ledger has a valid answer, to any note, after a row. A copy without
   * payloads proves no more than this.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public boolean mayBeAnswered(long note) throws LedgerException {
    return answers().values().stream()
        .flatMap(List::stream)
        .anyMatch(answer -> answer.sequence() > note);
  }

  /**
   * Returns the reason that a note cannot be answered; empty if it can be.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public Optional<String> whyNot(TamperNote note) throws LedgerException {
    return note.scope() == TamperNote.Scope.ROW
        ? check.fault(note.sequence())
        : Optional.of(
            "it states that rows are missing or were replaced, which the row that it names cannot disprove");
  }

  private Optional<ChainRow> answerTo(long note, TamperNote stated) throws LedgerException {
    Optional<ChainRow> named = ledger.row(stated.sequence());
    if (named.isEmpty()) {
      return Optional.empty();
    }
    String hash = named.get().head().hex();
    return answers().getOrDefault(note, List.of()).stream()
        .filter(row -> row.sequence() > note)
        .filter(
            row ->
                TamperAnswer.read(row)
                    .filter(answer -> answer.sequence() == stated.sequence())
                    .filter(answer -> answer.recordHash().equals(hash))
                    .isPresent())
        .findFirst();
  }

  private Map<Long, List<ChainRow>> answers() throws LedgerException {
    Map<Long, List<ChainRow>> known = answers;
    if (known == null) {
      Map<Long, List<ChainRow>> sound = new HashMap<>();
      ledger.forEachRow(
          RowQuery.ofType(SystemEvent.TAMPER_ANSWERED),
          row -> {
            if (check.isSound(row)) {
              long note = TamperAnswer.read(row).map(TamperAnswer::note).orElse(NO_NOTE);
              sound.computeIfAbsent(note, sequence -> new ArrayList<>()).add(row);
            }
            return true;
          });
      answers = sound;
      known = sound;
    }
    return known;
  }
}
