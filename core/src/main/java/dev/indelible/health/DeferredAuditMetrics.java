// SPDX-License-Identifier: Apache-2.0
package dev.indelible.health;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A snapshot of the counters of one queue (D10, D7). The seven counters that a deferred audit queue
 * usually has, and the number of pending events, have accessors here.
 *
 * @param events the events of this run, by outcome
 * @param failures the failures of this run
 * @param ledger the ledger as this log last saw it
 * @param journal the journal of this process
 * @param health the health of the log
 */
public record DeferredAuditMetrics(
    Events events, Failures failures, Ledger ledger, Journal journal, AuditHealth health) {

  /**
   * Events by outcome, in decisions and not in batches: {@code submitted = appended + dlqLanded +
   * pending + sendFailures}.
   *
   * @param submitted events submitted, accepted or not, events that an earlier run left waiting,
   *     and once more the events that the ledger lost because it went back to an earlier state
   * @param appended events in the chain
   * @param dlqLanded events in the dead letters
   * @param sendFailures events rejected; their callers were informed
   * @param pending events accepted, but neither appended nor dead-lettered yet
   */
  public record Events(
      long submitted, long appended, long dlqLanded, long sendFailures, long pending) {}

  /**
   * Failures of this run.
   *
   * @param append attempts to append that failed and were retried
   * @param drainerPanics attempts that ended with an unexpected throwable
   * @param drainerRestarts failures after which the drainer's sink was closed, including the
   *     failure that used up the restart budget
   * @param uniqueRaceRetries lost races for the next sequence, which were retried
   * @param lost accepted events that were lost, as the chain records; a loss of unknown size counts
   *     as one
   */
  public record Failures(
      long append, long drainerPanics, long drainerRestarts, long uniqueRaceRetries, long lost) {}

  /**
   * The ledger, as this log last saw it. A value is empty before the log first read or wrote it.
   *
   * @param commits the batches that this log committed
   * @param unsigned events that this log appended as unsigned rows
   * @param chainSequence the last sequence after this log's last write
   * @param deadLettersWaiting dead letters of any process that were not replayed
   * @param tamperRows rows of the chain that report tampering
   */
  public record Ledger(
      Commits commits,
      long unsigned,
      OptionalLong chainSequence,
      OptionalLong deadLettersWaiting,
      OptionalLong tamperRows) {}

  /**
   * Committed batches.
   *
   * @param count the number of batches
   * @param time their total time, from the call of the sink to its return
   */
  public record Commits(long count, Duration time) {}

  /**
   * The journal of this process.
   *
   * @param oldestPending the age of the oldest pending event
   * @param bytes bytes of the journal on disk, without retained segments; empty without an open
   *     journal
   * @param syncAge the greatest age of an accepted event that is not on disk and that a power cut
   *     would lose; empty without an open journal
   */
  public record Journal(
      Optional<Duration> oldestPending, OptionalLong bytes, Optional<Duration> syncAge) {}

  /** Returns the number of events submitted. */
  public long submitted() {
    return events.submitted;
  }

  /** Returns the number of events in the chain. */
  public long appended() {
    return events.appended;
  }

  /** Returns the number of events in the dead letters. */
  public long dlqLanded() {
    return events.dlqLanded;
  }

  /** Returns the number of events rejected. */
  public long sendFailures() {
    return events.sendFailures;
  }

  /** Returns the number of events accepted, but neither appended nor dead-lettered yet. */
  public long pending() {
    return events.pending;
  }

  /** Returns the number of failed attempts to append. */
  public long appendFailures() {
    return failures.append;
  }

  /** Returns the number of attempts that ended with an unexpected throwable. */
  public long drainerPanics() {
    return failures.drainerPanics;
  }

  /** Returns the number of lost races for the next sequence. */
  public long uniqueRaceRetries() {
    return failures.uniqueRaceRetries;
  }

  /** Returns true if the counters reconcile. */
  public boolean isBalanced() {
    return submitted() == appended() + dlqLanded() + pending() + sendFailures();
  }
}
