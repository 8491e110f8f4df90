// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.HealthEntry;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.RowCheck;
import dev.indelible.note.TamperAnswer;
import dev.indelible.storage.MemoryLedger;
import java.util.List;
import org.junit.jupiter.api.Test;

class LedgerWatchTest {
  private static final SigningKey KEY = SigningKey.generate();
  private static final KeyRing KEYS = KeyRing.of(List.of(KEY.verificationKey()));

  private final AuditCounters counters = new AuditCounters();
  private final LedgerWatch watch = new LedgerWatch(new HeadGuard(new RowCheck(KEYS)), counters);

  /** After a fail-over, other rows answer nothing, although there are as many. */
  @Test
  void answersOfAnotherChainAreCheckedAgain() throws Exception {
    watch.committed(ledger(2).open(), List.of(), true);
    assertThat(counters.healthEntries().all()).isEmpty();

    watch.committed(ledger(98).open(), List.of(), true);

    assertThat(counters.healthEntries().all())
        .extracting(HealthEntry::source)
        .containsExactly(HealthEntry.CHAIN);
  }

  /** Returns a ledger whose row 2 reports row 1 falsely, and whose row 4 answers another row. */
  private static MemoryLedger ledger(long answered) throws Exception {
    MemoryLedger ledger = new MemoryLedger();
    answer(ledger, 99, "00", KEYS);
    answer(ledger, 99, "00", KeyRing.of(List.of()));
    try (var reader = ledger.reader()) {
      answer(ledger, answered, reader.row(1).orElseThrow().head().hex(), KEYS);
    }
    try (var reader = ledger.reader()) {
      assertThat(reader.size(SystemEvent.TAMPER)).isOne();
      assertThat(reader.size()).isEqualTo(4);
    }
    return ledger;
  }

  private static void answer(MemoryLedger ledger, long note, String hash, KeyRing accepted)
      throws Exception {
    try (KeyEvents events = KeyEvents.of(ledger.open(), CheckpointFile.none(), accepted)) {
      events.answer(KEY, new TamperAnswer(note, 1, hash, "the key was missing", "owner"));
    }
  }
}
