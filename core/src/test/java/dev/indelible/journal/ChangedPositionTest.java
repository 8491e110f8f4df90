// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.AuditEvent;
import dev.indelible.journal.Journal.Positions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An attacker changed a position in the ledger (promise D2). Recovery still begins at the first
 * event that the ledger lacks, and the count of waiting events matches.
 */
@Tag("any-jdk")
class ChangedPositionTest {
  private static final int RECORDED = 20;
  private static final int WAITING = 10;

  @TempDir Path temp;

  private final Set<UUID> ledger = new HashSet<>();
  private final List<UUID> waiting = new ArrayList<>();
  private TestJournal journal;
  private UUID id;
  private long truePosition;

  @BeforeEach
  void leaveEvents() throws Exception {
    journal = new TestJournal(temp.resolve("journal"));
    Journal left = journal.open();
    for (int i = 0; i < RECORDED; i++) {
      assertThat(TestJournal.offer(left, TestJournal.event("agent", i))).isTrue();
    }
    journal.drain(left).forEach(event -> ledger.add(event.id()));
    for (int i = 0; i < WAITING; i++) {
      AuditEvent event = TestJournal.event("agent", RECORDED + i);
      assertThat(TestJournal.offer(left, event)).isTrue();
      waiting.add(event.id());
    }
    left.close();
    id = journal.positions.keySet().iterator().next();
    truePosition = journal.positions.get(id);
  }

  @Test
  void correctPositionIsKept() throws Exception {
    requireWaiting(List.of());
  }

  @ParameterizedTest
  @ValueSource(longs = {8, 200, 1_000, 1_000_000, 1_000_000_000, Long.MAX_VALUE / 2})
  void positionMovedForwardSkipsNoEvent(long by) throws Exception {
    journal.positions.put(id, truePosition + by);

    requireWaiting(List.of(true));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3, 7, 1_001, -1, -5})
  void misalignedPositionSkipsNoEvent(long by) throws Exception {
    journal.positions.put(id, truePosition + by);

    requireWaiting(List.of(true));
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 1})
  void positionMovedBackAppendsNoEventTwice(long position) throws Exception {
    journal.positions.put(id, position);

    requireWaiting(List.of(position == 1));
  }

  @Test
  void missingPositionAppendsNoEventTwice() throws Exception {
    journal.positions.remove(id);

    requireWaiting(List.of(false));
  }

  private void requireWaiting(List<Boolean> skips) throws Exception {
    List<ChangedPosition> changed = new ArrayList<>();
    WaitingEvents counted =
        WaitingEvents.read(
            journal.directory, Optional.of(TestJournal.LEDGER), positions(), changed::add);
    Journal next =
        Journal.open(
            journal.directory,
            Optional.of(TestJournal.LEDGER),
            positions(),
            JournalSettings.ofDefaults(),
            TestJournal.UNSYNCED);
    List<AuditEvent> recovered = journal.drain(next);
    next.close();

    assertThat(recovered).extracting(AuditEvent::id).isEqualTo(waiting);
    assertThat(counted.ended()).isEqualTo(WAITING);
    assertThat(changed).extracting(ChangedPosition::skips).isEqualTo(skips);
  }

  private Positions positions() {
    return new Positions() {
      @Override
      public long settled(UUID of) {
        return journal.positions.getOrDefault(of, 0L);
      }

      @Override
      public boolean contradicts(UUID event, boolean isBefore) {
        return ledger.contains(event) != isBefore;
      }
    };
  }
}
