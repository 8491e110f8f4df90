// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.bytes;
import static dev.indelible.journal.TestJournal.describeFiles;
import static dev.indelible.journal.TestJournal.event;
import static dev.indelible.journal.TestJournal.events;
import static dev.indelible.journal.TestJournal.frameLength;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.ActionsOfAllKinds;
import dev.indelible.decision.Allow;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.pending.EventBatch;
import dev.indelible.queue.Durability;
import java.nio.MappedByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A journal as its producers, its drainer and the next process see it (promises D1, D2, D3 and D5).
 */
@Timeout(120)
class JournalTest {
  private static final long SMALLEST_QUOTA = JournalSettings.MIN_QUOTA_BYTES;

  @TempDir Path temp;

  private TestJournal test;
  private final List<Journal> opened = new ArrayList<>();

  @BeforeEach
  void createJournal() {
    test = new TestJournal(temp.resolve("journal"));
  }

  @AfterEach
  void closeAll() {
    opened.forEach(Journal::close);
  }

  private Journal open(TestJournal in, JournalSettings settings) throws JournalException {
    Journal journal = in.open(settings);
    opened.add(journal);
    return journal;
  }

  private Journal open() throws JournalException {
    return open(test, JournalSettings.ofDefaults());
  }

  /** Settle removes events from the journal; peek does not (D2). */
  @Test
  void peekReturnsOneBatchUntilItIsSettled() throws Exception {
    Journal journal = open();
    List<DeferredAuditEvent> events = events("agent:a", 3);
    events.forEach(event -> assertThat(journal.offer(event)).isTrue());

    EventBatch first = journal.peek(2);
    assertThat(bytes(first.events())).isEqualTo(bytes(events.subList(0, 2)));
    assertThat(journal.peek(9)).isSameAs(first);
    assertThat(journal.oldestPending()).contains(events.get(0).timestamp());
    journal.settle(2);

    assertThat(bytes(journal.peek(9).events())).isEqualTo(bytes(events.subList(2, 3)));
    journal.settle(1);
    assertThat(journal.peek(9)).isSameAs(EventBatch.EMPTY);
    assertThat(journal.oldestPending()).isEmpty();
  }

  /**
   * Settling more events than were peeked is an error. Each position is higher than the one before.
   */
  @Test
  void settlingMoreThanPeekedIsRejected() throws Exception {
    Journal journal = open();
    events("agent:a", 2).forEach(journal::offer);
    long first = journal.peek(1).mark().orElseThrow().position();
    assertThatThrownBy(() -> journal.settle(2)).isInstanceOf(IllegalArgumentException.class);
    journal.settle(1);
    assertThat(journal.peek(1).mark().orElseThrow().position()).isGreaterThan(first);
  }

  /** Events of every kind are read back byte for byte (D4). */
  @Test
  void everyEventKindIsReadBackUnchanged() throws Exception {
    Journal journal = open();
    List<AuditEvent> events = new ArrayList<>();
    ActionsOfAllKinds.all()
        .forEach(
            action ->
                events.add(
                    DeferredAuditEvent.of(
                        "агент:\ufffd", action, new Allow(), Optional.of("sha256:1"))));
    for (Instant time :
        List.of(
            Instant.parse("0000-01-01T00:00:00Z"),
            Instant.parse("1969-12-31T23:59:59.999999Z"),
            Instant.parse("9999-12-31T23:59:59.999999Z"))) {
      DeferredAuditEvent any = event("agent:a", 1);
      events.add(
          new DeferredAuditEvent(
              any.id(), any.agentId(), any.action(), any.decision(), any.policy(), time));
    }
    events.forEach(event -> assertThat(journal.offer(event)).isTrue());
    assertThat(bytes(test.drain(journal))).isEqualTo(bytes(events));
  }

  /**
   * With eight producers and a drainer running, the events of each producer keep their order (D3).
   */
  @Test
  void everyProducersEventsKeepTheirOrder() throws Exception {
    int producers = 8;
    int each = 4_000;
    Journal journal = open();
    CyclicBarrier together = new CyclicBarrier(producers);
    ExecutorService threads = Executors.newFixedThreadPool(producers);
    List<AuditEvent> drained = new ArrayList<>();
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int p = 0; p < producers; p++) {
        String agent = "agent:" + p;
        running.add(
            threads.submit(
                () -> {
                  together.await(20, TimeUnit.SECONDS);
                  for (int n = 0; n < each; n++) {
                    // Lengths differ widely, so that frames end at different distances from the end
                    // of a segment.
                    assertThat(
                            TestJournal.offer(
                                journal, event(agent, n, n % 97 == 0 ? 20_000 : n % 50)))
                        .isTrue();
                  }
                  return null;
                }));
      }
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                drained.addAll(test.drain(journal));
                return drained.size() >= producers * each;
              });
      for (Future<?> producer : running) {
        producer.get(20, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(test.drain(journal)).isEmpty();
    assertThat(drained).hasSize(producers * each);
    Map<String, Instant> last = new HashMap<>();
    for (AuditEvent event : drained) {
      Instant before = last.put(event.agentId(), event.timestamp());
      assertThat(event.timestamp())
          .isEqualTo(before == null ? TestJournal.START : before.plusSeconds(1));
    }
  }

  /**
   * Uses segments with space for exactly three frames, and with 8 bytes more, 16 bytes more and 8
   * bytes less.
   */
  @Test
  void framesAtTheSegmentEndAreAllRead() throws Exception {
    int length = frameLength(event("agent:a", 0));
    for (int room : new int[] {3 * length, 3 * length + 8, 3 * length - 8, 3 * length + 16}) {
      TestJournal each = new TestJournal(temp.resolve("room" + room));
      List<DeferredAuditEvent> events = events("agent:a", 8);
      int size = SegmentFile.HEADER_BYTES + room;
      each.plant(new int[] {size, size, size, size}, events);
      assertThat(bytes(each.recover())).as("space %d", room).isEqualTo(bytes(events));
    }
  }

  /** A writer fills its segment of 2 MiB to the last byte and continues in the next one. */
  @Test
  void fullSegmentIsFollowedByTheNext() throws Exception {
    Journal journal = open();
    int empty = frameLength(event("agent:a", 0));
    List<DeferredAuditEvent> events = new ArrayList<>();
    int left = JournalWriter.FIRST_SEGMENT_BYTES - SegmentFile.HEADER_BYTES;
    for (int n = 0; left > 0; n++) {
      int length = left < 2 * 60_000 ? left : 60_000 / 8 * 8;
      DeferredAuditEvent next = event("agent:a", n, length - empty - 8);
      while (frameLength(next) < length) {
        next = event("agent:a", n, next.content().bytes().length % 8 + length - empty - 7);
      }
      assertThat(frameLength(next)).isEqualTo(length);
      events.add(next);
      left -= length;
    }
    events.add(event("agent:a", events.size()));
    events.forEach(event -> assertThat(TestJournal.offer(journal, event)).isTrue());
    assertThat(test.segments(0)).hasSizeGreaterThanOrEqualTo(2);
    assertThat(bytes(test.drain(journal))).isEqualTo(bytes(events));
  }

  /** An event with the largest payload that is stored unchanged is accepted (D1). */
  @Test
  void eventOfOneMebibyteIsAccepted() throws Exception {
    Journal journal = open(test, TestJournal.settings(Durability.PROCESS, SMALLEST_QUOTA));
    int overhead = event("agent:a", 1).content().bytes().length;
    for (int n = 0; n < 6; n++) {
      DeferredAuditEvent large =
          event("agent:a", 1, DeferredAuditEvent.MAX_PAYLOAD_BYTES - overhead);
      assertThat(large.content().bytes()).hasSize(DeferredAuditEvent.MAX_PAYLOAD_BYTES);
      assertThat(TestJournal.offer(journal, large)).isTrue();
      assertThat(bytes(test.drain(journal))).isEqualTo(List.of(bytes(large)));
    }
  }

  /** A segment file is removed once all its events are settled, and not before (D2). */
  @Test
  void segmentIsRemovedOnceSettled() throws Exception {
    Journal journal = open();
    for (int n = 0; n < 60; n++) {
      assertThat(TestJournal.offer(journal, event("agent:a", n, 100_000))).isTrue();
    }
    List<Path> all = test.segments(0);
    assertThat(all).hasSizeGreaterThanOrEqualTo(2);
    EventBatch hand = journal.peek(50);
    assertThat(test.segments(0)).containsAll(all);
    journal.settle(hand.events().size());
    assertThat(test.segments(0)).doesNotContain(all.get(0));
    assertThat(bytes(test.drain(journal)))
        .isEqualTo(
            bytes(IntStream.range(50, 60).mapToObj(n -> event("agent:a", n, 100_000)).toList()));
    assertThat(test.segments(0)).hasSizeLessThanOrEqualTo(2);
  }

  /**
   * A full journal rejects events at once, reports that it is full, and accepts events again when
   * it is drained (D1, D11).
   */
  @Test
  void fullJournalRejectsUntilDrained() throws Exception {
    Journal journal = open(test, TestJournal.settings(Durability.PROCESS, 3 * SMALLEST_QUOTA));
    assertThat(journal.trouble()).isEmpty();
    List<String> accepted = new ArrayList<>();
    boolean degradedFirst = false;
    for (int n = 0; n < 1_000; n++) {
      DeferredAuditEvent event = event("agent:a", n, 50_000);
      if (!TestJournal.offer(journal, event)) {
        break;
      }
      accepted.add(bytes(event));
      degradedFirst |= journal.trouble().isPresent();
    }
    assertThat(accepted).hasSizeBetween(100, 260);
    assertThat(degradedFirst).as("a warning before it is full").isTrue();
    assertThat(journal.trouble().orElseThrow()).contains("is full");
    assertThat(journal.bytes()).isLessThanOrEqualTo(3 * SMALLEST_QUOTA);

    long before = System.nanoTime();
    for (int n = 0; n < 1_000; n++) {
      assertThat(journal.offer(event("agent:b", n, 50_000))).isFalse();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));

    assertThat(bytes(test.drain(journal))).isEqualTo(accepted);
    DeferredAuditEvent next = event("agent:a", 2_000);
    await().atMost(Duration.ofSeconds(20)).until(() -> journal.offer(next));
    assertThat(journal.trouble()).isEmpty();
    assertThat(bytes(test.drain(journal))).isEqualTo(List.of(bytes(next)));
  }

  /** Once the drainer has freed space, the next event is accepted (D1). */
  @Test
  void freedSpaceIsUsableAtOnce() throws Exception {
    Journal journal = open(test, TestJournal.settings(Durability.PROCESS, SMALLEST_QUOTA));
    int n = 0;
    for (int round = 0; round < 100; round++) {
      while (TestJournal.offer(journal, event("agent:a", n, 200_000))) {
        n++;
      }
      test.drain(journal);
      assertThat(TestJournal.offer(journal, event("agent:a", n++, 200_000)))
          .as("round %d: %s", round, journal.trouble())
          .isTrue();
    }
  }

  /** A journal that exceeds a lowered quota accepts events again once it is drained. */
  @Test
  void loweredQuotaAcceptsEventsOnceDrained() throws Exception {
    Journal large = open();
    List<DeferredAuditEvent> events = new ArrayList<>();
    for (int n = 0; n < 80; n++) {
      events.add(event("agent:a", n, 100_000));
      assertThat(TestJournal.offer(large, events.get(n))).isTrue();
    }
    large.close();

    Journal small = open(test, TestJournal.settings(Durability.PROCESS, SMALLEST_QUOTA));
    while (TestJournal.offer(small, event("agent:b", 0, 100_000))) {}
    assertThat(bytes(test.drain(small)).subList(0, 80)).isEqualTo(bytes(events));
    await().atMost(Duration.ofSeconds(20)).until(() -> small.offer(event("agent:c", 1)));
    assertThat(test.drain(small)).hasSize(1);
    assertThat(small.bytes()).isLessThanOrEqualTo(SMALLEST_QUOTA);
  }

  /** A reopened journal has the events that were waiting when it was closed, and no others (D2). */
  @Test
  void waitingEventsAreRecoveredOnReopen() throws Exception {
    Journal first = open();
    List<DeferredAuditEvent> events = events("agent:a", 500);
    events.forEach(first::offer);
    EventBatch settled = first.peek(123);
    test.positions.put(settled.mark().orElseThrow().journal(), settled.mark().get().position());
    first.settle(123);
    first.close();

    assertThat(bytes(test.recover())).isEqualTo(bytes(events.subList(123, 500)));
    assertThat(test.recover()).isEmpty();
  }

  /**
   * File names do not depend on the digits of the process's locale, so a process with another
   * locale recovers the events (D2).
   */
  @Test
  void waitingEventsAreRecoveredInAnyLocale() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 60);
    Locale usual = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      Journal first = open();
      events.subList(0, 30).forEach(first::offer);
      first.close();
      assertThat(describeFiles(test.directory).keySet())
          .containsExactlyInAnyOrderElementsOf(PlantedJournalTest.untrustedPaths());
      assertThat(bytes(test.recover())).isEqualTo(bytes(events.subList(0, 30)));
      Journal second = open();
      events.subList(30, 60).forEach(second::offer);
      second.close();
    } finally {
      Locale.setDefault(usual);
    }
    assertThat(bytes(test.recover())).isEqualTo(bytes(events.subList(30, 60)));
  }

  /**
   * Recovery starts at the position in the ledger, even if the process died before it settled the
   * events (D2).
   */
  @Test
  void committedEventsAreNotRecovered() throws Exception {
    Journal first = open();
    List<DeferredAuditEvent> events = events("agent:a", 500);
    events.forEach(first::offer);
    EventBatch committed = first.peek(200);
    TestJournal killed = test.killedNow(temp.resolve("copy"));
    killed.positions.put(
        committed.mark().orElseThrow().journal(), committed.mark().get().position());
    assertThat(bytes(killed.recover())).isEqualTo(bytes(events.subList(200, 500)));
  }

  /** Positions continue to rise after a clean close that removed every segment. */
  @Test
  void positionsContinueAfterCleanClose() throws Exception {
    long last = 0;
    for (int run = 0; run < 4; run++) {
      Journal journal = open();
      for (int n = 0; n < 30; n++) {
        assertThat(TestJournal.offer(journal, event("agent:" + run, n, 50_000))).isTrue();
      }
      long mark = journal.peek(1).mark().orElseThrow().position();
      assertThat(mark).isGreaterThan(last);
      assertThat(bytes(test.drain(journal))).hasSize(30);
      last = test.positions.values().iterator().next();
      journal.close();
      assertThat(test.segments(0)).isEmpty();
    }
    assertThat(test.positions).hasSize(1);
  }

  /** A journal with at most one event leaves one segment of the smallest size. */
  @Test
  void emptyJournalLeavesOneSmallSegment() throws Exception {
    for (int run = 0; run < 3; run++) {
      Journal journal = open();
      if (run > 0) {
        journal.offer(event("agent:a", run));
        assertThat(test.drain(journal)).hasSize(1);
      }
      journal.close();
      assertThat(test.segments(0)).hasSize(1);
      assertThat(Files.size(test.segments(0).get(0))).isEqualTo(JournalWriter.FIRST_SEGMENT_BYTES);
    }
  }

  /** A drained large segment is removed, even if only part of it was used. */
  @Test
  void drainedJournalLeavesNoLargeSegment() throws Exception {
    Journal journal = open();
    for (int n = 0; n < 40; n++) {
      TestJournal.offer(journal, event("agent:a", n, 100_000));
    }
    assertThat(test.drain(journal)).hasSize(40);
    journal.close();
    for (Path segment : test.segments(0)) {
      assertThat(Files.size(segment)).isEqualTo(JournalWriter.FIRST_SEGMENT_BYTES);
    }
  }

  /** Closing the journal completes even if the thread was interrupted (D9). */
  @Test
  void interruptedThreadClosesJournal() throws Exception {
    Journal journal = open();
    for (int n = 0; n < 30; n++) {
      TestJournal.offer(journal, event("agent:a", n, 50_000));
    }
    assertThat(test.drain(journal)).hasSize(30);
    Thread.currentThread().interrupt();
    journal.close();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(test.segments(0)).isEmpty();
    assertThat(test.recover()).isEmpty();
  }

  /**
   * An event offered while the journal is closing is rejected or not lost, and no offer throws (D1,
   * D2).
   */
  @Test
  void closeLosesNoAcceptedEvent() throws Exception {
    for (int round = 0; round < 30; round++) {
      TestJournal each = new TestJournal(temp.resolve("round" + round));
      Journal journal = open(each, JournalSettings.ofDefaults());
      int producers = 4;
      CyclicBarrier together = new CyclicBarrier(producers + 1);
      ExecutorService threads = Executors.newFixedThreadPool(producers);
      List<Future<List<String>>> running = new ArrayList<>();
      for (int p = 0; p < producers; p++) {
        String agent = "agent:" + p;
        running.add(
            threads.submit(
                () -> {
                  List<String> accepted = new ArrayList<>();
                  together.await(20, TimeUnit.SECONDS);
                  int n = 0;
                  for (boolean open = true; open; n++) {
                    DeferredAuditEvent event = event(agent, n, 5_000);
                    open = journal.offer(event);
                    if (open) {
                      accepted.add(bytes(event));
                    }
                  }
                  return accepted;
                }));
      }
      together.await(20, TimeUnit.SECONDS);
      List<AuditEvent> settled = new ArrayList<>();
      for (int n = 0; n < round * 2; n++) {
        settled.addAll(each.drain(journal));
      }
      journal.close();
      List<String> accepted = new ArrayList<>();
      for (Future<List<String>> producer : running) {
        accepted.addAll(producer.get(20, TimeUnit.SECONDS));
      }
      threads.shutdown();
      List<String> found = new ArrayList<>(bytes(settled));
      // A producer that is still writing keeps the slot locked after the close, so the test reads a
      // copy.
      found.addAll(bytes(each.killedNow(temp.resolve("behind" + round)).recover()));
      assertThat(found).doesNotHaveDuplicates().containsAll(accepted);
    }
  }

  /** Opening a journal syncs the segments that an earlier process did not sync (D5). */
  @Test
  void recoveredSegmentsAreSyncedOnOpen() throws Exception {
    Journal journal = open();
    events("agent:a", 10).forEach(journal::offer);
    TestJournal killed = test.killedNow(temp.resolve("copy"));
    List<Path> synced = new ArrayList<>();
    killed.disk =
        new Disk() {
          @Override
          void sync(Path file, MappedByteBuffer map, int length) {
            synced.add(file);
          }
        };
    Journal next =
        open(
            killed,
            new JournalSettings(
                Durability.PROCESS, JournalSettings.DEFAULT_QUOTA_BYTES, Duration.ofDays(1)));
    assertThat(synced).containsExactlyElementsOf(killed.segments(0));
    assertThat(killed.drain(next)).hasSize(10);
  }
}
