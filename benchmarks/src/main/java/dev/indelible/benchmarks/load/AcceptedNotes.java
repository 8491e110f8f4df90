// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The number of accepted events of each producer, in a memory-mapped file that survives a killed
 * process. A producer submits its events in order and retries a rejected event, so the number
 * identifies the events.
 */
public final class AcceptedNotes {
  private static final int MAX_PRODUCERS = 64;

  /** The distance between counts, in bytes, so that each has its own cache line. */
  private static final int STRIDE = 64;

  private final MappedByteBuffer counts;

  private AcceptedNotes(MappedByteBuffer counts) {
    this.counts = counts;
  }

  /** Opens a file of notes; creates it if it is missing. */
  public static AcceptedNotes open(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return new AcceptedNotes(channel.map(MapMode.READ_WRITE, 0, MAX_PRODUCERS * STRIDE));
    }
  }

  /** Records the number of accepted events of a producer. Called on the producer's thread. */
  public void note(int producer, long count) {
    counts.putLong(producer * STRIDE, count);
  }

  /** Returns the counts by producer. */
  public long[] counts() {
    long[] all = new long[MAX_PRODUCERS];
    for (int producer = 0; producer < MAX_PRODUCERS; producer++) {
      all[producer] = counts.getLong(producer * STRIDE);
    }
    return all;
  }
}
