// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;

/** Which events of {@link EventStream} were found somewhere, and how often. One thread. */
public final class Tally {
  private final List<BitSet> found = new ArrayList<>();
  private long duplicated;

  /** Counts an event that was found. */
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

  /** How many different events were found. */
  public long found() {
    return found.stream().mapToLong(BitSet::cardinality).sum();
  }

  /** How many were found that had been found before. */
  public long duplicated() {
    return duplicated;
  }

  /**
   * How many are missing.
   *
   * @param accepted for each producer, how many of its first events should be there
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
