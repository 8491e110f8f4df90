// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
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
 * invalidates its answer.
 *
 * <p>A note about rows that are missing or were replaced is answered only by the statement that
 * they are lost. That answer also names the hash of the note, so that it cannot be moved to the
 * note of a later loss, and counts only while the note and the row that it names verify. It is a
 * statement of the operator, not a proof: the verifier reports such a note as unknown. Used by one
 * thread.
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

    /**
     * Returns true if the answer states that rows are lost, so that the note may be about a
     * removal.
     */
    public boolean isLoss() {
      return answer.flatMap(TamperAnswer::read).filter(TamperAnswer::statesLoss).isPresent();
    }

    /** Describes the note and its answer in words. */
    public String describe() {
      return note.map(TamperNote::describe).orElse("its note is unreadable")
          + answer.map(Noted::answered).orElse("");
    }

    private static String answered(ChainRow row) {
      String statement =
          TamperAnswer.read(row)
              .map(
                  answer ->
                      answer.statesLoss()
                          ? " (%s), which states that rows are lost; nothing in the log can prove how they were lost: %s"
                              .formatted(answer.by(), answer.reason())
                          : ", and the row verifies: " + answer.reason())
              .orElse("");
      return "; answered by row " + row.sequence() + statement;
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
    if (answer.isPresent() && whyNot(sequence, note.get()).isPresent()) {
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
   * @param sequence the {@code audit.tamper} row
   * @param note the content of the note
   * @throws LedgerException if the ledger cannot be read now
   */
  public Optional<String> whyNot(long sequence, TamperNote note) throws LedgerException {
    return note.scope() == TamperNote.Scope.ROW
        ? check.fault(note.sequence())
        : whyNotLost(sequence, note);
  }

  /** Returns the reason that a note about missing rows cannot be answered; empty if it can be. */
  private Optional<String> whyNotLost(long sequence, TamperNote note) throws LedgerException {
    Optional<String> fault = check.fault(sequence);
    if (fault.isEmpty()) {
      // A note about an empty chain names row 0; row 1 links to it.
      fault = check.faultUnlessUnsigned(note.sequence() == 0 ? 1 : note.sequence());
    }
    if (fault.isPresent() || hash(note.sequence()).equals(Optional.of(note.recordHash()))) {
      return fault;
    }
    return Optional.of("row " + note.sequence() + ": it is not the row that the note names");
  }

  private Optional<ChainRow> answerTo(long note, TamperNote stated) throws LedgerException {
    List<ChainRow> candidates = answers().getOrDefault(note, List.of());
    Optional<String> named = hash(stated.sequence());
    if (candidates.isEmpty() || named.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> lossNoteHash =
        stated.scope() == TamperNote.Scope.ROW ? Optional.empty() : hash(note);
    return candidates.stream()
        .filter(row -> row.sequence() > note)
        .filter(
            row ->
                TamperAnswer.read(row)
                    .filter(answer -> answer.sequence() == stated.sequence())
                    .filter(answer -> answer.recordHash().equals(named.get()))
                    .filter(answer -> answer.lossNoteHash().equals(lossNoteHash))
                    .isPresent())
        .findFirst();
  }

  /** Returns the record hash at a sequence, in hex; row 0 is the start of the chain. */
  private Optional<String> hash(long sequence) throws LedgerException {
    return sequence == 0
        ? Optional.of(Head.EMPTY.hex())
        : ledger.row(sequence).map(row -> row.head().hex());
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
