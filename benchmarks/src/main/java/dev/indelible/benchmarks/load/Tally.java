// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;

/** Counts the found events of an {@link EventStream}. Not thread-safe. */
public final class Tally {
  private final List<BitSet> found = new ArrayList<>();
  private long duplicated;

  /** Counts one found event. */
  public void see(String id) {
    UUID uuid = UUID.fromString(id);
    int producer = EventStream.producerOf(uuid);
    while (found.size() <= producer) {
      found.add(new BitSet());
    }
    int number = Math.toIntExact(EventStream.numberOf(uuid));
    if (found.get(producer).get(number)) {
      duplicated++;
    }
    found.get(producer).set(number);
  }

  /** Returns the number of distinct events found. */
  public long found() {
    return found.stream().mapToLong(BitSet::cardinality).sum();
  }

  /** Returns the number of times that an event was found again. */
  public long duplicated() {
    return duplicated;
  }

  /**
   * Returns the number of missing events.
   *
   * @param accepted the number of accepted events of each producer
   */
  public long missing(long[] accepted) {
    long missing = 0;
    for (int producer = 0; producer < accepted.length; producer++) {
      BitSet there = producer < found.size() ? found.get(producer) : new BitSet();
      int expected = Math.toIntExact(accepted[producer]);
      missing += expected - there.get(0, expected).cardinality();
    }
    return missing;
  }
}
