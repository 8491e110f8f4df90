// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** All metrics of one scrape come from one snapshot (promise D10). */
class ScrapesTest {
  private final AtomicLong clock = new AtomicLong();

  /** Each snapshot is a number. */
  private final Scrapes<AtomicInteger, Integer> scrapes =
      new Scrapes<>(AtomicInteger::incrementAndGet, clock::get);

  private final AtomicInteger source = new AtomicInteger();

  @Test
  void metersOfOneScrapeShareASnapshot() {
    for (int scrape = 1; scrape <= 3; scrape++) {
      for (int reader = 0; reader < 100; reader++) {
        assertThat(scrapes.snapshot(source, reader)).isEqualTo(scrape);
      }
    }
  }

  /** Even a metric that is read rarely, and without other metrics, has a current value. */
  @Test
  void snapshotEndsAfterASecond() {
    assertThat(scrapes.snapshot(source, 0)).isEqualTo(1);
    clock.addAndGet(Scrapes.LONGEST.toNanos() - 1);
    assertThat(scrapes.snapshot(source, 1)).isEqualTo(1);
    clock.addAndGet(1);
    assertThat(scrapes.snapshot(source, 2)).isEqualTo(2);
  }

  @Test
  void scrapesOnTwoThreadsDoNotMix() {
    assertThat(scrapes.snapshot(source, 0)).isEqualTo(1);
    assertThat(CompletableFuture.supplyAsync(() -> scrapes.snapshot(source, 0)).join())
        .isEqualTo(2);
    assertThat(scrapes.snapshot(source, 1)).isEqualTo(1);
  }
}
