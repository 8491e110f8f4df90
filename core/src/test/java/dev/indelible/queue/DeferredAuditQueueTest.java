// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import static dev.indelible.drain.Audits.assertReconciled;
import static dev.indelible.drain.Audits.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.drain.WrappedStore;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.AuditHealth.State;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.monitor.AuditCounters.Counter;
import dev.indelible.pending.EventStore;
import dev.indelible.pending.MemoryStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The queue without a drainer (promises D1, D9 and D10). */
@Timeout(60)
class DeferredAuditQueueTest {
  private final AuditCounters counters = new AuditCounters();
  private final MemoryStore store = new MemoryStore(3);
  private final DeferredAuditQueue queue = new DeferredAuditQueue(store, counters);

  /** Promise D10. */
  @AfterEach
  void countersReconcile() {
    assertReconciled(queue.metrics());
  }

  @Test
  void newQueueIsOpenWithZeroCounters() {
    assertThat(queue.isOpen()).isTrue();
    assertThat(queue.metrics())
        .isEqualTo(
            new DeferredAuditMetrics(
                new DeferredAuditMetrics.Events(0, 0, 0, 0, 0),
                new DeferredAuditMetrics.Failures(0, 0, 0, 0, 0),
                new DeferredAuditMetrics.Ledger(
                    new DeferredAuditMetrics.Commits(0, Duration.ZERO),
                    0,
                    OptionalLong.empty(),
                    OptionalLong.empty(),
                    OptionalLong.empty()),
                new DeferredAuditMetrics.Journal(
                    Optional.empty(), OptionalLong.empty(), Optional.empty()),
                new AuditHealth(State.RECORDING, "")));
  }

  /** A waiting drainer is woken by a new event; it does not poll. */
  @Test
  void submitWakesTheWaitingDrainer() throws Exception {
    Thread drainer =
        new Thread(
            () -> {
              queue.wakeOnSubmit();
              while (queue.isQuiet()) {
                LockSupport.park(queue);
              }
            });
    drainer.start();
    await().until(() -> LockSupport.getBlocker(drainer) == queue);

    assertThat(queue.submit(refusal("agent:alice", 1))).isTrue();

    drainer.join();
    assertThat(queue.isQuiet()).isFalse();
  }

  /** All handles refer to one queue. */
  @Test
  void twoHandlesShareEventsAndCounters() {
    DeferredAuditQueue other = List.of(queue).get(0);
    assertThat(queue.submit(refusal("agent:alice", 1))).isTrue();
    assertThat(other.submit(refusal("agent:bob", 2))).isTrue();
    assertThat(queue.metrics().submitted()).isEqualTo(2);
    assertThat(other.metrics().pending()).isEqualTo(2);
    assertThat(store.peek(9).events())
        .extracting(AuditEvent::agentId)
        .containsExactly("agent:alice", "agent:bob");
  }

  /** Promise D1. */
  @Test
  void closedQueueRejectsWithoutThrowing() {
    queue.close();
    assertThat(queue.isOpen()).isFalse();
    assertThat(queue.submit(refusal("agent:alice", 1))).isFalse();
    assertThat(queue.metrics().submitted()).isEqualTo(1);
    assertThat(queue.metrics().sendFailures()).isEqualTo(1);
    assertThat(store.pending()).isZero();
  }

  /**
   * A closed queue rejects an event in one step, so that callers who wait for the drain never see
   * the event as pending (D9, D10).
   */
  @Test
  void rejectedEventIsNeverPending() throws Exception {
    queue.close();
    AtomicBoolean stop = new AtomicBoolean();
    ExecutorService knocking = Executors.newFixedThreadPool(4);
    try {
      for (int i = 0; i < 4; i++) {
        knocking.submit(
            () -> {
              DeferredAuditEvent event = refusal("agent:late", 1);
              while (!stop.get()) {
                queue.submit(event);
              }
            });
      }
      await().until(() -> queue.metrics().submitted() > 0);
      for (int look = 0; look < 20_000; look++) {
        assertThat(queue.drainPending(Duration.ZERO)).isTrue();
        DeferredAuditMetrics now = queue.metrics();
        assertThat(now.pending()).isZero();
        assertThat(now.sendFailures()).isEqualTo(now.submitted());
        AuditCounters.Intake intake = counters.intake();
        assertThat(intake.rejected()).isEqualTo(intake.attempts());
      }
    } finally {
      stop.set(true);
      knocking.shutdown();
      assertThat(knocking.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  static List<Decision> permitting() {
    return List.of(new Allow(), new Warn("R002", "mind"));
  }

  static List<Decision> blocking() {
    return List.of(new Refuse("R001", "no"), new Escalate("R003", "ask"));
  }

  @ParameterizedTest
  @MethodSource("permitting")
  void permittingDecisionIsNotSubmitted(Decision decision) {
    assertThat(queue.submitRefusal("agent:alice", new Bash("ls"), decision)).isFalse();
    assertThat(queue.metrics().submitted()).isZero();
    assertThat(store.pending()).isZero();
  }

  @ParameterizedTest
  @MethodSource("blocking")
  void blockingDecisionIsSubmitted(Decision decision) {
    assertThat(queue.submitRefusal("agent:alice", new Bash("rm"), decision)).isTrue();
    assertThat(store.peek(9).events())
        .singleElement()
        .isInstanceOfSatisfying(
            DeferredAuditEvent.class,
            event -> {
              assertThat(event.agentId()).isEqualTo("agent:alice");
              assertThat(event.action()).isEqualTo(new Bash("rm"));
              assertThat(event.ruleId()).isEqualTo(decision.ruleId());
              assertThat(event.reason()).isEqualTo(decision.reason());
            });
  }

  /** Promise D1. */
  @Test
  void fullStoreRejectsAndCountsEvents() {
    for (int i = 0; i < 3; i++) {
      assertThat(queue.submit(refusal("agent:alice", i))).isTrue();
    }
    assertThat(queue.submit(refusal("agent:alice", 3))).isFalse();
    assertThat(queue.submit(refusal("agent:alice", 4))).isFalse();
    assertThat(queue.isOpen()).isTrue();
    assertThat(queue.metrics().submitted()).isEqualTo(5);
    assertThat(queue.metrics().sendFailures()).isEqualTo(2);
    assertThat(queue.metrics().pending()).isEqualTo(3);
    store.settle(1);
    counters.count(Counter.APPENDED, 1);
    assertThat(queue.submit(refusal("agent:alice", 5))).isTrue();
  }

  /** An event that the store fails to accept is rejected and counted (D1). */
  @Test
  void failingStoreRejectsTheEvent() {
    EventStore full =
        new WrappedStore() {
          @Override
          public boolean offer(AuditEvent event) {
            throw new StackOverflowError("no stack for another call");
          }
        };
    DeferredAuditQueue failing = new DeferredAuditQueue(full, counters);
    assertThat(failing.submit(refusal("agent:alice", 1))).isFalse();
    assertThat(failing.metrics().sendFailures()).isEqualTo(1);
    assertThat(failing.metrics().pending()).isZero();
    assertThat(failing.drainPending()).isTrue();
    assertReconciled(failing.metrics());
  }

  /** A null event is an error of the caller and is not counted. */
  @Test
  @SuppressWarnings("NullAway")
  void nullEventThrows() {
    assertThatNullPointerException().isThrownBy(() -> queue.submit(null));
    assertThat(queue.metrics().submitted()).isZero();
    assertThat(queue.drainPending()).isTrue();
  }

  @Test
  void drainPendingOfEmptyQueueIsTrueAtOnce() {
    assertThat(queue.drainPending(Duration.ZERO)).isTrue();
  }

  /** Without a drainer the call returns false at its timeout (D9). */
  @Test
  void drainPendingEndsAtItsTimeout() {
    for (int i = 0; i < 3; i++) {
      queue.submit(refusal("agent:alice", i));
    }
    assertThat(queue.drainPending(Duration.ofMillis(100))).isFalse();
  }

  /** The longest possible timeout is not an error (D9). */
  @Test
  void drainPendingAcceptsAnyTimeout() {
    assertThat(queue.drainPending(Duration.ofSeconds(Long.MAX_VALUE))).isTrue();
  }

  /** No caller waits for a drainer that is in a terminal state (D8). */
  @Test
  void finalStateClosesQueueAndEndsTheWait() {
    queue.submit(refusal("agent:alice", 1));
    counters.health().report(new AuditHealth(State.SINK_FAILED, "gone"));
    assertThat(queue.isOpen()).isFalse();
    assertThat(queue.submit(refusal("agent:alice", 2))).isFalse();
    assertThat(queue.drainPending(Duration.ofHours(1))).isFalse();
    assertThat(queue.metrics().pending()).isEqualTo(1);
  }

  /** Promise D8. */
  @Test
  void finalStateIsNotOverwritten() {
    counters.health().report(new AuditHealth(State.SINK_PANICKED, "kaput"));
    counters.health().report(AuditHealth.RECORDING);
    counters.health().report(new AuditHealth(State.CLOSED, ""));
    assertThat(counters.health().current())
        .isEqualTo(new AuditHealth(State.SINK_PANICKED, "kaput"));
  }

  /** The metric is the age of the oldest waiting event; empty if no event is waiting. */
  @Test
  void oldestPendingIsNeverNegative() {
    assertThat(queue.metrics().journal().oldestPending()).isEmpty();
    DeferredAuditEvent model = refusal("agent:alice", 1);
    queue.submit(at(model, model.timestamp().minusSeconds(3_600)));
    queue.submit(model);
    assertThat(queue.metrics().journal().oldestPending().orElseThrow())
        .isGreaterThanOrEqualTo(Duration.ofHours(1));
    store.settle(2);
    counters.count(Counter.APPENDED, 2);
    queue.submit(at(model, model.timestamp().plusSeconds(3_600)));
    assertThat(queue.metrics().journal().oldestPending()).contains(Duration.ZERO);
  }

  private static DeferredAuditEvent at(DeferredAuditEvent model, Instant time) {
    return new DeferredAuditEvent(
        model.id(), model.agentId(), model.action(), model.decision(), model.policy(), time);
  }

  /** Promise D1. */
  @Test
  void rejectionsAreLoggedAtMostOncePerSecond() {
    queue.close();
    PrintStream usual = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    long start = System.nanoTime();
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      for (int i = 0; i < 1_000; i++) {
        queue.submit(refusal("agent:alice", i));
      }
    } finally {
      System.setErr(usual);
    }
    long seconds = Duration.ofNanos(System.nanoTime() - start).toSeconds();
    assertThat(log.toString(StandardCharsets.UTF_8).lines().filter(l -> l.contains("queue closed")))
        .hasSizeBetween(1, (int) seconds + 1);
    assertThat(queue.metrics().sendFailures()).isEqualTo(1_000);
  }
}
