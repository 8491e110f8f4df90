// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Follows a log from a thread of its own: looks at it from time to time, less often while something
 * is wrong, and once more when the log is closed.
 */
abstract class Follower {
  /** How often the log is looked at while all is well. */
  static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(1);

  /** Longest wait after something was wrong; the wait doubles up to it. */
  private static final Duration LONGEST_BACKOFF = Duration.ofMinutes(1);

  private final Duration interval;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;
  private Duration backoff;

  /** A follower, not yet at work. */
  Follower(String threadName, Duration interval) {
    this.interval = interval;
    this.backoff = interval;
    this.thread = new Thread(this::run, threadName);
    this.thread.setDaemon(true);
  }

  /**
   * Looks at the log; must not throw.
   *
   * @return whether all is well
   * @throws InterruptedException if its closer has gone
   */
  abstract boolean look() throws InterruptedException;

  final void start() {
    thread.start();
  }

  private void run() {
    try {
      boolean last = false;
      while (!last) {
        last = closing.await(look() ? calm() : doubled(), TimeUnit.NANOSECONDS);
      }
      look();
    } catch (InterruptedException e) {
      // Its closer has gone; what it did not do is done after the next start.
      Thread.currentThread().interrupt();
    }
  }

  private long calm() {
    backoff = interval;
    return interval.toNanos();
  }

  private long doubled() {
    Duration now = backoff;
    Duration twice = now.multipliedBy(2);
    backoff = twice.compareTo(LONGEST_BACKOFF) < 0 ? twice : LONGEST_BACKOFF;
    return now.toNanos();
  }

  /** Has it look once more, and end. */
  final void stop() {
    closing.countDown();
  }

  /**
   * Waits for its end, and leaves it if that does not come.
   *
   * @param deadline on the clock of {@link System#nanoTime}
   */
  final void awaitEnd(long deadline) {
    boolean interrupted = Thread.interrupted();
    try {
      thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
    } catch (InterruptedException e) {
      interrupted = true;
    }
    thread.interrupt();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
