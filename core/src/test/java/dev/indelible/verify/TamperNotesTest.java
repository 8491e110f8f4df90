// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowSealer;
import dev.indelible.ledger.TamperAnswer;
import dev.indelible.ledger.TamperNote;
import dev.indelible.ledger.TamperNotes;
import dev.indelible.ledger.TamperNotes.Noted;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TamperNotesTest {
  private final SigningKey key = SigningKey.generate();
  private final KeyRing keys = KeyRing.of(List.of(key.verificationKey()));

  /** Notes that nobody can answer are counted, however many there are. */
  @Test
  void manyNotesAreAllReturned() throws Exception {
    List<AuditEvent> events = new ArrayList<>();
    for (int i = 0; i < 10_100; i++) {
      events.add(new TamperNote(1, "00", "is no longer the row that was written").toEvent());
    }
    List<Noted> notes = notes(new RowSealer(key).seal(Head.EMPTY, events));

    assertThat(notes).hasSize(10_001).noneMatch(Noted::isAnswered);
  }

  /** More than once were read, each with an answer. */
  @Test
  void manyAnsweredNotesAreAnswered() throws Exception {
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

  private static List<AuditEvent> events(int count) {
    return ChainedRows.events(count);
  }

  private List<Noted> notes(List<ChainRow> rows) throws LedgerException {
    LedgerReader ledger = MemoryLedger.of(rows);
    return new TamperNotes(ledger, KeyHistory.read(ledger, keys, false)).all();
  }
}
