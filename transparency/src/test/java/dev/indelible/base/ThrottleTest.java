// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ThrottleTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** Starts just below the overflow of {@link System#nanoTime}. */
  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1_000);

  private final List<Integer> ran = new ArrayList<>();

  /** The supervisor limits its log lines with a throttle. */
  @Test
  void actionRunsOncePerInterval() {
    attempt(Throttle.of(SECOND, clock::get));

    assertThat(ran).containsExactly(1, 11, 21, 31);
  }

  @Test
  void firstActionCanWaitForOneInterval() {
    attempt(Throttle.afterOne(SECOND, clock::get));

    assertThat(ran).containsExactly(11, 21, 31);
  }

  /** Attempts an action every 100 ms. */
  private void attempt(Throttle throttle) {
    for (int i = 1; i <= 35; i++) {
      int count = i;
      throttle.ifDue(() -> ran.add(count));
      clock.addAndGet(Duration.ofMillis(100).toNanos());
    }
  }
}
