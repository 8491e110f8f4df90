// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.Timestamps;
import dev.indelible.health.HealthEntry;
import dev.indelible.health.Throttle;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way from a gate, which must not wait, to the ledger, which takes its time. Shared by any
 * number of threads.
 *
 * <p>D1: {@link #submit} does no database work, waits for no one and throws for no event. D9:
 * {@link #drainPending} waits until what was submitted is settled.
 */
public final class DeferredAuditQueue {
  /** How long {@link #drainPending()} waits. */
  public static final Duration DEFAULT_DRAIN_TIMEOUT = Duration.ofSeconds(5);

  /** How often a waiting drain looks; also how long the drainer rests when there is nothing. */
  public static final Duration DRAIN_POLL_INTERVAL = Duration.ofMillis(10);

  /** How often a rejected event is logged, at most. */
  private static final Duration REJECTION_LOG_INTERVAL = Duration.ofSeconds(1);

  private static final Logger LOG = LoggerFactory.getLogger(DeferredAuditQueue.class);

  private final EventStore store;
  private final AuditCounters counters;
  private final Throttle rejections = Throttle.of(REJECTION_LOG_INTERVAL);

  private volatile boolean open = true;

  /** The drainer's thread while it waits for an event; the drainer sets it, producers clear it. */
  private volatile @Nullable Thread waiting;

  /**
   * A queue over a store; what an earlier run left in the store counts as submitted to this one.
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
   * Hands in an event. At the end of the caller's stack too the answer is {@code false}, or a
   * {@link StackOverflowError} if there was no room even to begin; then the event is neither
   * accepted nor counted.
   *
   * @return {@code true}: accepted, and from here on D2 holds. {@code false}: not accepted, because
   *     the queue is closed or full; counted, logged once a second at most, and for the caller to
   *     act upon
   */
  public boolean submit(AuditEvent event) {
    Objects.requireNonNull(event, "event is null");
    int kind = AuditCounters.kind(event);
    if (!isOpen()) {
      turnAway(kind);
      return false;
    }
    // Counted before open is read again: a closer that sees all accepted events settled missed
    // none.
    counters.countSubmitted(kind);
    boolean accepted = false;
    boolean counted = false;
    try {
      accepted = isOpen() && offer(event);
      if (!accepted) {
        counters.countSendFailure(kind);
        counted = true;
        rejections.ifDue(this::logRejection);
      }
      Thread drainer = waiting;
      if (drainer != null) {
        waiting = null;
        LockSupport.unpark(drainer);
      }
    } catch (RuntimeException | Error e) {
      // Out of stack or memory: what is left to do is done below, without a call.
    }
    if (!accepted && !counted) {
      try {
        synchronized (counters.uncounted) {
          counters.uncountedRejected[kind]++;
        }
      } catch (StackOverflowError e) {
        // The interpreter may want a word of stack for the monitor. Without it: right unless two
        // threads come here in the same instant.
        counters.alsoUncountedRejected[kind]++;
        counters.alsoUncounted = true;
      }
    }
    return accepted;
  }

  private void turnAway(int kind) {
    counters.countTurnedAway(kind);
    try {
      rejections.ifDue(this::logRejection);
    } catch (RuntimeException | Error e) {
      // Out of stack or memory: it is counted, and the caller knows.
    }
  }

  /** Whether the store took the event; one that fails, out of memory for example, did not. */
  private boolean offer(AuditEvent event) {
    try {
      return store.offer(event);
    } catch (StackOverflowError e) {
      // Not logged from here: a logger whose stack ends too may never let go of its lock.
      return false;
    } catch (RuntimeException | Error e) {
      rejections.ifDue(() -> LOG.error("audit event not accepted: {}", e, e));
      return false;
    }
  }

  private void logRejection() {
    LOG.error("audit event not accepted: {}", isOpen() ? "no room left" : "queue closed");
  }

  /**
   * Hands in a decision that blocks; does nothing for one that permits.
   *
   * @return whether an event was accepted
   */
  public boolean submitRefusal(String agentId, AgentAction action, Decision decision) {
    return DeferredAuditEvent.fromRefusal(agentId, action, decision)
        .map(this::submit)
        .orElse(false);
  }

  /**
   * Counts a decision that its asker does not put on record, as what a hook let pass: no event, and
   * an attempt all the same.
   */
  public void countUnrecorded(Decision decision) {
    counters.countUnrecorded(decision);
  }

  /** Whether events are accepted: not closed, and the drainer not given up. */
  public boolean isOpen() {
    return open && !counters.health().state().isTerminal();
  }

  /**
   * Has the next submission unpark the calling thread. For the drainer alone, which looks for
   * events once more before it parks, and parks for a limited time: a submission that is placed in
   * the same instant may not see it.
   */
  public void wakeOnSubmit() {
    waiting = Thread.currentThread();
  }

  /** Whether no event was submitted since {@link #wakeOnSubmit}. */
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
   * letters. Producers may go on meanwhile. An interrupt does not cut the wait short; it is still
   * set afterwards.
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
        && !counters.health().state().isTerminal()) {
      LockSupport.parkNanos(this, DRAIN_POLL_INTERVAL.toNanos());
      interrupted |= Thread.interrupted();
      now = System.nanoTime();
      // Lower when a submission under way was refused; higher is not ours to wait for. Each look by
      // itself is enough: all that was accepted before this call is counted in it.
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

  /** The counters at this moment (D10); they add up, also while a batch is being entered. */
  public DeferredAuditMetrics metrics() {
    // First: what is settled was submitted before.
    long appended = counters.appended();
    long dead = counters.dlqLanded();
    // In this order: what is submitted meanwhile and refused counts as pending, and not as less.
    long rejected = counters.sendFailures();
    long submitted = counters.submitted();
    long turnedAway = counters.turnedAway();
    return new DeferredAuditMetrics(
        submitted + turnedAway,
        appended,
        counters.unsigned(),
        rejected + turnedAway,
        counters.appendFailures(),
        counters.drainerPanics(),
        dead,
        counters.uniqueRaceRetries(),
        submitted - rejected - appended - dead,
        store.oldestPending().map(DeferredAuditQueue::age),
        health(),
        counters.drainerRestarts(),
        counters.lost(),
        counters.commits(),
        counters.commitTime(),
        counters.chainSequence(),
        store.diskBytes(),
        store.syncAge(),
        counters.deadLettersWaiting(),
        counters.tamperRows());
  }

  /** What the drainer, the store and those who watch the log report. */
  private AuditHealth health() {
    return counters
        .health()
        .and(
            store.trouble().stream()
                .map(reason -> new HealthEntry(HealthEntry.JOURNAL, reason))
                .toList())
        .and(counters.healthEntries().all());
  }

  private static Duration age(Instant since) {
    Duration age = Duration.between(since, Timestamps.now());
    return age.isNegative() ? Duration.ZERO : age;
  }
}
