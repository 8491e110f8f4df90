// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import static dev.indelible.drain.Audits.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.DURATION;
import static org.awaitility.Awaitility.await;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.AuditHealth.State;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A failing sink or store loses no event; restarts are limited, and health reports the state
 * (promises D2, D6 and D8).
 */
@Timeout(60)
class SupervisionTest {
  @RegisterExtension final Audits audits = new Audits();
  private final TestLedger ledger = new TestLedger();

  static Stream<Arguments> throwables() {
    return Stream.of(
        failure(() -> new IllegalStateException("test sink")),
        failure(() -> new StackOverflowError("test sink")),
        failure(() -> new NoClassDefFoundError("test/Sink")),
        failure(() -> new OutOfMemoryError("test sink")),
        failure(() -> new IOException("checked, and not declared")),
        failure(() -> new Throwable("neither error nor exception")),
        failure(UnspeakableException::new));
  }

  private static Arguments failure(Supplier<Throwable> failure) {
    return Arguments.argumentSet(failure.get().getClass().getSimpleName(), failure);
  }

  /** Throws when its message is read. */
  private static final class UnspeakableException extends RuntimeException {
    @Override
    public String getMessage() {
      throw new IllegalStateException("this exception has no message");
    }
  }

  /** If the store fails to settle a batch, the drainer retries the batch (D8). */
  @Test
  void failedSettleIsRetried() {
    DeferredAudit audit =
        audits.start(
            new StoreThatFailsToSettleOnce(), ledger.recording(), DrainSettings.ofDefaults());
    DeferredAuditEvent event = refusal("agent:alice", 1);
    assertThat(audit.queue().submit(event)).isTrue();

    assertThat(audit.queue().drainPending()).isTrue();

    assertThat(ledger.ids()).containsExactly(event.id());
    assertThat(ledger.commitsOf(event.id())).isEqualTo(2);
    assertThat(audit.queue().metrics())
        .returns(1L, DeferredAuditMetrics::appended)
        .returns(1L, DeferredAuditMetrics::drainerPanics);
  }

  /**
   * Throws once in {@code settle}, as a store does that runs out of memory while it removes a file.
   */
  private static final class StoreThatFailsToSettleOnce extends WrappedStore {
    private boolean failed;

    @Override
    public void settle(int count) {
      if (!failed) {
        failed = true;
        throw new OutOfMemoryError("test store");
      }
      super.settle(count);
    }
  }

  /** A failed sink is replaced, and no event is lost (D8). */
  @ParameterizedTest
  @MethodSource("throwables")
  void acceptedEventsSurviveASinkFailure(Supplier<Throwable> failure) {
    CountDownLatch gate = audits.gate();
    DeferredAuditSink.Factory failing = ledger.throwingBefore(1, failure);
    DeferredAudit audit =
        audits.start(
            () -> {
              TestLedger.awaitUninterruptibly(gate);
              return failing.create();
            });
    List<UUID> ids = submit(audit, 2);
    gate.countDown();
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).isEqualTo(ids);
    assertThat(audit.queue().metrics())
        .returns(1L, DeferredAuditMetrics::drainerPanics)
        .returns(0L, DeferredAuditMetrics::appendFailures)
        .returns(2L, DeferredAuditMetrics::appended)
        .returns(AuditHealth.State.RECORDING, metrics -> metrics.health().state());
    assertThat(ledger.sinksCreated()).isEqualTo(2);
    assertThat(ledger.sinksClosed()).isEqualTo(1);
  }

  /** The sink commits the rows and throws before it answers (D2). */
  @ParameterizedTest
  @MethodSource("throwables")
  void failureAfterCommitAddsNoSecondRow(Supplier<Throwable> failure) {
    DeferredAudit audit = audits.start(ledger.throwingAfter(1, failure));
    List<UUID> ids = submit(audit, 2);
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).isEqualTo(ids);
    assertThat(ledger.commitsOf(ids.get(0))).isEqualTo(2);
    assertThat(audit.queue().metrics().appended()).isEqualTo(2);
  }

  /** A retried event is recognised by its id, not by its content (D4). */
  @Test
  void retryKeepsEventsWithEqualContentApart() {
    AtomicBoolean fail = new AtomicBoolean();
    DeferredAudit audit =
        audits.start(
            ledger.sink(
                batch -> {
                  if (fail.getAndSet(false)) {
                    throw new IllegalStateException("before the commit");
                  }
                  return ledger.commit(batch);
                }));
    audit.queue().submit(refusal("agent:alice", 7));
    assertThat(audit.queue().drainPending()).isTrue();
    fail.set(true);
    audit.queue().submit(refusal("agent:alice", 7));
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.rows()).hasSize(2);
    assertThat(audit.queue().metrics().drainerPanics()).isEqualTo(1);
  }

  /**
   * With no restart allowed, one failure is final (D8). Health reports it, and the next start
   * appends the event.
   */
  @Test
  void failureWithoutRestartBudgetIsFinal() {
    MemoryStore store = new MemoryStore();
    DeferredAudit audit =
        audits.start(
            store,
            ledger.alwaysThrowing(() -> new IllegalStateException("kaput")),
            DrainSettings.ofDefaults().withMaxRestarts(0));
    DeferredAuditEvent event = refusal("agent:alice", 1);
    assertThat(audit.queue().submit(event)).isTrue();
    await().until(() -> !audit.queue().isOpen());
    assertThat(audit.queue().metrics().health().state()).isEqualTo(State.SINK_PANICKED);
    assertThat(audit.queue().metrics().health().state().label()).isEqualTo("sink_panicked");
    assertThat(audit.queue().metrics().health().reason()).contains("kaput");
    assertThat(audit.queue().submit(refusal("agent:alice", 2))).isFalse();
    assertThat(audit.queue().drainPending()).isFalse();

    DrainReport report = audit.closeAndFlush();
    assertThat(report.isComplete()).isFalse();
    assertThat(report.pending()).isEqualTo(1);
    assertThat(report.rejected()).isEqualTo(1);
    assertThat(report.health().state()).isEqualTo(State.SINK_PANICKED);
    assertThat(audit.queue().metrics().health().state()).isEqualTo(State.SINK_PANICKED);
    assertThat(ledger.attempts()).hasSize(1);

    DeferredAudit next = audits.start(store, ledger.recording(), DrainSettings.ofDefaults());
    assertThat(next.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).containsExactly(event.id());
  }

  /**
   * With three restarts allowed, the drainer makes four attempts, each from the first event (D8).
   */
  @Test
  void failureBeyondTheBudgetIsFinal() {
    CountDownLatch gate = audits.gate();
    DeferredAuditSink.Factory failing =
        ledger.alwaysThrowing(() -> new SinkException("no such column: nonce"));
    DeferredAudit audit =
        audits.start(
            () -> {
              TestLedger.awaitUninterruptibly(gate);
              return failing.create();
            },
            3);
    List<UUID> ids = submit(audit, 5);
    gate.countDown();
    await().until(() -> !audit.queue().isOpen());
    DrainReport report = audit.closeAndFlush();
    assertThat(ledger.attempts())
        .extracting(TestLedger.Attempt::first)
        .containsExactly(ids.get(0), ids.get(0), ids.get(0), ids.get(0));
    assertThat(report.health().state()).isEqualTo(State.SINK_FAILED);
    assertThat(report.health().state().label()).isEqualTo("sink_failed");
    assertThat(report.health().reason()).contains("no such column: nonce");
    assertThat(report.pending()).isEqualTo(5);
    assertThat(audit.queue().metrics().appendFailures()).isEqualTo(4);
    assertThat(audit.queue().metrics().failures().drainerRestarts()).isEqualTo(4);
    assertThat(audit.queue().metrics().drainerPanics()).isZero();
  }

  /** The budget counts consecutive failures: each settled batch resets it (D8). */
  @Test
  void progressResetsTheBudget() {
    AtomicInteger calls = new AtomicInteger();
    DeferredAudit audit =
        audits.start(
            new MemoryStore(),
            ledger.sink(
                batch -> {
                  if (calls.incrementAndGet() % 2 == 1) {
                    throw new SinkException("every other time");
                  }
                  return ledger.commit(batch);
                }),
            new DrainSettings(1, 1));
    List<UUID> ids = submit(audit, 10);
    assertThat(audit.queue().drainPending(Duration.ofSeconds(20))).isTrue();
    assertThat(ledger.ids()).isEqualTo(ids);
    assertThat(audit.queue().metrics().appendFailures()).isEqualTo(10);
  }

  /** A transient fault is retried without limit, and health reports it while it lasts (D6). */
  @Test
  void transientFaultDoesNotUseTheBudget() {
    AtomicBoolean storm = new AtomicBoolean(true);
    DeferredAudit audit =
        audits.start(
            ledger.sink(
                batch -> {
                  if (storm.get()) {
                    throw new SinkUnavailableException("disk full", null);
                  }
                  return ledger.commit(batch);
                }),
            0);
    List<UUID> ids = submit(audit, 3);
    await().until(() -> ledger.attempts().size() >= 5);
    assertThat(audit.queue().metrics().health())
        .isEqualTo(new AuditHealth(State.DEGRADED, "disk full"));
    assertThat(audit.queue().isOpen()).isTrue();
    assertThat(audit.queue().submit(refusal("agent:alice", 4))).isTrue();
    assertThat(ledger.rows()).isEmpty();
    storm.set(false);
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).hasSize(4).startsWith(ids.toArray(UUID[]::new));
    assertThat(ledger.deadLetters()).isEmpty();
    assertThat(audit.queue().metrics().health()).isEqualTo(new AuditHealth(State.RECORDING, ""));
  }

  /** A foreign schema has its own health state, and no event is lost (D6). */
  @Test
  void foreignSchemaFailsUntilRepaired() {
    AtomicBoolean foreign = new AtomicBoolean(true);
    DeferredAudit audit =
        audits.start(
            ledger.sink(
                batch -> {
                  if (foreign.get()) {
                    throw new SinkBlockedException("no column payload", null);
                  }
                  return ledger.commit(batch);
                }));
    submit(audit, 3);
    await()
        .untilAsserted(
            () ->
                assertThat(audit.queue().metrics().health())
                    .isEqualTo(new AuditHealth(State.FAILED, "no column payload")));
    foreign.set(false);
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).hasSize(3);
    assertThat(audit.queue().metrics().health()).isEqualTo(AuditHealth.RECORDING);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " "})
  void blankMessageIsReplacedByTheClassName(String message) {
    DeferredAudit audit = audits.start(ledger.alwaysThrowing(() -> new SinkException(message)));
    submit(audit, 1);
    await().until(() -> audit.queue().metrics().health().state() == State.DEGRADED);
    assertThat(audit.queue().metrics().health().reason()).contains("SinkException");
  }

  /** Promises D6 and D8. */
  @Test
  void transientFaultDoesNotResetTheBudget() {
    AtomicInteger calls = new AtomicInteger();
    DeferredAudit audit =
        audits.start(
            ledger.sink(
                batch -> {
                  if (calls.incrementAndGet() % 2 == 1) {
                    throw new SinkException("poison");
                  }
                  throw new SinkUnavailableException("busy", null);
                }),
            1);
    submit(audit, 1);
    await().until(() -> !audit.queue().isOpen());
    assertThat(ledger.attempts()).hasSize(3);
    assertThat(audit.queue().metrics().health().state()).isEqualTo(State.SINK_FAILED);
  }

  /** An error in the sink factory is retried like an error in the sink (D8). */
  @Test
  void failedSinkCreationIsRetried() {
    AtomicInteger calls = new AtomicInteger();
    DeferredAuditSink.Factory recording = ledger.recording();
    DeferredAudit audit =
        audits.start(
            () -> {
              if (calls.incrementAndGet() <= 2) {
                throw new ExceptionInInitializerError("no driver yet");
              }
              return recording.create();
            });
    List<UUID> ids = submit(audit, 2);
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).isEqualTo(ids);
    assertThat(audit.queue().metrics().drainerPanics()).isEqualTo(2);
  }

  /** An answer with fewer outcomes than events settles nothing (D2). */
  @Test
  void answerOfWrongLengthIsRetried() {
    AtomicBoolean wrong = new AtomicBoolean(true);
    DeferredAudit audit =
        audits.start(
            ledger.sink(
                batch -> {
                  List<AppendOutcome> outcomes = ledger.commit(batch);
                  return wrong.getAndSet(false) ? List.of() : outcomes;
                }));
    List<UUID> ids = submit(audit, 3);
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).isEqualTo(ids);
    assertThat(audit.queue().metrics().appendFailures()).isEqualTo(1);
  }

  /** If reading the answer fails, no event leaves the store uncounted (D10). */
  @Test
  void unreadableAnswerIsRetried() {
    AtomicBoolean unreadable = new AtomicBoolean(true);
    DeferredAudit audit =
        audits.start(
            ledger.sink(
                batch -> {
                  List<AppendOutcome> outcomes = ledger.commit(batch);
                  return unreadable.getAndSet(false) ? new Unreadable(outcomes.size()) : outcomes;
                }));
    List<UUID> ids = submit(audit, 3);
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).isEqualTo(ids);
    assertThat(audit.queue().metrics().appended()).isEqualTo(3);
  }

  private static final class Unreadable extends AbstractList<AppendOutcome> {
    private final int size;

    Unreadable(int size) {
      this.size = size;
    }

    @Override
    public AppendOutcome get(int index) {
      throw new OutOfMemoryError("while the answer is read");
    }

    @Override
    public int size() {
      return size;
    }
  }

  /**
   * The waits start at 10 ms and double. The test checks only a minimum, because a busy machine can
   * only lengthen a wait. The sink interrupts and unparks its thread; either would end a single
   * park too early.
   */
  @Test
  void failingSinkIsRetriedWithGrowingWaits() {
    DeferredAudit audit =
        audits.start(
            ledger.sink(
                batch -> {
                  Thread.currentThread().interrupt();
                  LockSupport.unpark(Thread.currentThread());
                  throw new IllegalStateException("again");
                }));
    submit(audit, 1);
    await().atMost(Duration.ofSeconds(20)).until(() -> ledger.attempts().size() >= 8);
    List<TestLedger.Attempt> attempts = ledger.attempts();
    for (int i = 1; i < 8; i++) {
      long waited = attempts.get(i).nanoTime() - attempts.get(i - 1).nanoTime();
      long least = TimeUnit.MILLISECONDS.toNanos(Math.min(1_000, 10L << (i - 1)));
      assertThat(waited).as("wait %d", i).isGreaterThanOrEqualTo(least);
    }
  }

  /**
   * Closing ends the wait between two attempts (D9). After the eighth attempt the wait is one
   * second.
   */
  @Test
  void closingEndsTheWaitBetweenAttempts() throws Exception {
    // A busy machine may delay one close, so the test tries several times. A drainer that ignored
    // the close would need a second each time.
    List<Duration> taken = new ArrayList<>();
    do {
      taken.add(timeToStopBetweenAttempts());
    } while (taken.size() < 5 && taken.get(taken.size() - 1).toMillis() >= 400);
    assertThat(taken).last().asInstanceOf(DURATION).isLessThan(Duration.ofMillis(400));
  }

  private Duration timeToStopBetweenAttempts() throws Exception {
    TestLedger failing = new TestLedger();
    AtomicReference<Thread> drainer = new AtomicReference<>();
    DeferredAudit audit =
        audits.start(
            failing.sink(
                batch -> {
                  drainer.set(Thread.currentThread());
                  throw new SinkUnavailableException("busy", null);
                }));
    submit(audit, 1);
    await().atMost(Duration.ofSeconds(20)).until(() -> failing.attempts().size() >= 8);
    long start = System.nanoTime();
    audit.closeAndFlush(Duration.ZERO);
    drainer.get().join(Duration.ofSeconds(20).toMillis());
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** An interrupt of its thread does not stop the drainer (D8). */
  @Test
  void interruptedDrainerContinues() {
    AtomicBoolean once = new AtomicBoolean(true);
    DeferredAudit audit =
        audits.start(
            ledger.sink(
                batch -> {
                  if (once.getAndSet(false)) {
                    Thread.currentThread().interrupt();
                  }
                  return ledger.commit(batch);
                }));
    List<UUID> ids = new ArrayList<>(submit(audit, 1));
    assertThat(audit.queue().drainPending()).isTrue();
    ids.addAll(submit(audit, 1));
    assertThat(audit.queue().drainPending()).isTrue();
    assertThat(ledger.ids()).isEqualTo(ids);
  }

  /** Health names the class of a failure that has no message (D11). */
  @Test
  void failureWithoutMessageHasAReason() {
    DeferredAudit audit = audits.start(ledger.alwaysThrowing(() -> new SinkException(null)), 0);
    submit(audit, 1);
    await().until(() -> !audit.queue().isOpen());
    assertThat(audit.queue().metrics().health().reason()).contains("SinkException");
  }

  /** A failure whose message cannot be read is also final once the budget is used up (D8). */
  @Test
  void unreadableFailureIsFinalBeyondTheBudget() {
    DeferredAudit audit = audits.start(ledger.alwaysThrowing(UnspeakableException::new), 0);
    submit(audit, 1);
    await().until(() -> !audit.queue().isOpen());
    assertThat(audit.queue().metrics().health().state()).isEqualTo(State.SINK_PANICKED);
  }

  private static List<UUID> submit(DeferredAudit audit, int events) {
    List<UUID> ids = new ArrayList<>();
    for (int i = 0; i < events; i++) {
      AuditEvent event = refusal("agent:alice", i);
      assertThat(audit.queue().submit(event)).isTrue();
      ids.add(event.id());
    }
    return ids;
  }
}
