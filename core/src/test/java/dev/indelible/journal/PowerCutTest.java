// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.bytes;
import static dev.indelible.journal.TestJournal.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.pending.EventBatch;
import dev.indelible.queue.Durability;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A model of power cuts (promise D5). The disk records the writes and syncs of a journal. A cut
 * keeps everything that was synced, and a random part of the unsynced pages and names.
 */
@Timeout(180)
class PowerCutTest {
  private static final JournalSettings POWER = TestJournal.settings(Durability.POWER);

  /** Settings with which only the test syncs. */
  private static final JournalSettings PROCESS =
      new JournalSettings(
          Durability.PROCESS, JournalSettings.DEFAULT_QUOTA_BYTES, Duration.ofDays(1));

  @TempDir Path temp;

  /** With durability {@code power}, every accepted event survives a cut at any moment. */
  @Test
  void acceptedEventSurvivesCutInPowerMode() throws Exception {
    Random random = new Random(29);
    for (int round = 0; round < 6; round++) {
      TestJournal before = new TestJournal(temp.resolve("power" + round));
      PowerlessDisk disk = new PowerlessDisk();
      before.disk = disk;
      Journal journal = before.open(POWER);
      Queue<String> accepted = new ConcurrentLinkedQueue<>();
      Queue<String> offered = new ConcurrentLinkedQueue<>();
      ExecutorService producers = Executors.newFixedThreadPool(4);
      for (int p = 0; p < 4; p++) {
        String agent = "agent:" + p;
        producers.submit(
            () -> {
              for (int n = 0; !Thread.currentThread().isInterrupted(); n++) {
                DeferredAuditEvent event = event(agent, n, n % 7 * 9_000);
                offered.add(bytes(event));
                if (journal.offer(event)) {
                  accepted.add(bytes(event));
                }
              }
            });
      }
      int enough = 40 + random.nextInt(150);
      Set<String> settled = new HashSet<>();
      await()
          .pollInterval(Duration.ofMillis(1))
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                if (settled.size() < enough / 2) {
                  settled.addAll(bytes(commitOne(before, journal)));
                }
                return accepted.size() >= enough;
              });
      Set<String> promised = new HashSet<>(accepted);
      TestJournal after = cut(before, disk, random, "power-cut" + round);
      producers.shutdownNow();
      assertThat(producers.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
      journal.close();

      List<String> found = events(after.recover());
      assertThat(found).doesNotHaveDuplicates().isSubsetOf(offered);
      assertThat(found)
          .as("settled events are not found again")
          .doesNotContainAnyElementsOf(settled);
      promised.removeAll(settled);
      assertThat(found).as("round %d", round).containsAll(promised);
    }
  }

  /**
   * With durability {@code process}, every event accepted before the last sync survives repeated
   * cuts.
   */
  @Test
  void syncedEventSurvivesCutInProcessMode() throws Exception {
    Random random = new Random(5);
    for (int round = 0; round < 4; round++) {
      TestJournal now = new TestJournal(temp.resolve("process" + round));
      Set<String> promised = new HashSet<>();
      Set<String> everOffered = new HashSet<>();
      Set<String> settled = new HashSet<>();
      int number = 0;
      for (int life = 0; life < 5; life++) {
        PowerlessDisk disk = new PowerlessDisk();
        if (life > 0) {
          disk.treatAsSynced(now.directory);
        }
        now.disk = disk;
        Journal journal = now.open(PROCESS);
        List<String> unsynced = new ArrayList<>();
        for (int step = 0; step < 60; step++) {
          switch (random.nextInt(8)) {
            case 0 -> {
              journal.sync();
              promised.addAll(unsynced);
              unsynced.clear();
            }
            case 1 -> settled.addAll(events(commitOne(now, journal)));
            default -> {
              DeferredAuditEvent event =
                  event("agent:a", number++, random.nextInt(6) == 0 ? 100_000 : 300);
              everOffered.add(bytes(event));
              assertThat(TestJournal.offer(journal, event)).isTrue();
              unsynced.add(bytes(event));
            }
          }
        }
        TestJournal after = cut(now, disk, random, "process" + round + "-" + life);
        journal.close();
        // Events that must survive are found. Other events may be found, and must survive from now
        // on.
        TestJournal look = after.killedNow(temp.resolve("look" + round + "-" + life));
        List<AuditEvent> recovered = look.recover();
        List<String> found = events(recovered);
        assertThat(found).doesNotHaveDuplicates().isSubsetOf(everOffered);
        assertThat(found).noneMatch(settled::contains);
        promised.removeAll(settled);
        assertThat(found).as("round %d, life %d", round, life).containsAll(promised);
        requireOrder(recovered);
        promised.addAll(found);
        now = after;
      }
    }
  }

  /**
   * With durability {@code power}, an event whose sync failed is neither accepted nor delivered.
   */
  @Test
  void eventOfFailedSyncIsNotDelivered() throws Exception {
    TestJournal test = new TestJournal(temp.resolve("broken"));
    PowerlessDisk disk = new PowerlessDisk();
    test.disk = disk;
    Journal journal = test.open(POWER);
    DeferredAuditEvent before = event("agent:a", 1);
    DeferredAuditEvent failed = event("agent:a", 2);
    DeferredAuditEvent after = event("agent:a", 3);
    assertThat(journal.offer(before)).isTrue();
    // The next segment already exists, so only syncs of the current one fail.
    for (int n = 0; n < 15; n++) {
      assertThat(TestJournal.offer(journal, event("agent:b", n, 50_000))).isTrue();
    }
    await().until(() -> test.segments(0).size() == 2);
    disk.breakSyncs(true);
    assertThat(journal.offer(failed)).isFalse();
    disk.breakSyncs(false);
    assertThat(TestJournal.offer(journal, after)).isTrue();

    List<String> delivered = bytes(test.drain(journal));
    assertThat(delivered).startsWith(bytes(before)).endsWith(bytes(after)).hasSize(17);
    assertThat(delivered).doesNotContain(bytes(failed));
    journal.close();
    assertThat(test.recover()).isEmpty();
  }

  /** Events that were rejected because their sync failed do not use up the quota (D1). */
  @Test
  void failedSyncsDoNotFillTheJournal() throws Exception {
    TestJournal test = new TestJournal(temp.resolve("failing"));
    PowerlessDisk disk = new PowerlessDisk();
    test.disk = disk;
    Journal journal = test.open(TestJournal.settings(Durability.POWER, 8L << 20));
    for (int n = 0; n < 40; n++) {
      disk.breakSyncs(true);
      journal.offer(event("agent:a", n));
      disk.breakSyncs(false);
      int number = n;
      await()
          .pollInterval(Duration.ofMillis(1))
          .atMost(Duration.ofSeconds(10))
          .until(
              () -> {
                boolean taken = number % 4 != 0 || journal.offer(event("agent:b", number));
                test.drain(journal);
                return taken;
              });
    }
    journal.close();
    assertThat(test.recover()).isEmpty();
  }

  /** The last segment is full and has no successor, as after a full disk. */
  @Test
  void fullJournalIsSyncedAfterOpening() throws Exception {
    TestJournal test = new TestJournal(temp.resolve("full"));
    JournalSettings small = TestJournal.settings(Durability.PROCESS, 4L << 20);
    Journal journal = test.open(small);
    int accepted = 0;
    while (TestJournal.offer(journal, event("agent:a", accepted, 50_000))) {
      accepted++;
    }
    TestJournal after = test.killedNow(temp.resolve("after"));
    journal.close();

    // The sync thread sleeps during the whole test, so only the test syncs.
    Journal again =
        after.open(new JournalSettings(Durability.PROCESS, 4L << 20, Duration.ofDays(1)));
    assertThat(again.offer(event("agent:a", 0))).as("full").isFalse();
    again.sync();
    again.sync();
    assertThat(again.trouble().orElse("")).doesNotContain("synced");
    assertThat(after.drain(again)).hasSize(accepted);
    again.close();
  }

  /**
   * A producer publishes its frame after others have filled the segment (D5). The next sync
   * includes the frame.
   */
  @Test
  void lateFrameIsInTheNextSync() throws Exception {
    TestJournal test = new TestJournal(temp.resolve("late"));
    PowerlessDisk disk = new PowerlessDisk();
    test.disk = disk;
    Journal journal = test.open(PROCESS);
    assertThat(journal.offer(event("agent:a", 1))).isTrue();
    Segment first = journal.writer.current();
    ByteBuffer frame = Frame.encode(event("agent:late", 2));
    int claimed = (int) first.claim(frame.limit());
    while (journal.writer.current() == first) {
      assertThat(TestJournal.offer(journal, event("agent:b", 3, 100_000))).isTrue();
    }
    for (int n = 0; n < 5; n++) {
      journal.sync();
    }
    assertThat(first.place(claimed, frame, Durability.PROCESS)).isEqualTo(Segment.Outcome.APPENDED);
    journal.sync();
    for (int seed = 0; seed < 8; seed++) {
      TestJournal after = cut(test, disk, new Random(seed), "late" + seed);
      assertThat(after.recover()).anyMatch(event -> event.agentId().equals("agent:late"));
    }
    journal.close();
  }

  /**
   * With durability {@code process}, a failed sync is reported until the ledger has the unsynced
   * events (D5, D11).
   */
  @Test
  void failedSyncIsReportedUntilSettled() throws Exception {
    TestJournal test = new TestJournal(temp.resolve("said"));
    PowerlessDisk disk = new PowerlessDisk();
    test.disk = disk;
    Journal journal = test.open(PROCESS);
    journal.offer(event("agent:a", 1));
    disk.breakSyncs(true);
    journal.sync();
    disk.breakSyncs(false);
    // After a failed sync the kernel marks the pages as clean, so a second sync proves nothing.
    journal.sync();
    // The thread that creates segments may also fail on the broken disk, and then retries.
    await()
        .untilAsserted(
            () -> assertThat(journal.trouble().orElseThrow()).contains(".seg").contains("synced"));
    await().until(() -> journal.offer(event("agent:a", 2)));
    assertThat(test.drain(journal)).hasSize(2);
    journal.sync();
    assertThat(journal.trouble()).isEmpty();
    assertThat(journal.sinceSync()).isLessThan(Duration.ofSeconds(10));
    journal.close();
  }

  private static List<AuditEvent> commitOne(TestJournal test, Journal journal) {
    EventBatch batch = journal.peek(3);
    if (batch.mark().isPresent()) {
      test.positions.put(batch.mark().get().journal(), batch.mark().get().position());
      journal.settle(batch.events().size());
    }
    return batch.events();
  }

  private TestJournal cut(TestJournal before, PowerlessDisk disk, Random random, String name)
      throws Exception {
    Path image = temp.resolve(name + "-after");
    TestJournal after = before.at(image);
    disk.cut(before.directory, image, random);
    after.disk = TestJournal.UNSYNCED;
    return after;
  }

  private static List<String> events(List<AuditEvent> found) {
    return found.stream()
        .filter(event -> !TestJournal.isGap(event))
        .map(TestJournal::bytes)
        .toList();
  }

  private static void requireOrder(List<AuditEvent> found) {
    Map<String, Instant> last = new HashMap<>();
    for (AuditEvent event : found) {
      if (!TestJournal.isGap(event)) {
        Instant before = last.put(event.agentId(), event.timestamp());
        assertThat(before == null || before.isBefore(event.timestamp())).isTrue();
      }
    }
  }
}
