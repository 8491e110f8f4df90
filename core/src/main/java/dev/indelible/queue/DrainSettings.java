// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

/**
 * The settings of the drainer.
 *
 * @param maxBatch most events handed to the sink at once; fewer while the ledger is slow, so that
 *     no batch locks it for long
 * @param maxRestarts failures in a row, with no event settled between them, that are followed by
 *     another attempt; transient faults do not count
 * @param shutdownHook whether a JVM shutdown hook closes the queue and drains it
 */
public record DrainSettings(int maxBatch, int maxRestarts, boolean shutdownHook) {
  /** Events; enough to make the cost of a transaction vanish, few enough to hold in memory. */
  public static final int DEFAULT_MAX_BATCH = 10_000;

  /** Never stops: a log that stops by itself is the greater harm. */
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

  /** Returns these settings with another restart budget. */
  public DrainSettings withMaxRestarts(int restarts) {
    return new DrainSettings(maxBatch, restarts, shutdownHook);
  }

  /** Returns these settings with or without the shutdown hook. */
  public DrainSettings withShutdownHook(boolean on) {
    return new DrainSettings(maxBatch, maxRestarts, on);
  }
}
