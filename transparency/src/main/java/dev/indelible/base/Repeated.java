// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A result that is computed at most once per second, by one thread at a time; meanwhile other
 * threads get the previous result. Safe for use by any number of threads.
 *
 * @param <T> the type of the result
 * @param <E> the exception if the computation fails
 */
public final class Repeated<T, E extends Exception> {
  private static final long REPEATED_NANOS = Duration.ofSeconds(1).toNanos();

  private record Made<T>(long at, T answer) {}

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

  /** Returns the result; waits only for the first one. */
  public T get() throws E {
    Made<T> before = last;
    if (before != null && (isFresh(before) || !making.tryLock())) {
      return before.answer();
    }
    if (before == null) {
      making.lock();
    }
    try {
      Made<T> meanwhile = last;
      if (meanwhile != null && isFresh(meanwhile)) {
        return meanwhile.answer();
      }
      Made<T> now = new Made<>(nanoTime.getAsLong(), maker.get());
      last = now;
      return now.answer();
    } finally {
      making.unlock();
    }
  }

  private boolean isFresh(Made<T> made) {
    return nanoTime.getAsLong() - made.at() < REPEATED_NANOS;
  }
}
