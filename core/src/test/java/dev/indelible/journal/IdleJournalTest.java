// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.event;
import static dev.indelible.journal.TestJournal.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.queue.Durability;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An idle journal syncs nothing (promise D5). It syncs the next event. */
@Timeout(60)
class IdleJournalTest {
  @TempDir Path temp;

  private final GatedDisk disk = new GatedDisk();

  @Test
  void eventAfterIdleTimeIsSynced() throws Exception {
    TestJournal test = new TestJournal(temp);
    test.disk = disk;
    Journal journal = test.open(settings(Durability.PROCESS));
    try {
      await().until(() -> journal.sinceSync().isZero());
      disk.gate.drainPermits();

      assertThat(journal.offer(event("agent:a", 1))).isTrue();

      assertThat(journal.sinceSync()).isPositive();
      int before = disk.syncs.get();
      disk.gate.release(1_000);
      await().until(() -> disk.syncs.get() > before);
      await().until(() -> journal.sinceSync().isZero());
    } finally {
      journal.close();
    }
  }

  @Test
  void idleJournalSyncsNothing() throws Exception {
    TestJournal test = new TestJournal(temp);
    test.disk = disk;
    Journal journal = test.open(settings(Durability.PROCESS));
    try {
      assertThat(journal.offer(event("agent:a", 1))).isTrue();
      await().until(() -> disk.syncs.get() > 0);
      await().until(() -> journal.sinceSync().isZero());
      int before = disk.syncs.get();
      // Longer than two idle intervals of the sync thread.
      await().during(Duration.ofSeconds(3)).until(() -> disk.syncs.get() == before);
    } finally {
      journal.close();
    }
  }

  /** A disk that counts syncs of events. Each sync needs a permit. */
  private static final class GatedDisk extends Disk {
    final Semaphore gate = new Semaphore(1_000);
    final AtomicInteger syncs = new AtomicInteger();

    @Override
    void sync(Path file, FileChannel channel) {}

    @Override
    void sync(Path file, MappedByteBuffer map, int length) {
      gate.acquireUninterruptibly();
      syncs.incrementAndGet();
    }

    @Override
    void syncNames(Path directory) {}
  }
}
