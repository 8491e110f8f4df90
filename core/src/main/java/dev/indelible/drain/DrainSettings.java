// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/**
 * How the drainer works.
 *
 * @param maxBatch most events handed to the sink at once; fewer are while the ledger is slow, so
 *     that no batch keeps it locked for long
 * @param maxRestarts how many failures in a row, without an event settled between them, are
 *     followed by another attempt; the weather does not count
 * @param shutdownHook whether a JVM shutdown hook closes the queue and drains what waits
 */
public record DrainSettings(int maxBatch, int maxRestarts, boolean shutdownHook) {
  /** Large enough that a transaction's cost vanishes, small enough to hold in memory. */
  public static final int DEFAULT_MAX_BATCH = 10_000;

  /** Never gives up: a log that stops by itself is the greater harm. */
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

  /** Settings with a shutdown hook. */
  public DrainSettings(int maxBatch, int maxRestarts) {
    this(maxBatch, maxRestarts, true);
  }

  /** {@link #DEFAULT_MAX_BATCH} and {@link #UNLIMITED_RESTARTS}. */
  public static DrainSettings ofDefaults() {
    return new DrainSettings(DEFAULT_MAX_BATCH, UNLIMITED_RESTARTS);
  }

  /** The same with another restart budget. */
  public DrainSettings withMaxRestarts(int restarts) {
    return new DrainSettings(maxBatch, restarts, shutdownHook);
  }

  /** Returns these settings with or without the shutdown hook. */
  public DrainSettings withShutdownHook(boolean on) {
    return new DrainSettings(maxBatch, maxRestarts, on);
  }
}
