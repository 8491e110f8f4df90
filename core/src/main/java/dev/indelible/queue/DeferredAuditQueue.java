// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.action.AgentAction;
import dev.indelible.base.Throttle;
import dev.indelible.decision.Decision;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.health.HealthEntry;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.monitor.VerdictCounters.Verdict;
import dev.indelible.pending.EventStore;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queue between a gate, which must not wait, and the ledger, whose writes take time (D1, D9).
 * Safe for use by any number of threads.
 *
 * <p>{@link #submit} does no database work, does not wait and throws for no event. {@link
 * #drainPending} waits until all submitted events are settled.
 */
public final class DeferredAuditQueue {
  /** The time that {@link #drainPending()} waits: more than a batch takes on a slow disk (D1). */
  public static final Duration DEFAULT_DRAIN_TIMEOUT = Duration.ofSeconds(5);

  /** The time between two polls of a waiting drain, and of a drainer that was busy recently. */
  public static final Duration DRAIN_POLL_INTERVAL = Duration.ofMillis(10);

  /** The minimum time between two log lines about rejected events. */
  private static final Duration REJECTION_LOG_INTERVAL = Duration.ofSeconds(1);

  private static final Logger LOG = LoggerFactory.getLogger(DeferredAuditQueue.class);

  private final EventStore store;
  private final AuditCounters counters;
  private final Throttle rejections = Throttle.of(REJECTION_LOG_INTERVAL);

  private volatile boolean open = true;

  /** True if the store had no space for the last event; any producer sets it. */
  private volatile boolean full;

  /**
   * The thread of the drainer while it waits for an event; the drainer sets it, producers clear it.
   */
  private volatile @Nullable Thread waiting;

  /**
   * Creates a queue over a store; the events that an earlier run left there count as submitted.
   *
   * @param store the store in which events wait
   * @param counters the counters of the events
   */
  public DeferredAuditQueue(EventStore store, AuditCounters counters) {
    this.store = store;
    this.counters = counters;
    counters.countRecovered(store.recovered());
  }

  /**
   * Submits an event (D2). If the caller's stack is almost exhausted, the event is rejected. If the
   * stack is fully exhausted, the rejection may not be counted, or the call itself throws {@link
   * StackOverflowError}.
   *
   * @return {@code true} if the event was accepted; it then becomes one row of the chain or one
   *     dead letter, unless it is lost in a failure that its {@link Durability} does not cover.
   *     {@code false} if it was rejected, because the queue is closed or full, or the caller has no
   *     stack or memory left. A rejection is counted, and logged at most once a second; the caller
   *     must handle it
   */
  public boolean submit(AuditEvent event) {
    Objects.requireNonNull(event, "event is null");
    if (!StackProbe.hasSpace(StackProbe.SUBMIT_FRAMES) || !isOpen()) {
      return reject(event, "the caller's stack is full");
    }
    Verdict verdict = Verdict.of(event);
    int index = verdict.ordinal();
    // Counted before open is read again, so a close that sees all events settled misses none.
    counters.countSubmitted(verdict);
    boolean accepted = false;
    try {
      accepted = offer(event);
      wakeDrainer();
    } catch (StackOverflowError e) {
      // Counted below, without a method call.
    }
    if (!accepted) {
      synchronized (counters.failed) {
        counters.failed[index]++;
      }
    }
    return accepted;
  }

  /**
   * Counts an event as rejected although it was not submitted: its producer left it out, because
   * the queue rejected an event that has to precede it.
   *
   * @return {@code false}, as {@link #submit} does for a rejected event
   */
  public boolean reject(AuditEvent event) {
    return reject(event, "an earlier event was rejected");
  }

  private boolean reject(AuditEvent event, String reason) {
    try {
      counters.countRejected(Verdict.of(event));
      logRejection(isOpen() ? reason : "queue closed");
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
        full = isOpen();
        logRejection(full ? "the store is full" : "queue closed");
      } else if (full) {
        full = false;
      }
    } catch (RuntimeException | Error e) {
      logRejection(e);
    }
    return accepted;
  }

  private void logRejection(Object reason) {
    if (StackProbe.hasSpace(StackProbe.LOG_FRAMES)) {
      try {
        rejections.ifDue(() -> LOG.error("audit event rejected: {}", reason));
      } catch (RuntimeException | Error e) {
        // Out of memory for a log line. The event is counted, and the caller gets the result.
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
   * Submits a decision that blocks. Does nothing for a decision that permits.
   *
   * @return true if an event was accepted
   */
  public boolean submitRefusal(String agentId, AgentAction action, Decision decision) {
    return DeferredAuditEvent.fromRefusal(agentId, action, decision)
        .map(this::submit)
        .orElse(false);
  }

  /** Counts a decision that its caller does not record, for example one that a hook permitted. */
  public void countUnrecorded(Decision decision) {
    counters.countUnrecorded(decision);
  }

  /** Returns true if events are accepted: the queue is open, and its drainer has not stopped. */
  public boolean isOpen() {
    return open && !counters.health().current().state().isTerminal();
  }

  /**
   * Returns true if the next event will probably be accepted. False if the store rejected the last
   * one and still reports why; a store that has recovered is not full although nobody submits.
   */
  public boolean isAccepting() {
    return isOpen() && !(full && store.trouble().isPresent());
  }

  /**
   * Makes the next submission unpark the calling thread. Called only by the drainer. The drainer
   * must look for events once more before it parks, and park for a limited time, because a
   * concurrent submission may not see the change.
   */
  public void wakeOnSubmit() {
    waiting = Thread.currentThread();
  }

  /** Returns true if no event was submitted since {@link #wakeOnSubmit}. */
  public boolean isQuiet() {
    return waiting != null;
  }

  /** Stops intake. Accepted events still drain. */
  public void close() {
    open = false;
  }

  /** Waits {@link #DEFAULT_DRAIN_TIMEOUT}; see {@link #drainPending(Duration)}. */
  public boolean drainPending() {
    return drainPending(DEFAULT_DRAIN_TIMEOUT);
  }

  /**
   * Waits until every event accepted before this call, also by an earlier run, is settled: in the
   * chain or in the dead letters. Producers may continue meanwhile. An interrupt does not end the
   * wait; the interrupt flag is set again afterwards.
   *
   * @return {@code false} if that took longer than {@code timeout}, or the drainer has stopped
   */
  public boolean drainPending(Duration timeout) {
    long start = System.nanoTime();
    long limit = TimeUnit.NANOSECONDS.convert(timeout);
    boolean interrupted = false;
    while (store.isPartial()
        && System.nanoTime() - start < limit
        && !counters.health().current().state().isTerminal()) {
      LockSupport.parkNanos(this, DRAIN_POLL_INTERVAL.toNanos());
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    Duration left = Duration.ofNanos(Math.max(0, limit - (System.nanoTime() - start)));
    return drainPending(left, left) && !store.isPartial();
  }

  /**
   * Waits like {@link #drainPending(Duration)}, while events are being settled. Does not wait for
   * events of an earlier run that were not found yet, because the ledger cannot be read.
   *
   * @param withoutProgress the time to wait while no event is settled
   * @param atMost the total time to wait
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
      // The target falls if a concurrent submission is rejected. It never rises, because a rise is
      // due to later submissions. Each value covers every event accepted before this call.
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

  /**
   * Returns a snapshot of the counters; it reconciles even while events are being counted (D10).
   */
  public DeferredAuditMetrics metrics() {
    return counters.snapshot(store, health());
  }

  /** Combines the reports of the drainer, the store and the log's followers. */
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
