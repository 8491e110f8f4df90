// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happened to every event, counted where it happens: written by queue, drainer and sink, read
 * through {@link DeferredAuditMetrics}. Any thread may count.
 */
public final class AuditBooks {
  private static final Logger LOG = LoggerFactory.getLogger(AuditBooks.class);

  private final AtomicLong submitted = new AtomicLong();
  private final AtomicLong sendFailures = new AtomicLong();
  private final LongAdder appended = new LongAdder();
  private final LongAdder unsigned = new LongAdder();
  private final LongAdder dlqLanded = new LongAdder();
  private final LongAdder appendFailures = new LongAdder();
  private final LongAdder drainerPanics = new LongAdder();
  private final LongAdder uniqueRaceRetries = new LongAdder();
  private final LongAdder drainerRestarts = new LongAdder();
  private final LongAdder lost = new LongAdder();
  private final LongAdder commits = new LongAdder();
  private final LongAdder commitNanos = new LongAdder();

  /** Negative until the ledger was first written; the drainer writes, anyone reads. */
  private volatile long chainSequence = -1;

  private volatile Optional<String> concern = Optional.empty();
  private final AtomicReference<AuditHealth> health = new AtomicReference<>(AuditHealth.RECORDING);

  /** Counts events handed in, accepted or not. */
  public void countSubmitted(long events) {
    submitted.addAndGet(events);
  }

  /** Counts an event that was not accepted. */
  public void countSendFailure() {
    sendFailures.incrementAndGet();
  }

  /** Counts events that are in the chain. */
  public void countAppended(long events) {
    appended.add(events);
  }

  /** Counts events that are in the chain without a signature of their own. */
  public void countUnsigned(long events) {
    unsigned.add(events);
  }

  /** Counts events that are in the dead letters. */
  public void countDlqLanded(long events) {
    dlqLanded.add(events);
  }

  /** Counts an attempt that the sink reported as failed. */
  public void countAppendFailure() {
    appendFailures.increment();
  }

  /** Counts an attempt out of which something was thrown that no sink should throw. */
  public void countDrainerPanic() {
    drainerPanics.increment();
  }

  /** Counts a lost race for the next sequence. */
  public void countUniqueRaceRetry() {
    uniqueRaceRetries.increment();
  }

  /** Counts a failure after which the drainer went on, with a fresh sink. */
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

  /** How recording goes. */
  public AuditHealth health() {
    return health.get();
  }

  /** Says how recording goes now; a final state stays. */
  public void report(AuditHealth now) {
    UnaryOperator<AuditHealth> unlessFinal = was -> was.state().isTerminal() ? was : now;
    if (!health.get().equals(now)) {
      health.updateAndGet(unlessFinal);
    }
  }

  /** Says, and logs, what is wrong although recording goes well; the first to be said stays. */
  public void reportConcern(String reason) {
    if (concern.isEmpty()) {
      LOG.error("{}", reason);
      concern = Optional.of(reason);
    }
  }

  Optional<String> concern() {
    return concern;
  }

  /** Says that recording goes well. */
  public void reportRecording() {
    report(AuditHealth.RECORDING);
  }

  long submitted() {
    return submitted.get();
  }

  long sendFailures() {
    return sendFailures.get();
  }

  long appended() {
    return appended.sum();
  }

  long unsigned() {
    return unsigned.sum();
  }

  long dlqLanded() {
    return dlqLanded.sum();
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
    long sequence = chainSequence;
    return sequence < 0 ? OptionalLong.empty() : OptionalLong.of(sequence);
  }
}
