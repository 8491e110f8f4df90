// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Lets an action run at most once per interval, so that a fault that lasts cannot flood the log.
 * Safe for use by any number of threads.
 */
public final class Throttle {
  private final long intervalNanos;
  private final LongSupplier nanoTime;

  /** The time from which the next action may run, on the clock of {@link #nanoTime}. */
  private final AtomicLong nextNanos;

  private Throttle(Duration interval, LongSupplier nanoTime, long firstNanos) {
    this.intervalNanos = TimeUnit.NANOSECONDS.convert(interval);
    this.nanoTime = nanoTime;
    this.nextNanos = new AtomicLong(firstNanos);
  }

  /** Creates a throttle whose first action runs at once. */
  public static Throttle of(Duration interval) {
    return of(interval, System::nanoTime);
  }

  /** Creates a throttle like {@link #of(Duration)}, with another clock. */
  public static Throttle of(Duration interval, LongSupplier nanoTime) {
    return new Throttle(interval, nanoTime, nanoTime.getAsLong());
  }

  /** Creates a throttle whose first action runs once an interval has passed. */
  public static Throttle afterOne(Duration interval, LongSupplier nanoTime) {
    return new Throttle(interval, nanoTime, nanoTime.getAsLong() + interval.toNanos());
  }

  /** Runs the action if an interval has passed since the last one ran. */
  public void ifDue(Runnable action) {
    long now = nanoTime.getAsLong();
    long due = nextNanos.get();
    if (now - due >= 0 && nextNanos.compareAndSet(due, now + intervalNanos)) {
      action.run();
    }
  }
}
