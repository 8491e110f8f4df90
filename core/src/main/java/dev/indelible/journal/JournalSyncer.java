// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.Threads;
import dev.indelible.queue.Durability;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Syncs a journal to disk once per interval, on its own thread ({@link Durability#PROCESS}). Rests
 * while nothing is written. Does nothing with {@link Durability#POWER}: then each event is synced
 * before it is accepted.
 */
final class JournalSyncer {
  /** Interval between two checks while nothing is written; a producer wakes the thread earlier. */
  private static final Duration IDLE_INTERVAL = Duration.ofSeconds(1);

  private final Duration interval;
  private final @Nullable Thread thread;

  /**
   * The first segment that the next sync covers; null with {@link Durability#POWER}. Used by the
   * syncer's thread, and by the closing thread after the syncer's thread has ended.
   */
  private @Nullable Segment unsynced;

  /**
   * The segment that could not be synced and is not settled yet; written by the syncer's thread.
   */
  private volatile @Nullable Path unsyncable;

  /** The {@link System#nanoTime} at which every accepted event was last known to be on disk. */
  private volatile long syncedNanos = System.nanoTime();

  /** True if the thread found nothing to sync and waits for a producer; set by both. */
  private volatile boolean resting;

  private volatile boolean closed;

  /**
   * Creates a syncer; {@link #start} starts its thread.
   *
   * @param first the segment that producers write to
   */
  JournalSyncer(JournalSettings settings, Segment first) {
    this.interval = settings.syncInterval();
    if (settings.durability() == Durability.PROCESS) {
      unsynced = first;
      thread = new Thread(this::run, "indelible-journal-sync");
      thread.setDaemon(true);
    } else {
      thread = null;
    }
  }

  void start() {
    if (thread != null) {
      thread.start();
    }
  }

  /** Ends a rest. Called by a producer after it has claimed its bytes. */
  void wake() {
    if (resting) {
      resting = false;
      LockSupport.unpark(thread);
    }
  }

  /** Ends the thread and waits for it. Does not sync what was written since the last sync. */
  void close() {
    closed = true;
    if (thread != null) {
      LockSupport.unpark(thread);
      Threads.join(thread);
    }
  }

  /** Returns the reason why a power cut would lose events, if a sync has failed. */
  Optional<String> trouble() {
    return Optional.ofNullable(unsyncable).map(file -> file + ": cannot be synced to disk");
  }

  /**
   * Returns the greatest age of an accepted event that is not on disk: a power cut now would lose
   * the events accepted in that time. Zero with {@link Durability#POWER}, and while everything is
   * on disk.
   */
  Duration sinceSync() {
    return thread == null || resting
        ? Duration.ZERO
        : Duration.ofNanos(System.nanoTime() - syncedNanos);
  }

  private void run() {
    while (!closed) {
      LockSupport.parkNanos(this, interval.toNanos());
      if (isSynced()) {
        // A producer claims its bytes before it reads the flag, and this thread sets the flag
        // before it reads the claimed bytes, so one of them sees the other.
        resting = true;
        if (isSynced()) {
          LockSupport.parkNanos(this, IDLE_INTERVAL.toNanos());
        }
        resting = false;
      }
      try {
        if (!closed) {
          sync();
        }
      } catch (RuntimeException | Error e) {
        // There is no memory, perhaps not even for logging. sinceSync() grows until the next sync.
      }
    }
  }

  /** Returns true if the last sync covered everything that producers have claimed so far. */
  private boolean isSynced() {
    Segment segment = Objects.requireNonNull(unsynced);
    return !closed && segment.next() == null && segment.isCovered();
  }

  /**
   * Syncs every segment in which a producer may have written since its last sync: the current one,
   * and earlier ones that still have an unpublished claim.
   */
  void sync() {
    if (thread == null) {
      return;
    }
    long before = System.nanoTime();
    @Nullable Segment failed = null;
    @Nullable Segment next = null;
    for (Segment segment = unsynced; segment != null; segment = segment.next()) {
      if (!segment.syncPublished() && failed == null) {
        failed = segment;
      }
      if (!segment.isDone() && next == null) {
        next = segment;
      }
    }
    // The last segment is never done.
    unsynced = Objects.requireNonNull(next);
    if (failed == null) {
      unsyncable = null;
      syncedNanos = before;
    } else {
      // After this line sinceSync() grows until the ledger has the events of that segment.
      unsyncable = failed.file();
    }
  }
}
