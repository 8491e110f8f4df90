// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.events;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.event.DeferredAuditEvent;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Waiting events are counted without disturbing the journal. */
class WaitingEventsTest {
  @TempDir Path temp;
  private TestJournal test;

  @BeforeEach
  void createDirectory() {
    test = new TestJournal(temp.resolve("journal"));
  }

  @Test
  void missingOrEmptyJournalHasNoEvents() throws Exception {
    assertThat(read(test)).isEqualTo(WaitingEvents.NONE);

    test.open().close();

    assertThat(read(test)).isEqualTo(WaitingEvents.NONE);
  }

  @Test
  void eventsOfEndedProcessesAreCounted() throws Exception {
    List<DeferredAuditEvent> first = events("agent:a", 5);
    Journal one = test.open();
    Journal two = test.open();
    first.forEach(one::offer);
    events("agent:b", 3).forEach(two::offer);
    one.close();
    two.close();
    Map<String, String> before = TestJournal.describeFiles(test.directory);

    WaitingEvents waiting = read(test);

    assertThat(waiting.ended()).isEqualTo(8);
    assertThat(waiting.oldestEnded()).contains(first.get(0).timestamp());
    assertThat(waiting.alive()).isZero();
    assertThat(TestJournal.describeFiles(test.directory)).isEqualTo(before);
    assertThat(test.recover()).hasSize(8);
    assertThat(read(test)).isEqualTo(WaitingEvents.NONE);
  }

  /** The owner keeps its slot, the next journal takes another one, and each event is read once. */
  @Test
  void liveJournalIsNotDisturbed() throws Exception {
    Journal live = test.open();
    events("agent:a", 5).forEach(live::offer);

    for (int i = 0; i < 3; i++) {
      assertThat(read(test))
          .returns(5L, WaitingEvents::alive)
          .returns(0L, WaitingEvents::ended)
          .returns(Optional.empty(), WaitingEvents::oldestEnded);
    }
    Journal other = test.open();

    assertThat(other.recovered()).isZero();
    assertThat(test.drain(live)).hasSize(5);
    assertThat(read(test)).isEqualTo(WaitingEvents.NONE);
    other.close();
    live.close();
  }

  @Test
  void recordedEventsDoNotCountAsWaiting() throws Exception {
    Journal live = test.open();
    events("agent:a", 5).forEach(live::offer);
    test.drain(live);
    events("agent:b", 2).forEach(live::offer);

    assertThat(read(test).alive()).isEqualTo(2);
    live.close();
    assertThat(read(test).ended()).isEqualTo(2);
  }

  @Test
  void killedProcessCountsAsEnded() throws Exception {
    Journal live = test.open();
    events("agent:a", 5).forEach(live::offer);
    TestJournal killed = test.killedNow(temp.resolve("copy"));
    live.close();

    assertThat(read(killed).ended()).isEqualTo(5);
    assertThat(killed.recover()).hasSize(5);
  }

  @Test
  void everySegmentIsCounted() throws Exception {
    Journal live = test.open();
    for (int i = 0; i < 12; i++) {
      assertThat(TestJournal.offer(live, TestJournal.event("agent:a", i, 500_000))).isTrue();
    }

    assertThat(test.segments(0)).hasSizeGreaterThan(1);
    assertThat(read(test).alive()).isEqualTo(12);
    live.close();
    assertThat(read(test).ended()).isEqualTo(12);
  }

  /** Repeated health checks need the memory of one segment, not of the backlog. */
  @Test
  void readingAgainAllocatesNoDirectMemory() throws Exception {
    Journal live = test.open();
    for (int i = 0; i < 12; i++) {
      assertThat(TestJournal.offer(live, TestJournal.event("agent:a", i, 500_000))).isTrue();
    }
    live.close();
    read(test);
    long before = directBytes();

    for (int i = 0; i < 10; i++) {
      assertThat(read(test).ended()).isEqualTo(12);
    }

    assertThat(directBytes()).isLessThanOrEqualTo(before);
  }

  /** The buffer is reused, but its earlier content is not read. */
  @Test
  void truncatedSegmentEndsWhereItWasCut() throws Exception {
    Journal live = test.open();
    events("agent:a", 50).forEach(live::offer);
    live.close();
    assertThat(read(test).ended()).isEqualTo(50);
    try (FileChannel segment =
        FileChannel.open(test.segments(0).get(0), StandardOpenOption.WRITE)) {
      segment.truncate(4_096);
    }

    assertThat(read(test).ended()).isBetween(1L, 49L);
  }

  private static long directBytes() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getTotalCapacity)
        .sum();
  }

  /**
   * A process that starts during the check waits until the check ends, and then adopts the slot.
   */
  @Test
  void startWaitsWhileSlotIsChecked() throws Exception {
    Journal ended = test.open();
    events("agent:a", 5).forEach(ended::offer);
    ended.close();
    AtomicReference<CompletableFuture<Journal>> start = new AtomicReference<>();
    Disk reading =
        new Disk() {
          @Override
          FileLock tryLockShared(FileChannel channel) throws IOException {
            FileLock lock = super.tryLockShared(channel);
            if (start.get() == null) {
              start.set(CompletableFuture.supplyAsync(WaitingEventsTest.this::open));
            } else {
              // The lock of the slot is held here, so the start cannot have finished.
              assertThat(start.get()).isNotDone();
            }
            return lock;
          }
        };

    assertThat(Slot.isTaken(test.slotDirectory(0), reading)).isFalse();

    Journal started = start.get().get();
    assertThat(started.recovered()).isEqualTo(5);
    assertThat(test.slotDirectory(1)).doesNotExist();
    started.close();
  }

  /** The observer may have mounted the directory read-only. */
  @Test
  void lockFilesAreOpenedReadOnly() throws Exception {
    Journal live = test.open();
    events("agent:a", 5).forEach(live::offer);
    Disk reading =
        new Disk() {
          @Override
          FileLock tryLockShared(FileChannel channel) throws IOException {
            assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1)))
                .isInstanceOf(NonWritableChannelException.class);
            return super.tryLockShared(channel);
          }
        };

    assertThat(Slot.isTaken(test.slotDirectory(0), reading)).isTrue();
    live.close();
    assertThat(Slot.isTaken(test.slotDirectory(0), reading)).isFalse();
  }

  private Journal open() {
    try {
      return test.open();
    } catch (JournalException e) {
      throw new IllegalStateException(e);
    }
  }

  /** An unknown count is not reported as zero (promise D11). */
  @Test
  void unreadableJournalIsAnError() throws Exception {
    Journal live = test.open();
    events("agent:a", 5).forEach(live::offer);
    live.close();
    Files.write(test.segments(0).get(0), new byte[4_096]);

    assertThatThrownBy(() -> read(test))
        .isInstanceOf(JournalException.class)
        .hasMessageContaining("not a journal segment");
  }

  @Test
  void unreadableLedgerIsAnError() throws Exception {
    Journal live = test.open();
    events("agent:a", 5).forEach(live::offer);
    live.close();

    assertThatThrownBy(
            () ->
                WaitingEvents.read(
                    test.directory,
                    Optional.of(TestJournal.LEDGER),
                    journal -> {
                      throw new JournalException("the disk is gone");
                    }))
        .hasMessage("the disk is gone");
  }

  private static WaitingEvents read(TestJournal of) throws JournalException {
    return WaitingEvents.read(
        of.directory,
        Optional.of(TestJournal.LEDGER),
        journal -> of.positions.getOrDefault(journal, 0L));
  }
}
