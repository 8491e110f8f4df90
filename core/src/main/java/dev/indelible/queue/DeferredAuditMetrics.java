// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.event.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A snapshot of the counters of one queue (D10), in decisions and not in batches: {@code submitted
 * = appended + dlqLanded + pending + sendFailures}.
 *
 * @param submitted handed in, accepted or not, and events that an earlier run left waiting
 * @param appended in the chain
 * @param unsigned of those in the chain, the ones whose rows have no signature of their own
 * @param sendFailures rejected; their callers know
 * @param appendFailures attempts to append that failed and were retried
 * @param drainerPanics attempts that ended with an unexpected throwable
 * @param dlqLanded in the dead letters
 * @param uniqueRaceRetries lost races for the next sequence, which were retried
 * @param pending accepted and neither appended nor dead-lettered yet
 * @param oldestPending the age of the oldest pending event
 * @param health the health of the log
 * @param drainerRestarts failures that cost the drainer its sink, the one that used up the restart
 *     budget included
 * @param lost accepted events that were lost, as the chain records (D7); a loss of unknown size
 *     counts as one
 * @param commits batches that the ledger committed
 * @param commitTime the time that those took together, from hand-over to durable
 * @param chainSequence the last sequence when this log wrote last; empty before that
 * @param journalBytes bytes of this process's journal on disk; empty without an open journal
 * @param syncAge the greatest age of an accepted event that is not on disk, which a power cut would
 *     cost; empty without an open journal
 * @param deadLettersWaiting dead letters in the ledger that were not replayed, of any process, when
 *     this log read them last; empty before that
 * @param tamperRows rows of the chain that report tampering, when this log read them last; empty
 *     before that
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

  /** Returns whether every event handed in is accounted for. */
  public boolean isBalanced() {
    return submitted == appended + dlqLanded + pending + sendFailures;
  }
}
