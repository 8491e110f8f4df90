// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.VerdictCounts;
import dev.indelible.health.HealthEntries;
import dev.indelible.health.HealthEntry;
import dev.indelible.health.HealthReasons;
import dev.indelible.health.Throttle;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happened to every event, counted where it happens: written by queue, drainer and sink, read
 * through {@link DeferredAuditMetrics}. Any thread may count.
 */
public final class AuditCounters {
  /** How often lost races are logged, at most. */
  private static final Duration RACE_LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(AuditCounters.class);

  /** What is counted by verdict has these places, and one for what is no decision. */
  private static final int ALLOW = 0;

  private static final int WARN = 1;
  private static final int REFUSE = 2;
  private static final int ESCALATE = 3;
  private static final int NO_DECISION = 4;
  private static final int KINDS = 5;

  /** Handed in while the queue was open; each of these ends, or is among {@link #sendFailures}. */
  private final AtomicLong[] submitted = counters();

  private final AtomicLong[] sendFailures = counters();

  /**
   * Handed in when the queue was closed: submitted and not accepted, in one step. So nobody who
   * waits for the end of what was under way sees them come and go.
   */
  private final AtomicLong[] turnedAway = counters();

  /** What a gate answered and its asker does not put on record. */
  private final LongAdder[] unrecorded = {
    new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder()
  };

  final Object uncounted = new Object();

  /**
   * Not accepted and not in {@link #sendFailures}, which takes a call: the caller had no stack left
   * for one. Guarded by {@link #uncounted}.
   */
  final long[] uncountedRejected = new long[KINDS];

  /** The same, where the stack did not even reach for the monitor. */
  final long[] alsoUncountedRejected = new long[KINDS];

  /** Publishes {@link #alsoUncountedRejected}; written after it and read before. */
  volatile boolean alsoUncounted;

  private final OutcomeCounters outcomes = new OutcomeCounters();
  private final AtomicLong appended = new AtomicLong();
  private final LongAdder unsigned = new LongAdder();
  private final AtomicLong dlqLanded = new AtomicLong();
  private final LongAdder appendFailures = new LongAdder();
  private final LongAdder drainerPanics = new LongAdder();
  private final LongAdder uniqueRaceRetries = new LongAdder();
  private final LongAdder drainerRestarts = new LongAdder();
  private final LongAdder lost = new LongAdder();
  private final LongAdder commits = new LongAdder();
  private final LongAdder commitNanos = new LongAdder();

  /** Negative until the ledger was first written; the drainer writes, anyone reads. */
  private volatile long chainSequence = -1;

  /** Negative until the ledger was read; the drainer writes, anyone reads. */
  private volatile long deadLettersWaiting = -1;

  /** Negative until the ledger was read; the drainer writes, anyone reads. */
  private volatile long tamperRows = -1;

  private final Throttle raceLog = Throttle.of(RACE_LOG_INTERVAL);

  private final HealthEntries healthEntries = new HealthEntries();
  private volatile boolean contradicted;
  private final AtomicReference<AuditHealth> health = new AtomicReference<>(AuditHealth.RECORDING);

  /**
   * Where an event is counted among those of its verdict. One that was read back tells its type
   * alone, and counts as that type's first verdict.
   */
  static int kind(AuditEvent event) {
    if (event instanceof DeferredAuditEvent decided) {
      return kind(decided.decision());
    }
    return switch (event.eventType()) {
      case DeferredAuditEvent.CHECK -> ALLOW;
      case DeferredAuditEvent.REFUSAL -> REFUSE;
      default -> NO_DECISION;
    };
  }

  private static int kind(Decision decision) {
    if (decision instanceof Refuse) {
      return REFUSE;
    }
    if (decision instanceof Escalate) {
      return ESCALATE;
    }
    return decision instanceof Warn ? WARN : ALLOW;
  }

  /** Counts an event handed in, accepted or not; unless it was turned away. */
  void countSubmitted(int kind) {
    submitted[kind].incrementAndGet();
  }

  /** Counts events that an earlier run left waiting: handed in, and not in this run. */
  void countRecovered(long events) {
    submitted[NO_DECISION].addAndGet(events);
    outcomes.expectRecovered(events);
  }

  /** Counts an event that was not accepted. */
  void countSendFailure(int kind) {
    sendFailures[kind].incrementAndGet();
  }

  /** Counts an event handed in that is not accepted, whatever else may be. */
  void countTurnedAway(int kind) {
    turnedAway[kind].incrementAndGet();
  }

  /** Counts a decision that is not put on record. */
  void countUnrecorded(Decision decision) {
    unrecorded[kind(decision)].increment();
  }

  /**
   * The decisions handed in so far in this run, and how many of them were not accepted. Where the
   * others ended is to be read before this: each is counted here first.
   */
  public Intake intake() {
    long[] attempts = new long[KINDS];
    long[] rejected = new long[KINDS];
    for (int kind = 0; kind < KINDS; kind++) {
      long atTheDoor = turnedAway[kind].get();
      // Before the attempts: every rejection was counted as an attempt first.
      rejected[kind] = sendFailures(kind) + atTheDoor;
      attempts[kind] = submitted[kind].get() + atTheDoor;
    }
    return new Intake(verdicts(attempts), verdicts(rejected));
  }

  /**
   * What was handed in to one run.
   *
   * @param attempts accepted or not
   * @param rejected of those, not accepted
   */
  public record Intake(VerdictCounts attempts, VerdictCounts rejected) {}

  private static VerdictCounts verdicts(long[] byKind) {
    return new VerdictCounts(byKind[ALLOW], byKind[WARN], byKind[REFUSE], byKind[ESCALATE]);
  }

  /** The decisions so far that are by design not put on record, as what a hook let pass. */
  public VerdictCounts unrecorded() {
    return new VerdictCounts(
        unrecorded[ALLOW].sum(), unrecorded[WARN].sum(),
        unrecorded[REFUSE].sum(), unrecorded[ESCALATE].sum());
  }

  private long sendFailures(int kind) {
    boolean more = alsoUncounted;
    synchronized (uncounted) {
      return sendFailures[kind].get()
          + uncountedRejected[kind]
          + (more ? alsoUncountedRejected[kind] : 0);
    }
  }

  private static AtomicLong[] counters() {
    AtomicLong[] counters = new AtomicLong[KINDS];
    Arrays.setAll(counters, kind -> new AtomicLong());
    return counters;
  }

  /** Returns where this run's decisions ended, by event type; for the drainer's thread. */
  public OutcomeCounters outcomes() {
    return outcomes;
  }

  /** Counts events that are in the chain. */
  public void countAppended(long events) {
    appended.addAndGet(events);
  }

  /** Counts events that are in the chain without a signature of their own. */
  public void countUnsigned(long events) {
    unsigned.add(events);
  }

  /** Counts events that are in the dead letters. */
  public void countDlqLanded(long events) {
    dlqLanded.addAndGet(events);
  }

  /** Counts an attempt that the sink reported as failed. */
  public void countAppendFailure() {
    appendFailures.increment();
  }

  /** Counts an attempt out of which something was thrown that no sink should throw. */
  public void countDrainerPanic() {
    drainerPanics.increment();
  }

  /** Counts a lost race for the next sequence, and logs it, once a minute at most. */
  public void countUniqueRaceRetry() {
    uniqueRaceRetries.increment();
    raceLog.ifDue(
        () ->
            LOG.warn(
                "another writer took the next sequence first; the row is appended behind it."
                    + " {} races were lost so far",
                uniqueRaceRetries.sum()));
  }

  /** Counts a failure that cost the drainer its sink; also the one that used up the budget. */
  public void countDrainerRestart() {
    drainerRestarts.increment();
  }

  /** Counts accepted events that were lost, and of which the chain says so (D7). */
  public void countLost(long events) {
    lost.add(events);
  }

  /** Counts a batch that the ledger took, and how long that was. */
  public void countCommit(long nanos) {
    commits.increment();
    commitNanos.add(nanos);
  }

  /** Says where the chain ended when it was last written to. */
  public void reportChainSequence(long sequence) {
    chainSequence = sequence;
  }

  /**
   * Reports how many dead letters wait in the ledger; health has an entry while there are some.
   *
   * @param waiting those that were not replayed
   */
  public void reportDeadLetters(long waiting) {
    deadLettersWaiting = waiting;
    healthEntries.set(HealthEntry.DEAD_LETTERS, HealthReasons.deadLetters(waiting));
  }

  /**
   * Reports how many rows of the chain say that it was tampered with; health has an entry while
   * there are some.
   */
  public void reportTamperRows(long rows) {
    tamperRows = rows;
    healthEntries.set(HealthEntry.CHAIN, HealthReasons.tampered(rows));
  }

  /** How recording goes. */
  public AuditHealth health() {
    return health.get();
  }

  /** Reports how recording goes now; a final state stays. Allocates nothing. */
  public void report(AuditHealth now) {
    AuditHealth was = health.get();
    while (was != now && !was.state().isTerminal() && !health.compareAndSet(was, now)) {
      was = health.get();
    }
  }

  /** What is wrong although events reach the ledger. */
  public HealthEntries healthEntries() {
    return healthEntries;
  }

  /**
   * Reports that the log contradicts what it signed before: recording goes on, and no checkpoint is
   * signed any more.
   *
   * @param source who found it, the key of the health entry
   */
  public void reportContradiction(String source, String reason) {
    contradicted = true;
    healthEntries.set(source, reason);
  }

  /** Whether the log was found not to continue what it signed before. */
  public boolean isContradicted() {
    return contradicted;
  }

  /** Reports that events reach the ledger. */
  public void reportRecording() {
    report(AuditHealth.RECORDING);
  }

  /**
   * Events accepted, and those of which that is not known yet. What was not accepted is read first:
   * an event that is refused in between then counts as accepted, not as none. Makes no object:
   * whoever waits for the drainer asks again and again, with a full heap too.
   */
  long accepted() {
    long rejected = sendFailures();
    return submitted() - rejected;
  }

  /** Events that are in the chain or in the dead letters. */
  long settled() {
    return appended() + dlqLanded();
  }

  /** Events that were turned away. */
  long turnedAway() {
    return sum(turnedAway);
  }

  /** Events that were not accepted while the queue was open. */
  long sendFailures() {
    long sum = 0;
    for (int kind = 0; kind < KINDS; kind++) {
      sum += sendFailures(kind);
    }
    return sum;
  }

  /** Events handed in while the queue was open. */
  long submitted() {
    return sum(submitted);
  }

  private static long sum(AtomicLong[] byKind) {
    long sum = 0;
    for (AtomicLong ofKind : byKind) {
      sum += ofKind.get();
    }
    return sum;
  }

  long appended() {
    return appended.get();
  }

  long unsigned() {
    return unsigned.sum();
  }

  long dlqLanded() {
    return dlqLanded.get();
  }

  long appendFailures() {
    return appendFailures.sum();
  }

  long drainerPanics() {
    return drainerPanics.sum();
  }

  long uniqueRaceRetries() {
    return uniqueRaceRetries.sum();
  }

  long drainerRestarts() {
    return drainerRestarts.sum();
  }

  long lost() {
    return lost.sum();
  }

  long commits() {
    return commits.sum();
  }

  Duration commitTime() {
    return Duration.ofNanos(commitNanos.sum());
  }

  OptionalLong chainSequence() {
    return known(chainSequence);
  }

  OptionalLong deadLettersWaiting() {
    return known(deadLettersWaiting);
  }

  OptionalLong tamperRows() {
    return known(tamperRows);
  }

  private static OptionalLong known(long value) {
    return value < 0 ? OptionalLong.empty() : OptionalLong.of(value);
  }
}
