// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
  void valueIsComputedOncePerSecond() throws Exception {
    Repeated<Integer, RuntimeException> answer = new Repeated<>(made::incrementAndGet, now::get);

    assertThat(answer.get()).isEqualTo(1);
    now.addAndGet(TimeUnit.SECONDS.toNanos(1) - 1);
    assertThat(answer.get()).isEqualTo(1);
    now.incrementAndGet();
    assertThat(answer.get()).isEqualTo(2);
  }

  @Test
  void concurrentCallerGetsARecentValueOnly() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    Repeated<Integer, RuntimeException> answer = slowAt(2, begun, released);
    answer.get();
    now.addAndGet(TimeUnit.SECONDS.toNanos(1));
    CompletableFuture<Integer> slow = CompletableFuture.supplyAsync(() -> get(answer));
    begun.await();

    now.addAndGet(TimeUnit.SECONDS.toNanos(4) - 1);
    assertThat(answer.get()).isEqualTo(1);
    now.incrementAndGet();
    assertThatThrownBy(answer::get)
        .isInstanceOf(Repeated.LateException.class)
        .hasMessageMatching("cannot be read now; last read at .*Z");

    released.countDown();
    assertThat(slow.join()).isEqualTo(2);
  }

  @Test
  void firstValueIsNotAwaitedForEver() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    Repeated<Integer, RuntimeException> answer = slowAt(1, begun, released);
    CompletableFuture<Integer> slow = CompletableFuture.supplyAsync(() -> get(answer));
    begun.await();

    assertThatThrownBy(answer::get)
        .isInstanceOf(Repeated.LateException.class)
        .hasMessage("cannot be read now; last read never");

    released.countDown();
    assertThat(slow.join()).isEqualTo(1);
  }

  /** Returns a value whose computation waits once. */
  private Repeated<Integer, RuntimeException> slowAt(
      int which, CountDownLatch begun, CountDownLatch released) {
    return new Repeated<>(
        () -> {
          int number = made.incrementAndGet();
          if (number == which) {
            begun.countDown();
            await(released);
          }
          return number;
        },
        now::get);
  }

  private static int get(Repeated<Integer, RuntimeException> answer) {
    try {
      return answer.get();
    } catch (Repeated.LateException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
