// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.base.Throttle;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Limits the requests of each credential, of all callers without a credential together, and of
 * credentials that are not accepted. Safe for use by any number of threads.
 */
final class Limits {
  /** Failed credentials per second that get 401; more get 429. Guessing 256 bits needs far more. */
  private static final int FAILURES_PER_SECOND = 100;

  /** Far more than the number of credentials; a larger table is emptied. */
  private static final int MAX_CALLERS = 4_096;

  private static final Logger LOG = LoggerFactory.getLogger(Limits.class);
  private static final Throttle LOGGED = Throttle.of(Duration.ofSeconds(1));

  private final int perSecond;
  private final LongSupplier nanoTime;
  private final Rate failures;
  private final ConcurrentMap<Optional<String>, Rate> callers = new ConcurrentHashMap<>();
  private final AtomicLong failed = new AtomicLong();

  /**
   * Creates limits.
   *
   * @param perSecond requests per second of one credential; 0 for no limit
   */
  Limits(int perSecond) {
    this(perSecond, System::nanoTime);
  }

  Limits(int perSecond, LongSupplier nanoTime) {
    this.perSecond = perSecond;
    this.nanoTime = nanoTime;
    this.failures = new Rate(FAILURES_PER_SECOND, nanoTime);
  }

  /**
   * Counts a request.
   *
   * @param principal the caller; empty for all callers without a credential
   * @return false if the request exceeds the limit
   */
  boolean allows(Optional<String> principal) {
    if (perSecond == 0) {
      return true;
    }
    if (callers.size() > MAX_CALLERS) {
      callers.clear();
    }
    return callers.computeIfAbsent(principal, any -> new Rate(perSecond, nanoTime)).allows();
  }

  /**
   * Counts and logs a credential that is not accepted; the log line does not contain it.
   *
   * @return false if there are too many
   */
  boolean allowsFailure(Request request) {
    long count = failed.incrementAndGet();
    LOGGED.ifDue(
        () ->
            LOG.warn(
                "credentials not accepted: {} since the start, the last one from {}",
                count,
                request.peer().address()));
    return failures.allows();
  }

  /** A rate with a burst of one second: the generic cell rate algorithm. */
  private static final class Rate {
    private static final long BURST_NANOS = 1_000_000_000L;

    private final long intervalNanos;
    private final LongSupplier nanoTime;

    /** The time until which the allowed requests use up the rate: the theoretical arrival time. */
    private final AtomicLong due;

    Rate(int perSecond, LongSupplier nanoTime) {
      this.intervalNanos = BURST_NANOS / perSecond;
      this.nanoTime = nanoTime;
      this.due = new AtomicLong(nanoTime.getAsLong());
    }

    boolean allows() {
      long now = nanoTime.getAsLong();
      while (true) {
        long before = due.get();
        long after = (before - now > 0 ? before : now) + intervalNanos;
        if (after - now > BURST_NANOS) {
          return false;
        }
        if (due.compareAndSet(before, after)) {
          return true;
        }
      }
    }
  }
}
