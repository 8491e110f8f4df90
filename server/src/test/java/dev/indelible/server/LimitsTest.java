// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The request rate of each credential, with a clock that only the test moves. */
class LimitsTest {
  private static final Optional<String> ALICE = Optional.of("key:alice");

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 10);

  private static long allowed(int attempts, BooleanSupplier attempt) {
    return IntStream.range(0, attempts).filter(any -> attempt.getAsBoolean()).count();
  }

  @Test
  void burstOfOneSecondIsAllowed() {
    Limits limits = new Limits(50, clock::get);

    assertThat(allowed(200, () -> limits.allows(ALICE))).isEqualTo(50);
    clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(100));
    assertThat(allowed(200, () -> limits.allows(ALICE))).isEqualTo(5);
    clock.addAndGet(TimeUnit.HOURS.toNanos(1));
    assertThat(allowed(200, () -> limits.allows(ALICE))).isEqualTo(50);
  }

  @Test
  void callersDoNotUseUpTheRequestsOfOthers() {
    Limits limits = new Limits(50, clock::get);

    assertThat(allowed(200, () -> limits.allows(Optional.empty()))).isEqualTo(50);
    assertThat(allowed(200, () -> limits.allows(ALICE))).isEqualTo(50);
  }

  @Test
  void limitOfZeroAllowsEverything() {
    Limits limits = new Limits(0, clock::get);

    assertThat(allowed(10_000, () -> limits.allows(ALICE))).isEqualTo(10_000);
  }

  @Test
  void failuresHaveTheirOwnLimit() {
    Limits limits = new Limits(50, clock::get);
    Request request = new Request("GET", "/", Map.of(), Map.of());

    assertThat(allowed(1_000, () -> limits.allowsFailure(request))).isEqualTo(100);
    assertThat(limits.allows(ALICE)).isTrue();
  }
}
