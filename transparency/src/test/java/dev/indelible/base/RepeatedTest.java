// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RepeatedTest {
  private final AtomicLong now = new AtomicLong(-1);
  private final AtomicInteger made = new AtomicInteger();

  @Test
  void valueIsComputedOncePerSecond() {
    Repeated<Integer, RuntimeException> answer = new Repeated<>(made::incrementAndGet, now::get);

    assertThat(answer.get()).isEqualTo(1);
    now.addAndGet(TimeUnit.SECONDS.toNanos(1) - 1);
    assertThat(answer.get()).isEqualTo(1);
    now.incrementAndGet();
    assertThat(answer.get()).isEqualTo(2);
  }

  @Test
  void concurrentCallerGetsThePreviousValue() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    Repeated<Integer, RuntimeException> answer =
        new Repeated<>(
            () -> {
              int number = made.incrementAndGet();
              if (number == 2) {
                begun.countDown();
                await(released);
              }
              return number;
            },
            now::get);
    answer.get();
    now.addAndGet(TimeUnit.SECONDS.toNanos(1));
    CompletableFuture<Integer> slow = CompletableFuture.supplyAsync(answer::get);
    begun.await();

    assertThat(answer.get()).isEqualTo(1);

    released.countDown();
    assertThat(slow.join()).isEqualTo(2);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
