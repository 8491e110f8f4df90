// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.event;
import static dev.indelible.journal.TestJournal.events;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cost of a start does not depend on the number of earlier processes. */
class SteadyStartTest {
  @TempDir Path temp;
  private TestJournal test;
  private CountingDisk disk;

  @BeforeEach
  void createDirectory() {
    test = new TestJournal(temp.resolve("journal"));
    disk = new CountingDisk();
    test.disk = disk;
  }

  @Test
  void startCostIsEqualAfter20CleanProcesses() throws Exception {
    startAfterCleanProcesses(20);
  }

  @Test
  @Tag("full")
  void startCostIsEqualAfter1000CleanProcesses() throws Exception {
    startAfterCleanProcesses(1_000);
  }

  /** Opens all journals at once, so that each has its own slot. */
  private void startAfterCleanProcesses(int processes) throws Exception {
    Cost first = costOfStart();
    List<Journal> alive = openAll(processes);
    for (Journal journal : alive) {
      test.drain(journal);
      journal.close();
    }
    requireSteady(first);
  }

  @Test
  void startCostIsEqualAfter20KilledProcesses() throws Exception {
    startAfterKilledProcesses(20);
  }

  @Test
  @Tag("full")
  void startCostIsEqualAfter1000KilledProcesses() throws Exception {
    startAfterKilledProcesses(1_000);
  }

  private void startAfterKilledProcesses(int processes) throws Exception {
    Cost first = costOfStart();
    List<Journal> alive = openAll(processes);
    TestJournal killed = test.killedNow(temp.resolve("killed"));
    alive.forEach(Journal::close);
    test = killed;

    assertThat(test.recover()).hasSize(processes);
    requireSteady(first);
  }

  /** The processes drained their slots and were killed before they removed a file. */
  @Test
  void drainedSlotsOfKilledProcessesCostNothing() throws Exception {
    Cost first = costOfStart();
    List<Journal> alive = openAll(8);
    TestJournal copy = test.killedNow(temp.resolve("killed"));
    alive.forEach(journal -> test.drain(journal));
    copy.positions.putAll(test.positions);
    alive.forEach(Journal::close);
    test = copy;

    requireSteady(first);
  }

  /**
   * A process was killed after it removed the last segment and before it moved its slot to the free
   * slots.
   */
  @Test
  void emptySlotsOfKilledProcessesCostNothing() throws Exception {
    Cost first = costOfStart();
    openAll(5).forEach(Journal::close);
    test.recover();
    List<Path> free = list(test.directory.resolve("free"));
    for (int i = 0; i < free.size(); i++) {
      Files.move(free.get(i), test.slotDirectory(i + 1));
    }
    assertThat(free).hasSize(4);

    requireSteady(first);
    assertThat(list(test.directory.resolve("free"))).hasSize(4);
  }

  @Test
  void journalIdsAreReused() throws Exception {
    for (int burst = 0; burst < 5; burst++) {
      for (Journal journal : openAll(4)) {
        test.drain(journal);
        journal.close();
      }
    }
    assertThat(test.positions).hasSize(4);
    assertThat(list(test.directory.resolve("free"))).hasSize(3);
  }

  /** The position of a journal in the ledger stays valid while its slot is retired (promise D2). */
  @Test
  void reusedSlotContinuesAtItsPosition() throws Exception {
    for (int burst = 0; burst < 5; burst++) {
      List<Journal> alive = openAll(3);
      for (Journal journal : alive) {
        assertThat(journal.recovered()).isZero();
        assertThat(test.drain(journal)).hasSize(1).noneMatch(TestJournal::isGap);
      }
      alive.forEach(Journal::close);
    }
  }

  /** A suspended process may hold the lock of the directory. */
  @Test
  void slotIsRetiredLaterIfTheDirectoryIsLocked() throws Exception {
    List<Journal> alive = openAll(3);
    disk.isLocked = true;
    for (Journal journal : alive) {
      test.drain(journal);
      journal.close();
    }
    assertThat(test.slotDirectory(1)).exists();
    assertThat(test.slotDirectory(2)).exists();

    disk.isLocked = false;
    assertThat(test.recover()).isEmpty();
    assertThat(test.slotDirectory(1)).doesNotExist();
    assertThat(test.slotDirectory(2)).doesNotExist();
  }

  /** The copy would share one position in the ledger with the original (D2). */
  @Test
  void copyOfSlotIsRejected() throws Exception {
    Journal journal = test.open();
    events("agent:a", 3).forEach(journal::offer);
    journal.close();
    TestJournal.copyTree(test.slotDirectory(0), test.slotDirectory(7));

    assertThatThrownBy(() -> test.open())
        .isInstanceOf(JournalException.class)
        .hasMessageContaining(test.slotDirectory(7) + ": is a copy of another slot");
  }

  /** Opens {@code count} journals at once, each with one event. */
  private List<Journal> openAll(int count) throws Exception {
    List<Journal> opened = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      Journal journal = test.open();
      assertThat(journal.offer(event("agent:" + n, n))).isTrue();
      opened.add(journal);
    }
    return opened;
  }

  private void requireSteady(Cost first) throws Exception {
    test.disk = disk;
    // This start processes what the earlier processes left.
    test.recover();
    Cost next = costOfStart();
    assertThat(next.bytes()).isLessThanOrEqualTo(first.bytes());
    assertThat(next.calls()).isLessThanOrEqualTo(first.calls());
    assertThat(list(test.directory))
        .as("files that a start reads")
        .isSubsetOf(
            test.slotDirectory(0), test.directory.resolve("door"), test.directory.resolve("free"));
  }

  /** Returns how many bytes one start writes, and how many disk calls it makes. */
  private Cost costOfStart() throws Exception {
    long bytes = disk.bytes.get();
    long calls = disk.calls.get();
    Journal journal = test.open();
    Cost cost = new Cost(disk.bytes.get() - bytes, disk.calls.get() - calls);
    journal.close();
    return cost;
  }

  private record Cost(long bytes, long calls) {}

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  /** A disk that counts calls and written bytes, and syncs nothing. */
  private static final class CountingDisk extends Disk {
    final AtomicLong bytes = new AtomicLong();
    final AtomicLong calls = new AtomicLong();
    volatile boolean isLocked;

    @Override
    void write(FileChannel channel, ByteBuffer from, long at) throws IOException {
      calls.incrementAndGet();
      bytes.addAndGet(from.remaining());
      super.write(channel, from, at);
    }

    @Override
    void sync(Path file, FileChannel channel) {
      calls.incrementAndGet();
    }

    @Override
    void sync(Path file, MappedByteBuffer map, int length) {
      calls.incrementAndGet();
    }

    @Override
    void syncNames(Path directory) {
      calls.incrementAndGet();
    }

    @Override
    FileLock tryLock(FileChannel channel) throws IOException {
      return isLocked ? null : super.tryLock(channel);
    }
  }
}
