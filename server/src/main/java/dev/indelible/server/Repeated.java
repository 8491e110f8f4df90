// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.base.ThrowingFunction;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Answers about the whole log at most once a second, by one request at a time. Other requests get
 * the answer before, and wait only for the first one.
 */
final class Repeated<E extends Exception> {
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** An answer, and when it was made by {@link System#nanoTime}. */
  private record Made(long at, Response answer) {
    boolean isFresh() {
      return System.nanoTime() - at < FRESH_NANOS;
    }
  }

  private final ThrowingFunction<Request, Response, E> reading;
  private final ReentrantLock lock = new ReentrantLock();

  /** The last answer; null before the first. Written by the thread that holds {@link #lock}. */
  private volatile @Nullable Made last;

  Repeated(ThrowingFunction<Request, Response, E> reading) {
    this.reading = reading;
  }

  Response answer(Request request) throws E {
    Made before = last;
    if (before == null) {
      lock.lock();
    } else if (before.isFresh() || !lock.tryLock()) {
      return before.answer();
    }
    try {
      Made meanwhile = last;
      if (meanwhile != null && meanwhile.isFresh()) {
        return meanwhile.answer();
      }
      Response answer = reading.apply(request);
      last = new Made(System.nanoTime(), answer);
      return answer;
    } finally {
      lock.unlock();
    }
  }
}
