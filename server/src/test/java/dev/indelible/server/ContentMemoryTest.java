// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Requests that share memory: who gives way to whom. */
class ContentMemoryTest {
  private static final int LIMIT = 1_000;

  private final ContentMemory memory = new ContentMemory(LIMIT);
  private final AtomicInteger givenWay = new AtomicInteger();

  private ContentMemory.Share share() {
    return memory.new Share(givenWay::incrementAndGet);
  }

  /** Returns a share that waits with some bytes. */
  private ContentMemory.Share waiting(int bytes) {
    ContentMemory.Share share = share();
    assertThat(share.add(bytes)).isTrue();
    share.await();
    return share;
  }

  @Test
  void largestWaitingRequestGivesWay() {
    ContentMemory.Share small = waiting(400);
    ContentMemory.Share large = waiting(600);

    assertThat(share().add(1)).isTrue();

    assertThat(givenWay).hasValue(1);
    large.resume();
    assertThat(large.add(1)).as("it has given way").isFalse();
    small.resume();
    assertThat(small.add(599)).as("the bytes are free").isTrue();
  }

  @Test
  void largerRequestIsRefused() {
    waiting(500);
    waiting(500);

    assertThat(share().add(501)).isFalse();
    assertThat(givenWay).hasValue(0);
  }

  @Test
  void requestWithAllItsContentDoesNotGiveWay() {
    ContentMemory.Share answered = waiting(LIMIT);
    answered.resume();

    assertThat(share().add(1)).isFalse();
    answered.close();
    assertThat(share().add(1)).isTrue();
    assertThat(givenWay).hasValue(0);
  }

  @Test
  void memoryOfEndedRequestsIsFree() {
    for (int i = 0; i < 10; i++) {
      try (ContentMemory.Share share = share()) {
        assertThat(share.add(LIMIT)).isTrue();
        assertThat(share.add(1)).isFalse();
      }
    }
  }

  /** With at most n requests, an n-th of the limit is there for each, whatever others hold. */
  @Test
  void smallRequestAlwaysFindsRoom() {
    SplittableRandom random = new SplittableRandom(7);
    int requests = 20;
    List<ContentMemory.Share> others = new ArrayList<>();
    for (int round = 0; round < 2_000; round++) {
      ContentMemory.Share share = share();
      for (int sent = 0; sent < LIMIT / requests; sent += 10) {
        ContentMemory.Share other =
            others.size() < requests - 1 ? share() : others.remove(random.nextInt(others.size()));
        other.resume();
        if (other.add(random.nextInt(LIMIT))) {
          other.await();
        } else {
          other.close();
          other = share();
        }
        others.add(other);
        share.resume();
        assertThat(share.add(10)).as("round %s", round).isTrue();
        share.await();
      }
      share.close();
    }
    assertThat(givenWay.get()).isPositive();
  }
}
