// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.HealthEntry;
import dev.indelible.health.Throttle;
import dev.indelible.queue.VerdictCounters.Verdict;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queue between a gate, which must not wait, and the ledger, whose writes take time. Safe for
 * use by any number of threads.
 *
 * <p>D1: {@link #submit} does no database work, waits for nobody and throws for no event. D9:
 * {@link #drainPending} waits until what was submitted is settled.
 */
public final class DeferredAuditQueue {
  /** The time that {@link #drainPending()} waits: more than a batch takes on a slow disk. */
  public static final Duration DEFAULT_DRAIN_TIMEOUT = Duration.ofSeconds(5);

  /** The time between two looks of a waiting drain, and of a drainer that has just been busy. */
  public static final Duration DRAIN_POLL_INTERVAL = Duration.ofMillis(10);

  /** Rejected events are logged once per this time at most (D1). */
  private static final Duration REJECTION_LOG_INTERVAL = Duration.ofSeconds(1);

  private static final Logger LOG = LoggerFactory.getLogger(DeferredAuditQueue.class);

  private final EventStore store;
  private final AuditCounters counters;
  private final Throttle rejections = Throttle.of(REJECTION_LOG_INTERVAL);

  private volatile boolean open = true;

  /** The thread of a drainer that waits for an event; the drainer sets it, producers clear it. */
  private volatile @Nullable Thread waiting;

  /**
   * Creates a queue over a store; the events that an earlier run left there count as submitted.
   *
   * @param store where events wait
   * @param counters where they are counted
   */
  public DeferredAuditQueue(EventStore store, AuditCounters counters) {
    this.store = store;
    this.counters = counters;
    counters.countRecovered(store.recovered());
  }

  /**
   * Hands in an event. If the caller's stack is about to end, the event is rejected; at its very
   * end the rejection is not counted, or the call itself throws {@link StackOverflowError}.
   *
   * @return {@code true}: accepted, and from here on D2 holds. {@code false}: not accepted, because
   *     the queue is closed or full, or the caller has no stack or memory left; counted, logged
   *     once a second at most, and for the caller to act upon
   */
  public boolean submit(AuditEvent event) {
    Objects.requireNonNull(event, "event is null");
    if (!StackProbe.hasRoom(StackProbe.SUBMIT_FRAMES) || !isOpen()) {
      return reject(event);
    }
    Verdict verdict = Verdict.of(event);
    int index = verdict.ordinal();
    // Counted before open is read again, so a closer that sees everything settled missed nothing.
    counters.countSubmitted(verdict);
    boolean accepted = false;
    try {
      accepted = offer(event);
      wakeDrainer();
    } catch (StackOverflowError e) {
      // Counted below, without a call.
    }
    if (!accepted) {
      synchronized (counters.failed) {
        counters.failed[index]++;
      }
    }
    return accepted;
  }

  private boolean reject(AuditEvent event) {
    try {
      counters.countRejected(Verdict.of(event));
      logRejection(isOpen() ? "the caller's stack is full" : "queue closed");
    } catch (StackOverflowError e) {
      // Neither submitted nor rejected is counted, so the counters reconcile.
    }
    return false;
  }

  /** Offers an event to the store. A store that fails, out of memory for example, rejects it. */
  private boolean offer(AuditEvent event) {
    boolean accepted = false;
    try {
      accepted = isOpen() && store.offer(event);
      if (!accepted) {
        logRejection(isOpen() ? "no room left" : "queue closed");
      }
    } catch (RuntimeException | Error e) {
      logRejection(e);
    }
    return accepted;
  }

  private void logRejection(Object reason) {
    if (StackProbe.hasRoom(StackProbe.LOG_FRAMES)) {
      try {
        rejections.ifDue(() -> LOG.error("audit event not accepted: {}", reason));
      } catch (RuntimeException | Error e) {
        // Out of memory for a line of the log. The event is counted, and the caller knows.
      }
    }
  }

  private void wakeDrainer() {
    Thread drainer = waiting;
    if (drainer != null) {
      waiting = null;
      LockSupport.unpark(drainer);
    }
  }

  /**
   * Submits a decision that blocks; does nothing for one that permits.
   *
   * @return whether an event was accepted
   */
  public boolean submitRefusal(String agentId, AgentAction action, Decision decision) {
    return DeferredAuditEvent.fromRefusal(agentId, action, decision)
        .map(this::submit)
        .orElse(false);
  }

  /**
   * Counts a decision that its caller does not record, for example one that a hook let pass: an
   * attempt without an event.
   */
  public void countUnrecorded(Decision decision) {
    counters.countUnrecorded(decision);
  }

  /** Returns whether events are accepted: the queue is open, and its drainer has not stopped. */
  public boolean isOpen() {
    return open && !counters.health().current().state().isTerminal();
  }

  /**
   * Makes the next submission unpark the calling thread. For the drainer alone, which looks for
   * events once more before it parks, and parks for a limited time: a submission at this very
   * instant may not see it.
   */
  public void wakeOnSubmit() {
    waiting = Thread.currentThread();
  }

  /** Returns whether no event was submitted since {@link #wakeOnSubmit}. */
  public boolean isQuiet() {
    return waiting != null;
  }

  /** Stops intake; what was accepted still drains. */
  public void close() {
    open = false;
  }

  /** Waits {@link #DEFAULT_DRAIN_TIMEOUT}; see {@link #drainPending(Duration)}. */
  public boolean drainPending() {
    return drainPending(DEFAULT_DRAIN_TIMEOUT);
  }

  /**
   * Waits until everything accepted before this call is settled: in the chain or in the dead
   * letters. Producers may go on meanwhile. An interrupt does not end the wait; it is still set
   * after.
   *
   * @return {@code false} if that took longer than {@code timeout}, or the drainer has stopped
   */
  public boolean drainPending(Duration timeout) {
    return drainPending(timeout, timeout);
  }

  /**
   * Waits as {@link #drainPending(Duration)} does, for as long as events are being settled.
   *
   * @param withoutProgress how long to wait while no event is settled
   * @param atMost how long to wait in all
   * @return {@code false} if either limit was reached, or the drainer has stopped
   */
  public boolean drainPending(Duration withoutProgress, Duration atMost) {
    long start = System.nanoTime();
    long patience = TimeUnit.NANOSECONDS.convert(withoutProgress);
    long limit = TimeUnit.NANOSECONDS.convert(atMost);
    long target = counters.accepted();
    long settled = counters.settled();
    long now = start;
    long progressed = start;
    boolean interrupted = false;
    while (settled < target
        && now - start < limit
        && now - progressed < patience
        && !counters.health().current().state().isTerminal()) {
      LockSupport.parkNanos(this, DRAIN_POLL_INTERVAL.toNanos());
      interrupted |= Thread.interrupted();
      now = System.nanoTime();
      // Lower when a submission under way was rejected; not higher, which is of later submissions.
      // Each look is enough by itself: it counts everything accepted before this call.
      target = Math.min(target, counters.accepted());
      long before = settled;
      settled = counters.settled();
      progressed = settled > before ? now : progressed;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return counters.settled() >= target;
  }

  /** Returns a snapshot of the counters (D10); it reconciles while events are being counted too. */
  public DeferredAuditMetrics metrics() {
    return counters.snapshot(store, health());
  }

  /** Combines what the drainer, the store and the followers of the log report. */
  private AuditHealth health() {
    return counters
        .health()
        .current()
        .and(
            store.trouble().stream()
                .map(reason -> new HealthEntry(HealthEntry.JOURNAL, reason))
                .toList())
        .and(counters.health().entries().all());
  }
}
