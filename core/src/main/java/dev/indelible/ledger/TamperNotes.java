// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.event.SystemEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells which {@code audit.tamper} rows of a ledger are answered. An answer counts if an accepted
 * key signed it in that key's time, it stands behind the note, and the row that the note names
 * verifies in full now: whoever can write to the file cannot plant an answer, and an answered row
 * that is changed later is no longer answered. Used by one thread.
 */
public final class TamperNotes {
  /** Most notes that are read; a ledger with more counts as tampered with. */
  private static final int MAX_NOTES = 1_000;

  private final LedgerReader ledger;
  private final FullRowCheck check;

  /** The sound answers; null until a note asks for them. */
  private @Nullable List<ChainRow> answers;

  /**
   * Creates a judge of the notes in a ledger.
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
   * @param note what it says; empty if that cannot be read
   * @param answer the row that answers it; empty if none does that counts
   */
  public record Noted(long sequence, Optional<TamperNote> note, Optional<ChainRow> answer) {
    /** Whether an answer counts. */
    public boolean isAnswered() {
      return answer.isPresent();
    }

    /** Returns the note and its answer for a person. */
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
   * Returns every note in the ledger, oldest first.
   *
   * @throws LedgerException if they cannot be read now, or there are too many
   */
  public List<Noted> all() throws LedgerException {
    List<ChainRow> rows = rowsOf(SystemEvent.TAMPER, MAX_NOTES + 1);
    if (rows.size() > MAX_NOTES) {
      throw new LedgerException("there are more than " + MAX_NOTES + " audit.tamper rows");
    }
    List<Noted> all = new ArrayList<>();
    for (ChainRow row : rows) {
      all.add(judge(row));
    }
    return all;
  }

  /**
   * Judges one {@code audit.tamper} row.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public Noted judge(ChainRow row) throws LedgerException {
    Optional<TamperNote> note = TamperNote.read(row);
    Optional<ChainRow> answer = note.isPresent() ? answerTo(row, note.get()) : Optional.empty();
    if (answer.isPresent() && whyNot(note.get()).isPresent()) {
      answer = Optional.empty();
    }
    return new Noted(row.sequence(), note, answer);
  }

  /**
   * Whether the ledger has a sound answer behind a row, whatever it answers: all that can be told
   * from a copy without payloads.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public boolean mayBeAnswered(long note) throws LedgerException {
    return answers().stream().anyMatch(answer -> answer.sequence() > note);
  }

  /**
   * Returns why a note cannot be answered; empty if it can.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public Optional<String> whyNot(TamperNote note) throws LedgerException {
    return note.isOfRowAlone()
        ? check.fault(note.sequence())
        : Optional.of(
            "it says that rows are gone or were exchanged, which the row it names cannot disprove");
  }

  private Optional<ChainRow> answerTo(ChainRow note, TamperNote said) throws LedgerException {
    Optional<ChainRow> named = ledger.row(said.sequence());
    if (named.isEmpty()) {
      return Optional.empty();
    }
    String hash = named.get().head().hex();
    return answers().stream()
        .filter(row -> row.sequence() > note.sequence())
        .filter(
            row ->
                TamperAnswer.read(row)
                    .filter(answer -> answer.note() == note.sequence())
                    .filter(answer -> answer.sequence() == said.sequence())
                    .filter(answer -> answer.recordHash().equals(hash))
                    .isPresent())
        .findFirst();
  }

  private List<ChainRow> answers() throws LedgerException {
    List<ChainRow> known = answers;
    if (known == null) {
      known = new ArrayList<>();
      for (ChainRow row : rowsOf(SystemEvent.TAMPER_ANSWERED, Integer.MAX_VALUE)) {
        if (check.isSound(row)) {
          known.add(row);
        }
      }
      answers = known;
    }
    return known;
  }

  private List<ChainRow> rowsOf(String type, int most) throws LedgerException {
    List<ChainRow> rows = new ArrayList<>();
    ledger.forEachRow(
        RowQuery.ofType(type),
        row -> {
          rows.add(row);
          return rows.size() < most;
        });
    return rows;
  }
}
