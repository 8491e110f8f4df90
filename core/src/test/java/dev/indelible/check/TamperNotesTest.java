// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.RowSealer;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.TamperAnswer;
import dev.indelible.note.TamperNote;
import dev.indelible.note.TamperNotes;
import dev.indelible.note.TamperNotes.Noted;
import dev.indelible.storage.VerifiableLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TamperNotesTest {
  private final SigningKey key = SigningKey.generate();
  private final KeyRing keys = KeyRing.of(List.of(key.verificationKey()));

  /**
   * Of more than 10,000 notes, only 10,001 are returned. The one beyond the limit counts as
   * unanswered.
   */
  @Test
  void notesBeyondTheLimitCountAsUnanswered() throws Exception {
    List<AuditEvent> events = new ArrayList<>();
    for (int i = 0; i < 10_100; i++) {
      events.add(new TamperNote(1, "00", "is no longer the row that was written").toEvent());
    }
    List<Noted> notes = notes(new RowSealer(key).seal(Head.EMPTY, events));

    assertThat(notes).hasSize(10_001).noneMatch(Noted::isAnswered);
  }

  @Test
  void everyNoteFindsItsAnswer() throws Exception {
    List<ChainRow> rows = new ArrayList<>(new RowSealer(key).seal(Head.EMPTY, events(1)));
    String hash = rows.get(0).head().hex();
    List<AuditEvent> events = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      events.add(new TamperNote(1, hash, "does not verify").toEvent());
    }
    for (int i = 0; i < 20; i++) {
      events.add(new TamperAnswer(2 + i, 1, hash, "the key was not mounted", "owner").toEvent());
    }
    rows.addAll(new RowSealer(key).seal(rows.get(0).head(), events));

    assertThat(notes(rows)).hasSize(20).allMatch(Noted::isAnswered);
  }

  /** A note that cannot be checked at the moment is unknown, and later rows are still checked. */
  @Test
  void uncheckableNoteHidesNoChangedRow() {
    List<AuditEvent> events = new ArrayList<>(events(1));
    events.add(new TamperNote(1, "00", "does not verify").toEvent());
    events.addAll(events(3));
    List<ChainRow> rows =
        ChainedRows.with(
            new RowSealer(key).seal(Head.EMPTY, events),
            3,
            row -> ChainedRows.agent(row, "agent:mallory"));
    VerificationReport report =
        new Verifier(withoutSingleRows(MemoryLedger.of(rows)), VerificationOptions.of(keys))
            .verify();

    assertThat(report.verdict()).isEqualTo(VerificationReport.Verdict.BROKEN);
    assertThat(report.rows()).isEqualTo(5);
    assertThat(report.findings())
        .anyMatch(f -> f.check().equals("tamper") && f.status() == Finding.Status.UNKNOWN)
        .anyMatch(f -> f.sequence().orElse(0) == 4 && f.status() == Finding.Status.BROKEN);
  }

  private static List<AuditEvent> events(int count) {
    return ChainedRows.events(count);
  }

  private List<Noted> notes(List<ChainRow> rows) throws LedgerException {
    LedgerReader ledger = MemoryLedger.of(rows);
    return new TamperNotes(ledger, KeyHistory.read(ledger, keys, false)).all();
  }

  /** A ledger that cannot look up a single row by its sequence number. */
  private static VerifiableLedger withoutSingleRows(VerifiableLedger ledger) {
    return (VerifiableLedger)
        Proxy.newProxyInstance(
            TamperNotesTest.class.getClassLoader(),
            new Class<?>[] {VerifiableLedger.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("row") && arguments[0] instanceof Long) {
                throw new LedgerException("the database is locked by another process");
              }
              try {
                return method.invoke(ledger, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
