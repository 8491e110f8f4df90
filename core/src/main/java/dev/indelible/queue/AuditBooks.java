// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;

/**
 * What happened to every event, counted where it happens: written by queue, drainer and sink, read
 * through {@link DeferredAuditMetrics}. Any thread may count.
 */
public final class AuditBooks {
  private final AtomicLong submitted = new AtomicLong();
  private final AtomicLong sendFailures = new AtomicLong();
  private final LongAdder appended = new LongAdder();
  private final LongAdder unsigned = new LongAdder();
  private final LongAdder dlqLanded = new LongAdder();
  private final LongAdder appendFailures = new LongAdder();
  private final LongAdder drainerPanics = new LongAdder();
  private final LongAdder uniqueRaceRetries = new LongAdder();
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
}
