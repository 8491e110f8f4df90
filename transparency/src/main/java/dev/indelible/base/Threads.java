// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import java.time.Duration;

/** Waiting for threads. */
public final class Threads {
  private Threads() {}

  /**
   * Waits until a thread has ended. An interrupt does not end the wait; the interrupt flag is set
   * again at the end.
   */
  public static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until a thread has ended, at most for a time. An interrupt before the call does not
   * shorten the wait, one during it ends it; the interrupt flag is set again at the end.
   *
   * @param patience the longest wait; at least a millisecond
   */
  public static void join(Thread thread, Duration patience) {
    boolean interrupted = Thread.interrupted();
    try {
      thread.join(Math.max(1, patience.toMillis()));
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
