// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.util.function.BooleanSupplier;

/**
 * Group commit: one waiting thread syncs for all threads that were waiting when the sync began.
 * Safe for use by any number of threads.
 */
final class GroupCommit {
  /**
   * Interval, in milliseconds, after which a waiting thread checks the state without a
   * notification.
   */
  private static final long PATIENCE_MILLIS = 100;

  private final BooleanSupplier sync;

  /** The number of the last request; guarded by this object. */
  private long requested;

  /** The number of the last request that a successful sync covers; guarded by this object. */
  private long synced;

  /** True if a thread is syncing; guarded by this object. */
  private boolean busy;

  /** True if a sync has failed, after which none succeeds; guarded by this object. */
  private boolean failed;

  /**
   * Creates a group commit.
   *
   * @param sync syncs everything written before the call; returns true if that succeeded
   */
  GroupCommit(BooleanSupplier sync) {
    this.sync = sync;
  }

  /**
   * Waits until everything that this thread wrote is on disk. An interrupt does not end the wait;
   * the interrupt flag is set again afterwards.
   *
   * @return {@code false} if the sync failed
   */
  boolean await() {
    boolean interrupted = false;
    boolean leading = false;
    boolean done = false;
    long covers = 0;
    try {
      synchronized (this) {
        long request = ++requested;
        while (busy && synced < request && !failed) {
          try {
            // A leader that runs out of stack cannot notify.
            wait(PATIENCE_MILLIS);
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        if (synced >= request || failed) {
          return synced >= request;
        }
        busy = true;
        leading = true;
        covers = requested;
      }
      done = sync.getAsBoolean();
      return done;
    } finally {
      if (leading) {
        synchronized (this) {
          busy = false;
          failed = !done;
          synced = done ? covers : synced;
          notifyAll();
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
