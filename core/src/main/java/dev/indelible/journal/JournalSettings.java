// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.time.Duration;

/**
 * How a journal is kept.
 *
 * @param durability what an accepted event survives; not {@link Durability#MEMORY}
 * @param quotaBytes most disk that one process's journal takes
 * @param syncInterval how often {@link Durability#PROCESS} syncs to disk
 */
public record JournalSettings(Durability durability, long quotaBytes, Duration syncInterval) {
  /** Hours of waiting at a busy gate's rate. */
  public static final long DEFAULT_QUOTA_BYTES = 4L << 30;

  /** Little enough to lose in a power cut, seldom enough not to wear a disk. */
  public static final Duration DEFAULT_SYNC_INTERVAL = Duration.ofMillis(200);

  /** Two of the smallest segments: one to write to, one to go on with. */
  public static final long MIN_QUOTA_BYTES = 2L * JournalWriter.FIRST_SEGMENT_BYTES;

  /** Free disk space below which a journal does not grow: the rest is left for the ledger. */
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

  /** {@link Durability#PROCESS} with the default quota and interval. */
  public static JournalSettings ofDefaults() {
    return new JournalSettings(Durability.PROCESS, DEFAULT_QUOTA_BYTES, DEFAULT_SYNC_INTERVAL);
  }
}
