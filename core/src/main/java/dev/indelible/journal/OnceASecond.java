// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.time.Duration;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Passes on the count of a work that takes more than a second, once in each: nothing of a shorter
 * one. Used by one thread.
 */
final class OnceASecond implements LongConsumer {
  private static final long EVERY_NANOS = Duration.ofSeconds(1).toNanos();

  private final LongSupplier nanoTime;
  private final LongConsumer to;
  private long nextNanos;

  /**
   * Begins the first second.
   *
   * @param nanoTime the clock, as {@link System#nanoTime}
   * @param to who is told
   */
  OnceASecond(LongSupplier nanoTime, LongConsumer to) {
    this.nanoTime = nanoTime;
    this.to = to;
    this.nextNanos = nanoTime.getAsLong() + EVERY_NANOS;
  }

  @Override
  public void accept(long count) {
    long now = nanoTime.getAsLong();
    if (now - nextNanos >= 0) {
      nextNanos = now + EVERY_NANOS;
      to.accept(count);
    }
  }
}
