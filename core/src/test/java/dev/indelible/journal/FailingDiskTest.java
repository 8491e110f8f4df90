// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.bytes;
import static dev.indelible.journal.TestJournal.event;
import static dev.indelible.journal.TestJournal.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.queue.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Makes each disk call of a journal fail in turn, alone or together with all later calls (promises
 * D1 and D2). No offer throws, and no accepted event is lost.
 */
@Timeout(180)
class FailingDiskTest {
  @TempDir Path temp;

  @Test
  void diskErrorLosesNoAcceptedEvent() throws Exception {
    for (Durability durability : List.of(Durability.PROCESS, Durability.POWER)) {
      for (boolean once : new boolean[] {true, false}) {
        int calls = Integer.MAX_VALUE;
        for (int failing = 1; failing <= calls; failing++) {
          BrokenDisk disk = new BrokenDisk(failing, once);
          run(disk, durability, "%s-%s-%d".formatted(durability, once, failing));
          // A failure changes which calls follow. The loop ends at the first run that does not
          // reach the failing call.
          calls = disk.calls.get() < failing ? 0 : calls;
        }
      }
    }
  }

  private void run(BrokenDisk disk, Durability durability, String name) throws Exception {
    TestJournal test = new TestJournal(temp.resolve(name));
    test.disk = disk;
    List<String> accepted = new ArrayList<>();
    List<String> found = new ArrayList<>();
    try {
      Journal journal = test.open(TestJournal.settings(durability));
      for (int n = 0; n < 24; n++) {
        DeferredAuditEvent event = event("agent:a", n, 100_000);
        if (journal.offer(event)) {
          accepted.add(bytes(event));
        }
        if (n == 12) {
          found.addAll(bytes(test.drain(journal)));
        }
      }
      journal.close();
    } catch (JournalException e) {
      // The journal could not be opened.
      assertThat(accepted).isEmpty();
      assertThat(e.getMessage()).contains("EIO");
    }
    test.disk = TestJournal.UNSYNCED;
    found.addAll(bytes(test.recover()));
    assertThat(found).as(name).isEqualTo(accepted);
  }

  /**
   * Memory runs out while a segment is created, and again while the error is described (D1, D2).
   * The thread that creates segments survives, and a later attempt succeeds.
   */
  @Test
  void failedSegmentCreationIsRetried() throws Exception {
    TestJournal test = new TestJournal(temp);
    UndescribableErrorDisk disk = new UndescribableErrorDisk();
    test.disk = disk;
    Journal journal = test.open();
    List<String> accepted = new ArrayList<>();
    disk.failing = true;
    int n = 0;
    while (disk.failing) {
      DeferredAuditEvent event = event("agent:a", n++, 100_000);
      if (journal.offer(event)) {
        accepted.add(bytes(event));
      }
    }
    for (int more = 0; more < 6; more++) {
      DeferredAuditEvent event = event("agent:a", n++, 900_000);
      await().atMost(Duration.ofSeconds(20)).until(() -> journal.offer(event));
      accepted.add(bytes(event));
    }
    assertThat(journal.trouble()).isEmpty();
    assertThat(bytes(test.drain(journal))).isEqualTo(accepted);
    journal.close();
  }

  /**
   * Memory runs out during a sync, and again while the error is described (D5). Later events are
   * still synced.
   */
  @Test
  void syncsContinueAfterAFailedSync() throws Exception {
    TestJournal test = new TestJournal(temp);
    UndescribableErrorDisk disk = new UndescribableErrorDisk();
    test.disk = disk;
    Journal journal = test.open(settings(Durability.PROCESS, JournalSettings.MIN_QUOTA_BYTES));
    disk.failingToSync = true;
    assertThat(journal.offer(event("agent:a", 1))).isTrue();
    await().until(() -> !disk.failingToSync);
    DeferredAuditEvent next = event("agent:a", 2);
    await().until(() -> journal.offer(next));
    test.drain(journal);
    await()
        .during(Duration.ofSeconds(1))
        .until(() -> journal.sinceSync().compareTo(Duration.ofMillis(800)) < 0);
    assertThat(journal.trouble()).isEmpty();
    journal.close();
  }

  /** A disk that can throw an {@link UndescribableError}. */
  private static final class UndescribableErrorDisk extends Disk {
    volatile boolean failing;
    volatile boolean failingToSync;

    @Override
    long usableBytes(Path directory) throws IOException {
      if (failing) {
        throw new UndescribableError(this);
      }
      return super.usableBytes(directory);
    }

    @Override
    void sync(Path file, FileChannel channel) {}

    @Override
    void sync(Path file, MappedByteBuffer map, int length) {
      if (failingToSync) {
        throw new UndescribableError(this);
      }
    }

    @Override
    void syncNames(Path directory) {}
  }

  /** An error whose {@code toString} repairs the disk and then fails. */
  private static final class UndescribableError extends OutOfMemoryError {
    private static final long serialVersionUID = 1;

    private final transient UndescribableErrorDisk disk;

    UndescribableError(UndescribableErrorDisk disk) {
      this.disk = disk;
    }

    @Override
    public String toString() {
      disk.failing = false;
      disk.failingToSync = false;
      throw new OutOfMemoryError("test disk");
    }
  }

  /** A disk that fails one call, or one call and all later ones. */
  private static final class BrokenDisk extends Disk {
    final AtomicInteger calls = new AtomicInteger();
    private final int failing;
    private final boolean once;

    BrokenDisk(int failing, boolean once) {
      this.failing = failing;
      this.once = once;
    }

    private void call() throws IOException {
      int number = calls.incrementAndGet();
      if (once ? number == failing : number >= failing) {
        throw new IOException("EIO");
      }
    }

    @Override
    void write(FileChannel channel, ByteBuffer from, long at) throws IOException {
      if (from.limit() < 1 << 16 || at % (1 << 20) < 1 << 16) {
        // Writes of large blocks behave alike, so only some of them are counted.
        call();
      }
      super.write(channel, from, at);
    }

    @Override
    void sync(Path file, FileChannel channel) throws IOException {
      call();
    }

    @Override
    void sync(Path file, MappedByteBuffer map, int length) throws IOException {
      call();
    }

    @Override
    void syncNames(Path directory) throws IOException {
      call();
    }

    @Override
    void rename(Path from, Path to) throws IOException {
      call();
      super.rename(from, to);
    }

    @Override
    void remove(Path file) throws IOException {
      call();
      super.remove(file);
    }

    @Override
    long usableBytes(Path directory) throws IOException {
      call();
      return super.usableBytes(directory);
    }
  }
}
