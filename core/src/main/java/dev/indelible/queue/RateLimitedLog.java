// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Lets a message through once a second at most, so that a fault cannot flood the log. */
public final class RateLimitedLog {
  private static final long INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

  private final AtomicLong nextNanos = new AtomicLong(System.nanoTime());

  /** Logs if a second has passed since the last time. */
  public void ifDue(Runnable log) {
    long now = System.nanoTime();
    long due = nextNanos.get();
    if (now - due >= 0 && nextNanos.compareAndSet(due, now + INTERVAL_NANOS)) {
      log.run();
    }
  }
}
