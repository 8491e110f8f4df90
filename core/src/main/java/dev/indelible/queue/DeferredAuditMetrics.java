// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.event.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The counters of one queue at one moment (D10), in decisions and not in batches. At rest {@code
 * submitted = appended + dlqLanded + pending + sendFailures}.
 *
 * @param submitted handed in, accepted or not; what an earlier run left waiting counts too
 * @param appended in the chain
 * @param unsigned of those, the ones whose rows have no signature of their own
 * @param sendFailures not accepted; their callers know
 * @param appendFailures attempts to append that failed and were repeated
 * @param drainerPanics attempts out of which something unexpected was thrown
 * @param dlqLanded in the dead letters
 * @param uniqueRaceRetries races for the next sequence that were lost and run again
 * @param pending accepted and neither appended nor dead-lettered yet
 * @param oldestPending the age of the oldest of those
 * @param health how recording goes
 * @param drainerRestarts failures that cost the drainer its sink, the one that used up a restart
 *     budget among them
 * @param lost accepted events that were lost and of which the chain says so (D7); a loss of which
 *     nobody can tell how much it was counts as one
 * @param commits batches that the ledger took
 * @param commitTime how long those took together, from hand-over to durable
 * @param chainSequence the last sequence when this log last wrote; empty before that
 * @param journalBytes what this process's journal takes on disk; empty if it has none, or no more
 * @param syncAge how long ago what was accepted until then was last known to be on disk, which is
 *     the time of which a power cut may cost what was accepted in it; empty if it has no journal
 * @param deadLettersWaiting dead letters in the ledger that were not replayed, whoever left them,
 *     when this log last looked; empty before that
 * @param tamperRows rows of the chain that report tampering, when this log last looked; empty
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
