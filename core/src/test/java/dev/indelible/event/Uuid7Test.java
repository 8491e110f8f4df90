// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Event ids are UUIDs of version 7 (RFC 9562 section 5.7) (promise D4). */
class Uuid7Test {
  private static final Instant TIME = Instant.parse("2026-11-23T01:02:03.456789Z");

  @Test
  void idHasVersionVariantAndTime() {
    SplittableRandom random = new SplittableRandom(8);
    for (int i = 0; i < 10_000; i++) {
      Instant time =
          Instant.ofEpochSecond(random.nextLong(1L << 37), random.nextInt(1_000_000_000));
      UUID id = Uuid7.at(time);
      assertThat(id.version()).isEqualTo(7);
      assertThat(id.variant()).isEqualTo(2);
      assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(time.toEpochMilli());
      long fraction = id.getMostSignificantBits() & 0xfff;
      assertThat(fraction).isEqualTo((long) (time.getNano() % 1_000_000 / 1e6 * 4096));
    }
  }

  /** Ids as text sort by time, down to the microsecond. */
  @Test
  void idsSortByTime() {
    String last = "";
    for (int i = 0; i < 5_000; i++) {
      String id = Uuid7.at(TIME.plus(i, ChronoUnit.MICROS)).toString();
      assertThat(id).isGreaterThan(last);
      last = id;
    }
  }

  /** All 62 random bits vary among many ids of one instant. */
  @Test
  void randomBitsAreRandom() {
    long or = 0;
    long and = -1;
    for (int i = 0; i < 200; i++) {
      long low = Uuid7.at(TIME).getLeastSignificantBits();
      or |= low;
      and &= low;
    }
    assertThat(or).isEqualTo(0xbfff_ffff_ffff_ffffL);
    assertThat(and).isEqualTo(0x8000_0000_0000_0000L);
  }

  @Test
  void idsOfOneInstantAreUniqueAcrossThreads() throws Exception {
    int threads = 8;
    int each = 20_000;
    ExecutorService makers = Executors.newFixedThreadPool(threads);
    try {
      CyclicBarrier together = new CyclicBarrier(threads);
      List<Future<List<UUID>>> running = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        running.add(
            makers.submit(
                () -> {
                  together.await(20, TimeUnit.SECONDS);
                  List<UUID> ids = new ArrayList<>();
                  for (int i = 0; i < each; i++) {
                    ids.add(Uuid7.at(TIME));
                  }
                  return ids;
                }));
      }
      Set<UUID> all = new HashSet<>();
      for (Future<List<UUID>> ids : running) {
        all.addAll(ids.get(20, TimeUnit.SECONDS));
      }
      assertThat(all).hasSize(threads * each);
    } finally {
      makers.shutdownNow();
    }
  }
}
