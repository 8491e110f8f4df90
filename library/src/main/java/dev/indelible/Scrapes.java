// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import java.time.Duration;
import java.util.BitSet;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives all meters of a scrape one snapshot, so that their values reconcile. A registry reads its
 * meters one after another on one thread and does not announce a scrape, so the second read of a
 * meter begins the next scrape. A snapshot is also replaced after one second, for readers of single
 * meters.
 *
 * @param <S> the source of snapshots
 * @param <T> the snapshot
 */
final class Scrapes<S, T> {
  /** Longest time that a snapshot is used. */
  static final Duration LONGEST = Duration.ofSeconds(1);

  private final Function<S, T> take;
  private final LongSupplier nanoTime;
  private final ThreadLocal<@Nullable Scrape<T>> current = new ThreadLocal<>();

  /** Creates scrapes that take snapshots with a function. */
  Scrapes(Function<S, T> take) {
    this(take, System::nanoTime);
  }

  /** Creates scrapes with another clock, for tests. */
  Scrapes(Function<S, T> take, LongSupplier nanoTime) {
    this.take = take;
    this.nanoTime = nanoTime;
  }

  /**
   * Returns the snapshot of this thread's current scrape.
   *
   * @param reader the number of the meter, from 0
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
