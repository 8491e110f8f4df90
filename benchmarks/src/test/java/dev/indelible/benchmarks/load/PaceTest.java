// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Events are due at a fixed rate, even after a slow step. */
class PaceTest {
  @Test
  void paceDeterminesNumberOfEvents() throws Exception {
    List<Long> dues = new ArrayList<>();
    new Pace(2, 4, 50_000).run(Duration.ofMillis(100), dues::add);
    assertThat(dues).hasSize(1_250).isSorted();
    assertThat(dues.get(dues.size() - 1) - dues.get(0)).isEqualTo(Duration.ofMillis(99).toNanos());
  }

  @Test
  void slowStepDoesNotDelayLaterDueTimes() throws Exception {
    List<Long> dues = new ArrayList<>();
    new Pace(0, 1, 1_000)
        .run(
            Duration.ofMillis(20),
            due -> {
              if (dues.isEmpty()) {
                LockSupport.parkNanos(Duration.ofMillis(30).toNanos());
              }
              dues.add(due);
            });
    for (int i = 1; i < dues.size(); i++) {
      assertThat(dues.get(i) - dues.get(i - 1)).isEqualTo(Duration.ofMillis(1).toNanos());
    }
  }
}
