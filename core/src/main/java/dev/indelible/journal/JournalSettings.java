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
 * @param retain the time for which segments stay on disk after their events are settled, so that
 *     these can be delivered again to a ledger that went back to an earlier position; zero to
 *     remove segments at once. They use at most half the quota, and are removed early if new events
 *     need their space
 * @param progress receives the number of waiting events found so far while the journal opens, on
 *     the thread that opens it; if null, the number is logged once a second
 */
public record JournalSettings(
    Durability durability,
    long quotaBytes,
    Duration syncInterval,
    Duration retain,
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
    if (retain.isNegative()) {
      throw new IllegalArgumentException("retention " + retain + " is negative");
    }
  }

  /** Creates settings that log the progress of opening, and retain no settled segments. */
  public JournalSettings(Durability durability, long quotaBytes, Duration syncInterval) {
    this(durability, quotaBytes, syncInterval, Duration.ZERO, null);
  }

  /** Returns {@link Durability#PROCESS} with the default quota and interval. */
  public static JournalSettings ofDefaults() {
    return new JournalSettings(Durability.PROCESS, DEFAULT_QUOTA_BYTES, DEFAULT_SYNC_INTERVAL);
  }

  /** Returns these settings with a receiver of the progress of opening. */
  public JournalSettings withProgress(LongConsumer receiver) {
    return new JournalSettings(durability, quotaBytes, syncInterval, retain, receiver);
  }

  /** Returns these settings with another time for which settled segments are retained. */
  public JournalSettings withRetain(Duration time) {
    return new JournalSettings(durability, quotaBytes, syncInterval, time, progress);
  }
}
