// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** An answer that several requests share. */
class RepeatedTest {
  @Test
  void waitingRequestsGetTheFirstAnswer() throws Exception {
    AtomicInteger readings = new AtomicInteger();
    CountDownLatch asked = new CountDownLatch(1);
    Repeated<RuntimeException> repeated =
        new Repeated<>(
            any -> {
              readings.incrementAndGet();
              awaitUninterrupted(asked);
              return Response.text("text/plain", "answer");
            });
    Request request = new Request("GET", "/", Map.of(), Map.of());
    CompletableFuture<Response> first = new CompletableFuture<>();
    CompletableFuture<Response> second = new CompletableFuture<>();
    new Thread(() -> first.complete(repeated.answer(request))).start();
    await().until(() -> readings.get() == 1);
    Thread waiting = new Thread(() -> second.complete(repeated.answer(request)));
    waiting.start();
    await().until(() -> waiting.getState() == Thread.State.WAITING);
    asked.countDown();

    assertThat(second.get()).isSameAs(first.get());
    assertThat(readings).hasValue(1);
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
