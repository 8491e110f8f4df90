// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import java.util.Map;

/**
 * The state and the counters of a {@link LedgerFeed}.
 *
 * @param state what the feed does
 * @param reason why it does not read; empty while it reads
 * @param events events that it appended, its own reports included
 * @param groups groups that it accepted
 * @param repeated events that were delivered again and skipped
 * @param gaps gaps that it recorded
 * @param refused refusals by reason
 */
public record FeedStatus(
    State state,
    String reason,
    long events,
    long groups,
    long repeated,
    long gaps,
    Map<Refusal, Long> refused) {
  /** The activity of a feed. */
  public enum State {
    /** Opens the ledger and the topic. */
    STARTING,
    /** Waits, because another feed reads the partitions. */
    STANDBY,
    /** Reads the partitions. */
    READING,
    /** Failed, and tries again. */
    FAILED,
    /** Ended. */
    CLOSED
  }

  public FeedStatus {
    refused = Map.copyOf(refused);
  }

  /** Returns the number of all refusals. */
  public long refusals() {
    return refused.values().stream().mapToLong(Long::longValue).sum();
  }
}
