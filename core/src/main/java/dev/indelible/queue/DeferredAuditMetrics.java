// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.event.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A snapshot of the counters of one queue, in decisions and not in batches: {@code submitted =
 * appended + dlqLanded + pending + sendFailures}.
 *
 * @param submitted events submitted, accepted or not, and events that an earlier run left waiting
 * @param appended events in the chain
 * @param unsigned events in the chain whose rows are unsigned
 * @param sendFailures events rejected; their callers were informed
 * @param appendFailures attempts to append that failed and were retried
 * @param drainerPanics attempts that ended with an unexpected throwable
 * @param dlqLanded events in the dead letters
 * @param uniqueRaceRetries lost races for the next sequence, which were retried
 * @param pending events accepted, but neither appended nor dead-lettered yet
 * @param oldestPending the age of the oldest pending event
 * @param health the health of the log
 * @param drainerRestarts failures after which the drainer's sink was closed, including the failure
 *     that used up the restart budget
 * @param lost accepted events that were lost, as the chain records; a loss of unknown size counts
 *     as one
 * @param commits batches that the ledger committed
 * @param commitTime the total time of these commits, from the call of the sink to its return
 * @param chainSequence the last sequence after this log's last write; empty before the first write
 * @param journalBytes bytes of this process's journal on disk; empty without an open journal
 * @param syncAge the greatest age of an accepted event that is not on disk, which a power cut would
 *     cost; empty without an open journal
 * @param deadLettersWaiting dead letters of any process in the ledger that were not replayed, as
 *     last read by this log; empty before the first read
 * @param tamperRows rows of the chain that report tampering, as last read by this log; empty before
 *     the first read
 */
public record DeferredAuditMetrics(
    long submitted,
    long appended,
    long unsigned,
    long sendFailures,
    long appendFailures,
    long drainerPanics,
    long dlqLanded,
    long uniqueRaceRetries,
    long pending,
    Optional<Duration> oldestPending,
    AuditHealth health,
    long drainerRestarts,
    long lost,
    long commits,
    Duration commitTime,
    OptionalLong chainSequence,
    OptionalLong journalBytes,
    Optional<Duration> syncAge,
    OptionalLong deadLettersWaiting,
    OptionalLong tamperRows) {

  /** Returns the time since an event happened; zero for one with a time in the future. */
  static Duration age(Instant event) {
    Duration age = Duration.between(event, Timestamps.now());
    return age.isNegative() ? Duration.ZERO : age;
  }

  /** Returns true if the counters reconcile. */
  public boolean isBalanced() {
    return submitted == appended + dlqLanded + pending + sendFailures;
  }
}
