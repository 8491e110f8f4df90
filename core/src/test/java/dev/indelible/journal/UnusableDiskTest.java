// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.bytes;
import static dev.indelible.journal.TestJournal.describeFiles;
import static dev.indelible.journal.TestJournal.events;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Opening a journal fails on a disk that cannot store one. The message is one line that states what
 * failed, where, and what to do.
 */
class UnusableDiskTest {
  @TempDir Path temp;

  private TestJournal test;
  private final PoorDisk disk = new PoorDisk();

  @BeforeEach
  void createJournal() {
    test = new TestJournal(temp.resolve("journal"));
  }

  @Test
  void noSpaceForFirstSegmentCreatesNothing() throws Exception {
    disk.usable = 1 << 20;

    assertThat(refusal())
        .startsWith(test.directory + ": the disk is full")
        .contains("needs 2162688 bytes and 1048576 are free", "free some disk space");
    assertThat(test.directory).doesNotExist();
  }

  /** The drained segments were removed, so the start needs a new first segment. */
  @Test
  void noSpaceForNewSegmentChangesNothing() throws Exception {
    fillAndClose(0);
    for (Path segment : test.segments(0)) {
      Files.delete(segment);
    }
    Map<String, String> before = describeFiles(test.directory);
    disk.usable = 1 << 20;

    assertThat(refusal()).contains("the disk is full");
    assertThat(describeFiles(test.directory)).isEqualTo(before);
  }

  @Test
  void waitingEventsAreRecoveredOnAFullDisk() throws Exception {
    fillAndClose(3);
    disk.usable = 0;
    test.disk = disk;

    assertThat(bytes(test.recover())).isEqualTo(bytes(events("agent:a", 3)));
  }

  /**
   * The disk fills up while the segment is written. The slot stays empty, and the next start uses
   * it.
   */
  @Test
  void diskFullDuringWriteIsReported() throws Exception {
    disk.fillsUp = true;

    assertThat(refusal()).startsWith(test.directory + ": the disk is full").contains("needs");
    assertThat(test.segments(0)).isEmpty();

    test.disk = TestJournal.UNSYNCED;
    assertThat(test.recover()).isEmpty();
    assertThat(test.slotDirectory(1)).doesNotExist();
  }

  @Test
  void diskWithoutLocksCreatesNothing() throws Exception {
    disk.lockFailure = new IOException("No locks available");

    assertThat(refusal())
        .startsWith(test.directory.resolve("door") + ": cannot be locked (No locks available)")
        .contains("a file system with locks", "local disk");
    assertThat(test.directory).doesNotExist();
  }

  @Test
  void diskWithoutLocksChangesNoJournal() throws Exception {
    fillAndClose(3);
    Map<String, String> before = describeFiles(test.directory);
    disk.lockFailure = new IOException("No locks available");

    assertThat(refusal()).contains("door: cannot be locked");
    assertThat(describeFiles(test.directory)).isEqualTo(before);
  }

  @Test
  void unlockableSlotIsNotChanged() throws Exception {
    fillAndClose(3);
    Map<String, String> before = describeFiles(test.directory);
    disk.tryLockFailure = new IOException("No locks available");

    assertThat(refusal()).startsWith(test.slotDirectory(0).resolve("lock") + ": cannot be locked");
    assertThat(describeFiles(test.directory)).isEqualTo(before);
  }

  /** Two class loaders loaded this library in one process. */
  @Test
  void secondLibraryCopyIsReported() throws Exception {
    fillAndClose(3);
    Map<String, String> before = describeFiles(test.directory);
    disk.overlapping = true;

    assertThat(refusal()).contains("door: another copy of this library", "try again");
    assertThat(describeFiles(test.directory)).isEqualTo(before);
  }

  private void fillAndClose(int events) throws Exception {
    Journal journal = test.open();
    events("agent:a", events).forEach(journal::offer);
    journal.close();
  }

  private String refusal() {
    test.disk = disk;
    JournalException refused = catchThrowableOfType(JournalException.class, test::open);
    assertThat(refused).isNotNull();
    assertThat(refused.getMessage()).doesNotContain("\n");
    return refused.getMessage();
  }

  /** A disk with little space or without locks. */
  private static final class PoorDisk extends Disk {
    long usable = Long.MAX_VALUE;
    boolean fillsUp;
    boolean overlapping;
    IOException lockFailure;
    IOException tryLockFailure;

    @Override
    void write(FileChannel channel, ByteBuffer from, long at) throws IOException {
      if (fillsUp && at > 0) {
        usable = 0;
        throw new IOException("No space left on device");
      }
      super.write(channel, from, at);
    }

    @Override
    void sync(Path file, FileChannel channel) {}

    @Override
    void sync(Path file, MappedByteBuffer map, int length) {}

    @Override
    void syncNames(Path directory) {}

    @Override
    long usableBytes(Path directory) {
      return usable;
    }

    @Override
    FileLock lock(FileChannel channel) throws IOException {
      if (overlapping) {
        throw new OverlappingFileLockException();
      }
      if (lockFailure != null) {
        throw lockFailure;
      }
      return super.lock(channel);
    }

    @Override
    FileLock tryLock(FileChannel channel) throws IOException {
      if (tryLockFailure != null) {
        throw tryLockFailure;
      }
      return super.tryLock(channel);
    }
  }
}
