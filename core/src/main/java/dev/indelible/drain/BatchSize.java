// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import java.time.Duration;

/**
 * How many events go to the sink at once: twice as many while a full batch goes in fast, half as
 * many when one takes long. So a transaction's cost is shared by many events under load, and nobody
 * else waits long for the ledger. Used by the drainer's thread alone.
 */
final class BatchSize {
  /** How long a batch may keep others from writing to the ledger. */
  private static final Duration LONGEST = Duration.ofMillis(50);

  private static final int INITIAL = 1_000;

  /** Below this the cost of a transaction would be most of what is done. */
  private static final int SMALLEST = 128;

  private final int largest;
  private int limit;

  BatchSize(int largest) {
    this.largest = largest;
    this.limit = Math.min(INITIAL, largest);
  }

  /** Most events that the next batch should have. */
  int limit() {
    return limit;
  }

  /** Learns from a batch that went in. */
  void took(int events, long nanos) {
    if (nanos > LONGEST.toNanos()) {
      limit = Math.min(largest, Math.max(SMALLEST, limit / 2));
    } else if (events >= limit && nanos < LONGEST.toNanos() / 2) {
      limit = Math.min(largest, limit * 2);
    }
  }
}
