// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import java.time.Duration;

/**
 * The maximum number of events in a batch. It doubles while full batches commit fast, and halves
 * when a batch takes long. Therefore, under load, many events share the cost of a transaction, and
 * other writers never wait long for the ledger. Used only by the drainer's thread.
 */
final class BatchSize {
  /** The time for which a batch may block other writers. */
  private static final Duration LONGEST = Duration.ofMillis(50);

  private static final int INITIAL = 1_000;

  /** Minimum, in events; in smaller batches the fixed cost of a transaction dominates. */
  private static final int SMALLEST = 128;

  private final int largest;
  private int limit;

  BatchSize(int largest) {
    this.largest = largest;
    this.limit = Math.min(INITIAL, largest);
  }

  /** Returns the maximum number of events in the next batch. */
  int limit() {
    return limit;
  }

  /** Adjusts the limit after a batch was committed. */
  void took(int events, long nanos) {
    if (nanos > LONGEST.toNanos()) {
      limit = Math.min(largest, Math.max(SMALLEST, limit / 2));
    } else if (events >= limit && nanos < LONGEST.toNanos() / 2) {
      limit = Math.min(largest, limit * 2);
    }
  }
}
