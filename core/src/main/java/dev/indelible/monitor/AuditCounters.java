// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import dev.indelible.base.Throttle;
import dev.indelible.decision.Decision;
import dev.indelible.encoding.Timestamps;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.health.HealthEntry;
import dev.indelible.monitor.VerdictCounters.Verdict;
import dev.indelible.pending.EventStore;
import dev.indelible.pending.Redelivery;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The counters of one run (D10). The queue, the drainer and the ledger writer count here; {@link
 * DeferredAuditMetrics} is a snapshot. Safe for use by any number of threads.
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
    /**
     * Failures after which the drainer's sink was closed, including the failure that used up the
     * restart budget.
     */
    DRAINER_RESTARTS,
    /** Accepted events that were lost, as the chain records. */
    LOST,
    /** Batches that the ledger committed. */
    COMMITS,
    /** Total nanoseconds of these commits. */
    COMMIT_NANOS
  }

  /** The minimum time between two log lines about lost races. */
  private static final Duration RACE_LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(AuditCounters.class);

  /**
   * Events submitted while the queue was open; each one is settled later, or is in {@link #failed}.
   */
  private final VerdictCounters submitted = new VerdictCounters();

  /**
   * Events of {@link #submitted} that were not accepted, by {@link Verdict}. Guarded by itself.
   * Public, because a submission whose stack is exhausted can still enter a monitor, but cannot
   * call a method.
   */
  public final long[] failed = new long[Verdict.COUNT];

  /**
   * Events rejected at the entry of {@code submit}. Counted in one step, so {@code drainPending}
   * never sees a submission that is about to be rejected.
   */
  private final VerdictCounters rejected = new VerdictCounters();

  /** Decisions that by design are not recorded, for example those that a hook permitted. */
  private final VerdictCounters unrecorded = new VerdictCounters();

  private final Map<Counter, AtomicLong> counters = new EnumMap<>(Counter.class);
  private final OutcomeCounters outcomes = new OutcomeCounters();

  /** Negative before the first write to the ledger; the drainer writes, any thread reads. */
  private volatile long chainSequence = -1;

  /** Negative before the ledger is first read; the drainer writes, any thread reads. */
  private volatile long deadLettersWaiting = -1;

  /** Negative before the ledger is first read; the drainer writes, any thread reads. */
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
   * The decisions submitted during one run.
   *
   * @param attempts decisions submitted, accepted or not
   * @param rejected the decisions among them that were rejected
   */
  public record Intake(VerdictCounts attempts, VerdictCounts rejected) {}

  /** Counts an event that was submitted while the queue was open. */
  public void countSubmitted(Verdict verdict) {
    submitted.increment(verdict);
  }

  /** Counts an event as submitted and as rejected, in one step. */
  public void countRejected(Verdict verdict) {
    rejected.increment(verdict);
  }

  /**
   * Counts events that an earlier run left waiting as submitted, but not as decisions of this run.
   */
  public void countRecovered(long events) {
    submitted.add(Verdict.NONE, events);
    outcomes.expectRecovered(events);
  }

  /**
   * Counts events that wait again as submitted, but not as decisions of this run. The outcomes that
   * the ledger lost with them are not counted any more.
   *
   * @param positions the ledger's positions of the journals of {@link OutcomeCounters#journals}
   */
  public void countRedelivered(Redelivery found, Map<UUID, Long> positions) {
    submitted.add(Verdict.NONE, found.events());
    outcomes.goBack(positions);
    outcomes.expectRecovered(found.earlier());
  }

  /**
   * Goes back to the decisions that the ledger has of a run that counts each event when it is
   * settled, by its type. A decision that the ledger lost still counts as submitted, but not as one
   * of this run: the run that settles it again counts it.
   *
   * @param positions the ledger's positions of the journals of {@link OutcomeCounters#journals}
   */
  public void goBack(Map<UUID, Long> positions) {
    TypeCounts before = outcomes.settled();
    outcomes.goBack(positions);
    TypeCounts lost = before.minus(outcomes.settled());
    submitted.add(Verdict.ALLOW, -lost.checks());
    submitted.add(Verdict.REFUSE, -lost.refusals());
    submitted.add(Verdict.NONE, lost.total());
  }

  /** Counts a decision that its caller does not record. */
  public void countUnrecorded(Decision decision) {
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

  /** Returns the outcomes of this run's decisions, by event type. Used by the drainer's thread. */
  public OutcomeCounters outcomes() {
    return outcomes;
  }

  /** Counts a lost race for the next sequence. Logs at most once a minute. */
  public void countUniqueRaceRetry() {
    count(Counter.LOST_RACES, 1);
    raceLog.ifDue(
        () ->
            LOG.warn(
                "another writer took the next sequence first; this row is appended after it."
                    + " Races lost so far: {}",
                get(Counter.LOST_RACES)));
  }

  /**
   * Returns the decisions submitted so far. An event is counted here before it has an outcome, so a
   * caller that needs both reads the outcomes first.
   */
  public Intake intake() {
    // Rejections are read first, so that every rejection read is also among the attempts.
    VerdictCounts atEntry = rejected.decisions();
    VerdictCounts notAccepted = atEntry.plus(failedDecisions());
    return new Intake(submitted.decisions().plus(atEntry), notAccepted);
  }

  /**
   * Returns the decisions that by design are not recorded, for example those that a hook permitted.
   */
  public VerdictCounts unrecorded() {
    return unrecorded.decisions();
  }

  /** Records the last sequence of the chain after a write. */
  public void reportChainSequence(long sequence) {
    chainSequence = sequence;
  }

  /**
   * Records the number of waiting dead letters in the ledger. Health has an entry while any wait.
   *
   * @param waiting the number of dead letters that were not replayed
   */
  public void reportDeadLetters(long waiting) {
    deadLettersWaiting = waiting;
    health.entries().set(HealthEntry.DEAD_LETTERS, HealthReasons.deadLetters(waiting));
  }

  /** Records the number of rows that report tampering. Health has an entry while there are any. */
  public void reportTamperRows(long rows) {
    tamperRows = rows;
    health.entries().set(HealthEntry.CHAIN, HealthReasons.tampered(rows));
  }

  /** Returns the state of the log's health. */
  public AuditHealthState health() {
    return health;
  }

  /** Returns the faults that exist although events reach the ledger. */
  public HealthEntries healthEntries() {
    return health.entries();
  }

  /** Returns true if the log was found to contradict its own signed checkpoints. */
  public boolean isContradicted() {
    return health.isContradicted();
  }

  /**
   * Returns the number of accepted events, including submissions in progress. Allocates nothing,
   * because the closing thread polls it even with a full heap.
   */
  public long accepted() {
    // Failures are read first, so an event that fails in between counts as accepted, and the result
    // is never too low.
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
  public long settled() {
    return get(Counter.APPENDED) + get(Counter.DEAD_LETTERED);
  }

  /**
   * Returns a snapshot of the counters. The snapshot always reconciles, because each number is read
   * before the totals that include it.
   *
   * @param store the store of the queue
   * @param health the health of the log
   */
  public DeferredAuditMetrics snapshot(EventStore store, AuditHealth health) {
    long appended = get(Counter.APPENDED);
    long deadLettered = get(Counter.DEAD_LETTERED);
    long notAccepted = failed();
    long handedIn = submitted.sum();
    long atEntry = rejected.sum();
    return new DeferredAuditMetrics(
        new DeferredAuditMetrics.Events(
            handedIn + atEntry,
            appended,
            deadLettered,
            notAccepted + atEntry,
            handedIn - notAccepted - appended - deadLettered),
        new DeferredAuditMetrics.Failures(
            get(Counter.APPEND_FAILURES),
            get(Counter.DRAINER_PANICS),
            get(Counter.DRAINER_RESTARTS),
            get(Counter.LOST_RACES),
            get(Counter.LOST)),
        new DeferredAuditMetrics.Ledger(
            new DeferredAuditMetrics.Commits(
                get(Counter.COMMITS), Duration.ofNanos(get(Counter.COMMIT_NANOS))),
            get(Counter.UNSIGNED),
            known(chainSequence),
            known(deadLettersWaiting),
            known(tamperRows)),
        new DeferredAuditMetrics.Journal(
            store.oldestPending().map(AuditCounters::age), store.diskBytes(), store.syncAge()),
        health);
  }

  /** Returns the time since an event happened; zero if the time of the event is in the future. */
  private static Duration age(Instant event) {
    Duration age = Duration.between(event, Timestamps.now());
    return age.isNegative() ? Duration.ZERO : age;
  }

  private static OptionalLong known(long value) {
    return value < 0 ? OptionalLong.empty() : OptionalLong.of(value);
  }
}
