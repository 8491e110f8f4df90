// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import java.time.Duration;
import java.util.BitSet;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives every meter of one scrape the same snapshot, so that the figures of a scrape reconcile
 * (D10). A registry reads its meters one after another on one thread, and does not announce when a
 * scrape begins: a meter that has read a snapshot already begins the next scrape. A snapshot ends
 * with its second as well, for those who read single meters now and then.
 *
 * @param <S> of what snapshots are taken
 * @param <T> the snapshot
 */
final class Scrapes<S, T> {
  /** How long one snapshot is read at most. */
  static final Duration LONGEST = Duration.ofSeconds(1);

  private final Function<S, T> take;
  private final LongSupplier nanoTime;
  private final ThreadLocal<@Nullable Scrape<T>> current = new ThreadLocal<>();

  /** Scrapes of which each takes one snapshot. */
  Scrapes(Function<S, T> take) {
    this(take, System::nanoTime);
  }

  /** For tests: with its own clock. */
  Scrapes(Function<S, T> take, LongSupplier nanoTime) {
    this.take = take;
    this.nanoTime = nanoTime;
  }

  /**
   * Returns the snapshot of the scrape that this thread is at.
   *
   * @param reader the number of who reads, from 0; reads once in each scrape
   */
  T snapshot(S source, int reader) {
    long now = nanoTime.getAsLong();
    Scrape<T> scrape = current.get();
    if (scrape == null || scrape.readers.get(reader) || now - scrape.began >= LONGEST.toNanos()) {
      scrape = new Scrape<>(take.apply(source), now, new BitSet());
      current.set(scrape);
    }
    scrape.readers.set(reader);
    return scrape.snapshot;
  }

  private record Scrape<T>(T snapshot, long began, BitSet readers) {}
}
