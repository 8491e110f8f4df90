// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import static dev.indelible.drain.Audits.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth.State;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Accepted events reach the ledger, in order and once each, while nothing fails (promises D1, D2,
 * D3, D9 and D10).
 */
@Timeout(60)
class DrainTest {
  @RegisterExtension final Audits audits = new Audits();
  private final TestLedger ledger = new TestLedger();

  /** Submits 5,000 events. */
  @Test
  void acceptedEventsAreChainedOnceInOrder() throws Exception {
    submitFromManyThreads(50, 100);
  }

  /** Submits 60,000 events. */
  @Test
  @Tag("full")
  void manyAcceptedEventsAreChainedOnceInOrder() throws Exception {
    submitFromManyThreads(50, 1_200);
  }

  private void submitFromManyThreads(int threads, int each) throws Exception {
    DeferredAudit audit = audits.start(ledger.recording());
    CountDownLatch go = audits.gate();
    Map<String, List<UUID>> submitted = new HashMap<>();
    ExecutorService producers = Executors.newFixedThreadPool(threads);
    try {
      Map<String, Future<List<UUID>>> running = new HashMap<>();
      for (int t = 0; t < threads; t++) {
        String agent = "agent:" + t;
        Callable<List<UUID>> producer =
            () -> {
              List<UUID> ids = new ArrayList<>();
              go.await();
              for (int i = 0; i < each; i++) {
                DeferredAuditEvent event = refusal(agent, i);
                assertThat(audit.queue().submit(event)).isTrue();
                ids.add(event.id());
              }
              return ids;
            };
        running.put(agent, producers.submit(producer));
      }
      go.countDown();
      for (Map.Entry<String, Future<List<UUID>>> producer : running.entrySet()) {
        submitted.put(producer.getKey(), producer.getValue().get(50, TimeUnit.SECONDS));
      }
    } finally {
      producers.shutdownNow();
    }
    DrainReport report = audit.closeAndFlush(Duration.ofSeconds(30));

    Map<String, List<UUID>> chained = new HashMap<>();
    for (AuditEvent row : ledger.rows()) {
      chained.computeIfAbsent(row.agentId(), agent -> new ArrayList<>()).add(row.id());
    }
    assertThat(chained).isEqualTo(submitted);
    assertThat(report.appended()).isEqualTo((long) threads * each);
    assertThat(report.isComplete()).isTrue();
  }

  /**
   * Every call returns while a latch holds the drainer (D1). The test limits the median duration,
   * because a busy machine delays only some calls.
   */
  @Test
  void submitReturnsWhileTheDrainerIsHeld() {
    CountDownLatch gate = audits.gate();
    DeferredAudit warm = audits.start(ledger.recording());
    for (int i = 0; i < 2_000; i++) {
      assertThat(warm.queue().submit(refusal("agent:warm", i))).isTrue();
    }
    assertThat(warm.queue().drainPending()).isTrue();

    TestLedger held = new TestLedger();
    DeferredAudit audit = audits.start(held.heldBy(gate));
    long[] nanos = new long[50];
    for (int i = 0; i < nanos.length; i++) {
      DeferredAuditEvent event = refusal("agent:alice", i);
      long start = System.nanoTime();
      boolean accepted = audit.queue().submit(event);
      nanos[i] = System.nanoTime() - start;
      assertThat(accepted).isTrue();
    }
    assertThat(held.rows()).isEmpty();
    assertThat(audit.queue().metrics().pending()).isEqualTo(50);
    gate.countDown();
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(held.rows()).hasSize(50);
    Arrays.sort(nanos);
    assertThat(nanos[nanos.length / 2]).isLessThan(TimeUnit.MILLISECONDS.toNanos(1));
  }

  @Test
  void burstToASlowSinkIsRecordedCompletely() {
    DeferredAudit audit = audits.start(ledger.slow(Duration.ofMillis(1)));
    List<UUID> ids = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      DeferredAuditEvent event = refusal("agent:alice", i);
      assertThat(audit.queue().submit(event)).isTrue();
      ids.add(event.id());
    }
    assertThat(audit.queue().drainPending(Duration.ofSeconds(20))).isTrue();
    assertThat(ledger.ids()).isEqualTo(ids);
    assertThat(audit.queue().metrics().sendFailures()).isZero();
  }

  /**
   * A batch has at most the configured size, and the next batch begins directly after its last
   * event (D3).
   */
  @Test
  void batchesFollowOneAnotherWithoutAGap() {
    MemoryStore store = new MemoryStore();
    List<UUID> ids = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      DeferredAuditEvent event = refusal("agent:alice", i);
      store.offer(event);
      ids.add(event.id());
    }
    DeferredAudit audit =
        audits.start(
            store, ledger.recording(), new DrainSettings(10, DrainSettings.UNLIMITED_RESTARTS));
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.attempts()).extracting(TestLedger.Attempt::events).containsExactly(10, 10, 5);
    assertThat(ledger.ids()).isEqualTo(ids);
  }

  /** Promise D4. */
  @Test
  void eventsOfEqualContentAreTwoRows() {
    DeferredAudit audit = audits.start(ledger.recording());
    audit.queue().submit(refusal("agent:alice", 1));
    audit.queue().submit(refusal("agent:alice", 1));
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.rows()).hasSize(2);
  }

  /**
   * An event that is submitted twice becomes one row, but the counters count both submissions (D4).
   */
  @Test
  void eventSubmittedTwiceIsOneRow() {
    DeferredAudit audit = audits.start(ledger.recording());
    DeferredAuditEvent event = refusal("agent:alice", 1);
    audit.queue().submit(event);
    audit.queue().submit(event);
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).containsExactly(event.id());
    assertThat(audit.queue().metrics().submitted()).isEqualTo(2);
  }

  @Test
  void closeAppendsAllPendingEvents() {
    CountDownLatch gate = audits.gate();
    DeferredAudit audit = audits.start(ledger.heldBy(gate));
    for (int i = 0; i < 50; i++) {
      assertThat(audit.queue().submit(refusal("agent:alice", i))).isTrue();
    }
    gate.countDown();
    DrainReport report = audit.closeAndFlush();
    assertThat(ledger.rows()).hasSize(50);
    assertThat(report)
        .returns(50L, DrainReport::submitted)
        .returns(50L, DrainReport::appended)
        .returns(0L, DrainReport::dead)
        .returns(0L, DrainReport::rejected)
        .returns(0L, DrainReport::pending)
        .returns(false, DrainReport::timedOut)
        .returns(State.RECORDING, end -> end.health().state());
  }

  @Test
  void closeWithNothingPendingIsClean() {
    DeferredAudit audit = audits.start(ledger.recording());
    DrainReport report = audit.closeAndFlush();
    assertThat(report.isComplete()).isTrue();
    assertThat(report.timedOut()).isFalse();
    assertThat(report.submitted()).isZero();
    assertThat(ledger.attempts()).isEmpty();
    assertThat(audit.queue().metrics().health().state()).isEqualTo(State.CLOSED);
  }

  @Test
  void drainPendingLeavesTheQueueOpen() {
    DeferredAudit audit = audits.start(ledger.recording());
    for (int i = 0; i < 50; i++) {
      audit.queue().submit(refusal("agent:alice", i));
    }
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.rows()).hasSize(50);
    assertThat(audit.queue().isOpen()).isTrue();
    assertThat(audit.queue().submit(refusal("agent:alice", 50))).isTrue();
  }

  /**
   * The call waits only for events submitted before it (D9). Otherwise it would never return on a
   * busy queue.
   */
  @Test
  void drainPendingReturnsWhileProducersSubmit() throws Exception {
    DeferredAudit audit = audits.start(ledger.recording());
    CountDownLatch stop = audits.gate();
    ExecutorService producers = Executors.newFixedThreadPool(2);
    try {
      Callable<Integer> producer =
          () -> {
            int i = 0;
            while (stop.getCount() > 0 && i < 50_000) {
              audit.queue().submit(refusal("agent:busy", i++));
            }
            return i;
          };
      Future<Integer> one = producers.submit(producer);
      Future<Integer> two = producers.submit(producer);
      for (int round = 0; round < 20; round++) {
        DeferredAuditEvent mine = refusal("agent:mine", round);
        assertThat(audit.queue().submit(mine)).isTrue();
        assertThat(audit.queue().drainPending(Duration.ofSeconds(20))).isTrue();
        assertThat(ledger.has(mine.id())).isTrue();
      }
      stop.countDown();
      one.get(20, TimeUnit.SECONDS);
      two.get(20, TimeUnit.SECONDS);
    } finally {
      producers.shutdownNow();
    }
    assertThat(audit.closeAndFlush(Duration.ofSeconds(20)).isComplete()).isTrue();
  }

  @Test
  void deadLetteredEventIsSettled() {
    ledger.refuse(event -> event.agentId().equals("agent:refused"));
    DeferredAudit audit = audits.start(ledger.recording());
    audit.queue().submit(refusal("agent:alice", 1));
    audit.queue().submit(refusal("agent:refused", 2));
    audit.queue().submit(refusal("agent:alice", 3));
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.rows()).hasSize(2);
    assertThat(ledger.deadLetters()).hasSize(1);
    DrainReport report = audit.closeAndFlush();
    assertThat(report.appended()).isEqualTo(2);
    assertThat(report.dead()).isEqualTo(1);
  }

  /**
   * After a restart, the events that an earlier run left in the store are drained first, and the
   * counters include them (D2).
   */
  @Test
  void eventsOfEarlierRunAreDrainedFirst() {
    MemoryStore store = new MemoryStore();
    DeferredAuditQueue earlier = new DeferredAuditQueue(store, new AuditCounters());
    List<UUID> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      DeferredAuditEvent event = refusal("agent:before", i);
      assertThat(earlier.submit(event)).isTrue();
      ids.add(event.id());
    }
    DeferredAudit audit = audits.start(store, ledger.recording(), DrainSettings.ofDefaults());
    DeferredAuditEvent event = refusal("agent:after", 4);
    audit.queue().submit(event);
    ids.add(event.id());
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).isEqualTo(ids);
    assertThat(audit.queue().metrics().submitted()).isEqualTo(4);
    assertThat(audit.queue().metrics().appended()).isEqualTo(4);
  }
}
