// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BatchSizeTest {
  private static final long FAST = Duration.ofMillis(5).toNanos();
  private static final long SLOW = Duration.ofMillis(200).toNanos();

  private final BatchSize size = new BatchSize(10_000);

  @Test
  void fastFullBatchesGrowToTheLimit() {
    for (int i = 0; i < 10; i++) {
      size.took(size.limit(), FAST);
    }

    assertThat(size.limit()).isEqualTo(10_000);
  }

  @Test
  void partialBatchKeepsTheSize() {
    int before = size.limit();

    size.took(before - 1, FAST);

    assertThat(size.limit()).isEqualTo(before);
  }

  @Test
  void slowBatchesShrinkToTheMinimum() {
    int before = size.limit();

    size.took(before, SLOW);
    assertThat(size.limit()).isEqualTo(before / 2);

    for (int i = 0; i < 20; i++) {
      size.took(size.limit(), SLOW);
    }
    assertThat(size.limit()).isEqualTo(128);
  }

  @Test
  void configuredLimitIsNeverExceeded() {
    BatchSize small = new BatchSize(4);
    small.took(4, FAST);
    assertThat(small.limit()).isEqualTo(4);
    small.took(4, SLOW);
    assertThat(small.limit()).isEqualTo(4);
  }
}
