// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.access.Grant;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The stored answers to repeated requests: limits, and requests in progress. */
class IdempotencyTest {
  private final AtomicLong clock = new AtomicLong();
  private final AtomicInteger answered = new AtomicInteger();
  private final Idempotency memory = new Idempotency(() -> "sha256:00", clock::get);
  private final Endpoint endpoint =
      memory.of(request -> Response.json(200, out -> out.member("n", answered.incrementAndGet())));

  private static Request request(String key, String body) {
    return new Request("POST", "/v1/check", Map.of(), Map.of("idempotency-key", key))
        .withBody(body.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void requestWithoutAKeyIsNotKept() throws Exception {
    Request request = new Request("POST", "/v1/check", Map.of(), Map.of());
    endpoint.answer(request);
    endpoint.answer(request);

    assertThat(answered).hasValue(2);
  }

  @Test
  void anonymousKeysEvictNoKeyOfACredential() throws Exception {
    Request named =
        request("k", "").by(Caller.named("key:a", Grant.of(Set.of(), Optional.empty())));
    Response first = endpoint.answer(named);
    for (int i = 0; i <= Idempotency.MAX_KEYS; i++) {
      endpoint.answer(request("k" + i, ""));
    }

    assertThat(endpoint.answer(named).body()).isEqualTo(first.body());
  }

  @Test
  void secondRequestDuringTheFirstIsRefused() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    Endpoint slow =
        memory.of(
            request -> {
              begun.countDown();
              try {
                end.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return Response.json(200, out -> {});
            });
    CompletableFuture<Response> first =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return slow.answer(request("k", ""));
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    begun.await();

    assertThat(slow.answer(request("k", "")).status()).isEqualTo(409);
    end.countDown();
    assertThat(first.get().status()).isEqualTo(200);
    assertThat(slow.answer(request("k", "")).headers()).containsKey("Idempotent-Replayed");
  }

  @Test
  void failedRequestCanBeRepeated() throws Exception {
    Endpoint failing =
        memory.of(
            request -> {
              if (answered.incrementAndGet() == 1) {
                throw new IllegalStateException("once");
              }
              return Response.json(200, out -> {});
            });
    assertThatThrownBy(() -> failing.answer(request("k", "")))
        .isInstanceOf(IllegalStateException.class);

    assertThat(failing.answer(request("k", "")).status()).isEqualTo(200);
    assertThat(answered).hasValue(2);
  }

  @Test
  void keyExpires() throws Exception {
    endpoint.answer(request("k", "1"));
    clock.set(Idempotency.LIFE.toNanos() - 1);
    assertThat(endpoint.answer(request("k", "2")).status()).isEqualTo(422);
    clock.set(Idempotency.LIFE.toNanos());

    assertThat(endpoint.answer(request("k", "2")).status()).isEqualTo(200);
    assertThat(answered).hasValue(2);
  }

  @Test
  void oldestKeysAreEvicted() throws Exception {
    for (int i = 0; i <= Idempotency.MAX_KEYS; i++) {
      endpoint.answer(request("k" + i, ""));
    }

    endpoint.answer(request("k1", ""));
    assertThat(answered).hasValue(Idempotency.MAX_KEYS + 1);
    endpoint.answer(request("k0", ""));
    assertThat(answered).hasValue(Idempotency.MAX_KEYS + 2);
  }

  @Test
  void largeAnswersAreEvicted() throws Exception {
    Endpoint large =
        memory.of(
            request -> {
              answered.incrementAndGet();
              return Response.json(200, out -> out.member("text", "x".repeat(1 << 20)));
            });
    int fitting = (int) (Idempotency.MAX_BYTES >> 20) - 1;
    for (int i = 0; i <= fitting; i++) {
      large.answer(request("k" + i, ""));
    }

    large.answer(request("k" + fitting, ""));
    assertThat(answered).hasValue(fitting + 1);
    large.answer(request("k0", ""));
    assertThat(answered).hasValue(fitting + 2);
  }
}
