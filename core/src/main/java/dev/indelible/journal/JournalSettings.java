// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.queue.Durability;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one process's journal.
 *
 * @param durability the fault that an accepted event survives; not {@link Durability#MEMORY}
 * @param quotaBytes the maximum size of the journal on disk, in bytes
 * @param syncInterval the time between two syncs with {@link Durability#PROCESS}
 * @param progress receives the number of waiting events found so far while the journal opens, on
 *     the thread that opens it; if null, the number is logged once a second
 */
public record JournalSettings(
    Durability durability,
    long quotaBytes,
    Duration syncInterval,
    @Nullable LongConsumer progress) {
  /** In bytes; enough for hours of events from a busy gate. */
  public static final long DEFAULT_QUOTA_BYTES = 4L << 30;

  /** Short enough to lose little in a power cut, and long enough to spare the disk. */
  public static final Duration DEFAULT_SYNC_INTERVAL = Duration.ofMillis(200);

  /** In bytes: two of the smallest segments, the current one and the next. */
  public static final long MIN_QUOTA_BYTES = 2L * JournalWriter.FIRST_SEGMENT_BYTES;

  /**
   * In bytes; with less free disk space a journal does not grow, so that the rest is left for the
   * ledger.
   */
  public static final long LOW_DISK_BYTES =
      JournalWriter.LEFT_FOR_LEDGER_BYTES + JournalWriter.FIRST_SEGMENT_BYTES;

  public JournalSettings {
    if (durability == Durability.MEMORY) {
      throw new IllegalArgumentException("durability memory has no journal");
    }
    if (quotaBytes < MIN_QUOTA_BYTES) {
      throw new IllegalArgumentException("quota " + quotaBytes + " is under " + MIN_QUOTA_BYTES);
    }
    if (syncInterval.isNegative() || syncInterval.isZero()) {
      throw new IllegalArgumentException("sync interval " + syncInterval + " is not positive");
    }
  }

  /** Creates settings that log the progress of opening. */
  public JournalSettings(Durability durability, long quotaBytes, Duration syncInterval) {
    this(durability, quotaBytes, syncInterval, null);
  }

  /** Returns {@link Durability#PROCESS} with the default quota and interval. */
  public static JournalSettings ofDefaults() {
    return new JournalSettings(Durability.PROCESS, DEFAULT_QUOTA_BYTES, DEFAULT_SYNC_INTERVAL);
  }

  /** Returns these settings with a receiver of the progress of opening. */
  public JournalSettings withProgress(LongConsumer receiver) {
    return new JournalSettings(durability, quotaBytes, syncInterval, receiver);
  }
}
