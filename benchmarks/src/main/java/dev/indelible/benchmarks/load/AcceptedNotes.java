// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * How many events of each producer were accepted, in a mapped file that outlives a killed process.
 * A producer hands in its events in order and repeats one that was not accepted, so a count says
 * which.
 */
public final class AcceptedNotes {
  private static final int MAX_PRODUCERS = 64;

  /** Each producer's count has a cache line to itself. */
  private static final int STRIDE = 64;

  private final MappedByteBuffer counts;

  private AcceptedNotes(MappedByteBuffer counts) {
    this.counts = counts;
  }

  /** Opens a file of notes, made first if there is none. */
  public static AcceptedNotes open(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return new AcceptedNotes(channel.map(MapMode.READ_WRITE, 0, MAX_PRODUCERS * STRIDE));
    }
  }

  /** Notes that so many events of a producer are accepted; for the producer's own thread. */
  public void note(int producer, long count) {
    counts.putLong(producer * STRIDE, count);
  }

  /** The counts by producer. */
  public long[] counts() {
    long[] all = new long[MAX_PRODUCERS];
    for (int producer = 0; producer < MAX_PRODUCERS; producer++) {
      all[producer] = counts.getLong(producer * STRIDE);
    }
    return all;
  }
}
