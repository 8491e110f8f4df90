// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A result that is computed at most once per second, by one thread at a time; meanwhile other
 * threads get the previous result, unless it is too old. Safe for use by any number of threads.
 *
 * @param <T> the type of the result
 * @param <E> the exception if the computation fails
 */
public final class Repeated<T, E extends Exception> {
  private static final long REPEATED_NANOS = Duration.ofSeconds(1).toNanos();

  /** An older result no longer describes the present. */
  private static final long STALE_NANOS = Duration.ofSeconds(5).toNanos();

  /** The wait for the first result; afterwards nobody waits. */
  private static final Duration FIRST_PATIENCE = Duration.ofSeconds(1);

  /** Threads that wait for the first result; more get none, so that threads for others are left. */
  private static final int MAX_WAITING = 4;

  private record Made<T>(long at, Instant time, T answer) {}

  /** Thrown if the result is still being computed, and there is no recent one. */
  public static final class LateException extends Exception {
    private static final long serialVersionUID = 1;

    private LateException(@Nullable Instant last) {
      super(
          "cannot be read now; last read "
              + (last == null ? "never" : "at " + last.truncatedTo(ChronoUnit.SECONDS)));
    }
  }

  private final ThrowingSupplier<T, E> maker;
  private final LongSupplier nanoTime;
  private final ReentrantLock making = new ReentrantLock();

  /** The last result; null before the first. */
  private volatile @Nullable Made<T> last;

  /**
   * Creates a result, which is computed when it is first requested.
   *
   * @param maker computes the result; called by a thread that requests it
   */
  public Repeated(ThrowingSupplier<T, E> maker) {
    this(maker, System::nanoTime);
  }

  Repeated(ThrowingSupplier<T, E> maker, LongSupplier nanoTime) {
    this.maker = maker;
    this.nanoTime = nanoTime;
  }

  /**
   * Returns the result; waits for another thread only for the first one, and one second at most.
   *
   * @throws LateException if another thread is still computing the result, and the previous one is
   *     older than five seconds, or there is none
   */
  public T get() throws E, LateException {
    Made<T> before = last;
    if (before != null && isYounger(before, REPEATED_NANOS)) {
      return before.answer();
    }
    if (!mayMake(before == null)) {
      Made<T> recent = last;
      if (recent == null || !isYounger(recent, STALE_NANOS)) {
        throw new LateException(recent == null ? null : recent.time());
      }
      return recent.answer();
    }
    try {
      Made<T> meanwhile = last;
      if (meanwhile != null && isYounger(meanwhile, REPEATED_NANOS)) {
        return meanwhile.answer();
      }
      Made<T> now = new Made<>(nanoTime.getAsLong(), Instant.now(), maker.get());
      last = now;
      return now.answer();
    } finally {
      making.unlock();
    }
  }

  /** Returns true if this thread has the lock. */
  private boolean mayMake(boolean isFirst) {
    if (making.tryLock()) {
      return true;
    }
    if (!isFirst || making.getQueueLength() >= MAX_WAITING) {
      return false;
    }
    try {
      return making.tryLock(FIRST_PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean isYounger(Made<T> made, long nanos) {
    return nanoTime.getAsLong() - made.at() < nanos;
  }
}
