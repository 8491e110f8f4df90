// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.decision.Decision;
import dev.indelible.event.VerdictCounts;
import dev.indelible.health.HealthEntries;
import dev.indelible.health.HealthEntry;
import dev.indelible.health.HealthReasons;
import dev.indelible.health.Throttle;
import dev.indelible.queue.VerdictCounters.Verdict;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The counters of one run (D10): queue, drainer and ledger writer count here, and {@link
 * DeferredAuditMetrics} is a snapshot of it. Safe for use by any number of threads.
 */
public final class AuditCounters {
  /** A counter that only grows. */
  public enum Counter {
    /** Events in the chain. */
    APPENDED,
    /** Events in the chain whose rows have no signature of their own. */
    UNSIGNED,
    /** Events in the dead letters. */
    DEAD_LETTERED,
    /** Attempts that the sink reported as failed. */
    APPEND_FAILURES,
    /** Attempts that ended with a throwable that no sink should throw. */
    DRAINER_PANICS,
    /** Lost races for the next sequence. */
    LOST_RACES,
    /** Failures that cost the drainer its sink; also the one that used up the restart budget. */
    DRAINER_RESTARTS,
    /** Accepted events that were lost, as the chain records (D7). */
    LOST,
    /** Batches that the ledger committed. */
    COMMITS,
    /** Nanoseconds that those took together. */
    COMMIT_NANOS
  }

  /** Lost races are logged once per this time at most. */
  private static final Duration RACE_LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(AuditCounters.class);

  /** Events handed in while the queue was open; each of these settles, or is in {@link #failed}. */
  private final VerdictCounters submitted = new VerdictCounters();

  /**
   * Events of {@link #submitted} that were not accepted, by {@link Verdict}. Guarded by itself: a
   * submission whose stack has ended can take a monitor, and call nothing.
   */
  final long[] failed = new long[Verdict.COUNT];

  /**
   * Events rejected at the entry of {@code submit}. Counted in one step, so {@code drainPending}
   * never sees a submission that is about to be rejected.
   */
  private final VerdictCounters rejected = new VerdictCounters();

  /** Decisions of a gate that its caller does not record. */
  private final VerdictCounters unrecorded = new VerdictCounters();

  private final Map<Counter, AtomicLong> counters = new EnumMap<>(Counter.class);
  private final OutcomeCounters outcomes = new OutcomeCounters();

  /** Negative until the ledger was first written; the drainer writes, anyone reads. */
  private volatile long chainSequence = -1;

  /** Negative until the ledger was read; the drainer writes, anyone reads. */
  private volatile long deadLettersWaiting = -1;

  /** Negative until the ledger was read; the drainer writes, anyone reads. */
  private volatile long tamperRows = -1;

  private final Throttle raceLog = Throttle.of(RACE_LOG_INTERVAL);
  private final AuditHealthState health = new AuditHealthState();

  /** Creates counters that are all zero. */
  public AuditCounters() {
    for (Counter counter : Counter.values()) {
      counters.put(counter, new AtomicLong());
    }
  }

  /**
   * The decisions handed in during one run.
   *
   * @param attempts accepted or not
   * @param rejected of those, the ones that were not accepted
   */
  public record Intake(VerdictCounts attempts, VerdictCounts rejected) {}

  /** Counts an event handed in while the queue was open. */
  void countSubmitted(Verdict verdict) {
    submitted.increment(verdict);
  }

  /** Counts an event as submitted and as rejected, in one step. */
  void countRejected(Verdict verdict) {
    rejected.increment(verdict);
  }

  /** Counts events that an earlier run left waiting as submitted; they are no decisions of this. */
  void countRecovered(long events) {
    submitted.add(Verdict.NONE, events);
    outcomes.expectRecovered(events);
  }

  /** Counts a decision that its caller does not record. */
  void countUnrecorded(Decision decision) {
    unrecorded.increment(Verdict.of(decision));
  }

  /** Adds to a counter. */
  public void count(Counter counter, long number) {
    counter(counter).addAndGet(number);
  }

  /** Returns the value of a counter. Allocates nothing. */
  long get(Counter counter) {
    return counter(counter).get();
  }

  @SuppressWarnings("NullAway") // Each counter has its entry since construction.
  private AtomicLong counter(Counter counter) {
    return counters.get(counter);
  }

  /** Returns where this run's decisions ended, by event type; for the drainer's thread. */
  public OutcomeCounters outcomes() {
    return outcomes;
  }

  /** Counts events that are in the chain without a signature of their own. */
  public void countUnsigned(long events) {
    count(Counter.UNSIGNED, events);
  }

  /** Counts a lost race for the next sequence, and logs it, once a minute at most. */
  public void countUniqueRaceRetry() {
    count(Counter.LOST_RACES, 1);
    raceLog.ifDue(
        () ->
            LOG.warn(
                "another writer took the next sequence first; the row is appended behind it."
                    + " {} races were lost so far",
                get(Counter.LOST_RACES)));
  }

  /**
   * Returns the decisions handed in so far. Outcomes are read before this: an event is counted here
   * before it has an outcome.
   */
  public Intake intake() {
    // Rejections first: each was counted as an attempt before.
    VerdictCounts atEntry = rejected.decisions();
    VerdictCounts notAccepted = atEntry.plus(failedDecisions());
    return new Intake(submitted.decisions().plus(atEntry), notAccepted);
  }

  /** Returns the decisions that by design are not recorded, for example those a hook let pass. */
  public VerdictCounts unrecorded() {
    return unrecorded.decisions();
  }

  /** Records the sequence at which the chain ended when it was last written. */
  public void reportChainSequence(long sequence) {
    chainSequence = sequence;
  }

  /**
   * Records how many dead letters wait in the ledger; health has an entry while any wait.
   *
   * @param waiting those that were not replayed
   */
  public void reportDeadLetters(long waiting) {
    deadLettersWaiting = waiting;
    health.entries().set(HealthEntry.DEAD_LETTERS, HealthReasons.deadLetters(waiting));
  }

  /** Records how many rows of the chain report tampering; health has an entry while any do. */
  public void reportTamperRows(long rows) {
    tamperRows = rows;
    health.entries().set(HealthEntry.CHAIN, HealthReasons.tampered(rows));
  }

  /** The state of the log's health. */
  public AuditHealthState health() {
    return health;
  }

  /** The faults that exist although events reach the ledger. */
  public HealthEntries healthEntries() {
    return health.entries();
  }

  /** Returns whether the log was found to contradict what it signed before. */
  public boolean isContradicted() {
    return health.isContradicted();
  }

  /**
   * Returns the number of accepted events, those included of which that is not decided yet.
   * Allocates nothing, because the closer polls it with a full heap too.
   */
  long accepted() {
    // Failures first: an event that fails in between then counts as accepted, never as minus one.
    long notAccepted = failed();
    return submitted.sum() - notAccepted;
  }

  private long failed() {
    long sum = 0;
    synchronized (failed) {
      for (long ofVerdict : failed) {
        sum += ofVerdict;
      }
    }
    return sum;
  }

  private VerdictCounts failedDecisions() {
    synchronized (failed) {
      return VerdictCounters.decisions(verdict -> failed[verdict.ordinal()]);
    }
  }

  /** Returns the number of events in the chain or in the dead letters. Allocates nothing. */
  long settled() {
    return get(Counter.APPENDED) + get(Counter.DEAD_LETTERED);
  }

  /**
   * Returns a snapshot of the counters. It reconciles at every moment, because each number is read
   * before those that it is a part of.
   *
   * @param store the store of the queue
   * @param health the health of the log
   */
  DeferredAuditMetrics snapshot(EventStore store, AuditHealth health) {
    long appended = get(Counter.APPENDED);
    long deadLettered = get(Counter.DEAD_LETTERED);
    long notAccepted = failed();
    long handedIn = submitted.sum();
    long atEntry = rejected.sum();
    return new DeferredAuditMetrics(
        handedIn + atEntry,
        appended,
        get(Counter.UNSIGNED),
        notAccepted + atEntry,
        get(Counter.APPEND_FAILURES),
        get(Counter.DRAINER_PANICS),
        deadLettered,
        get(Counter.LOST_RACES),
        handedIn - notAccepted - appended - deadLettered,
        store.oldestPending().map(DeferredAuditMetrics::age),
        health,
        get(Counter.DRAINER_RESTARTS),
        get(Counter.LOST),
        get(Counter.COMMITS),
        Duration.ofNanos(get(Counter.COMMIT_NANOS)),
        known(chainSequence),
        store.diskBytes(),
        store.syncAge(),
        known(deadLettersWaiting),
        known(tamperRows));
  }

  private static OptionalLong known(long value) {
    return value < 0 ? OptionalLong.empty() : OptionalLong.of(value);
  }
}
