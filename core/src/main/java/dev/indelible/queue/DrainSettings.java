// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

/**
 * The settings of the drainer.
 *
 * @param maxBatch maximum events in a batch; batches are smaller while the ledger is slow, so that
 *     no batch locks it for long
 * @param maxRestarts consecutive failures, with no event settled between them, after which the
 *     drainer tries again; transient faults do not count
 * @param shutdownHook true if a JVM shutdown hook closes the queue and drains it
 */
public record DrainSettings(int maxBatch, int maxRestarts, boolean shutdownHook) {
  /**
   * Events in a batch: enough to make the cost of a transaction negligible, few enough to fit into
   * memory.
   */
  public static final int DEFAULT_MAX_BATCH = 10_000;

  /** The drainer never stops: a log that stops by itself is worse than one that keeps retrying. */
  public static final int UNLIMITED_RESTARTS = Integer.MAX_VALUE;

  public DrainSettings {
    if (maxBatch < 1 || maxRestarts < 0) {
      throw new IllegalArgumentException(
          "maxBatch must be at least 1 and maxRestarts at least 0: "
              + maxBatch
              + ", "
              + maxRestarts);
    }
  }

  /** Creates settings with a shutdown hook. */
  public DrainSettings(int maxBatch, int maxRestarts) {
    this(maxBatch, maxRestarts, true);
  }

  /** Returns settings with {@link #DEFAULT_MAX_BATCH} and {@link #UNLIMITED_RESTARTS}. */
  public static DrainSettings ofDefaults() {
    return new DrainSettings(DEFAULT_MAX_BATCH, UNLIMITED_RESTARTS);
  }

  /** Returns these settings with batches of at most {@code most} events. */
  public DrainSettings withBatchesUpTo(int most) {
    return new DrainSettings(Math.min(maxBatch, most), maxRestarts, shutdownHook);
  }

  /** Returns these settings with another restart budget. */
  public DrainSettings withMaxRestarts(int restarts) {
    return new DrainSettings(maxBatch, restarts, shutdownHook);
  }

  /** Returns these settings with or without the shutdown hook. */
  public DrainSettings withShutdownHook(boolean on) {
    return new DrainSettings(maxBatch, maxRestarts, on);
  }
}
