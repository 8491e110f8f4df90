// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * What an earlier run left in a place, behind what the ledger has taken in already.
 *
 * @param events how many events wait, lost ones among them
 * @param reader reads them
 * @param segmentToWrite where new events go on, behind them
 * @param bytes of all segments
 */
record Recovery(long events, JournalReader reader, Segment segmentToWrite, long bytes) {
  /** How many events are counted between two words about it; a few milliseconds' worth. */
  static final int EVENTS_PER_REPORT = 4096;

  /**
   * Reads a place from where the ledger stands to its end.
   *
   * @param files the place's segments, checked
   * @param settled the position up to which the ledger has it
   * @param progress hears now and then how many events were counted
   */
  static Recovery of(Slot slot, List<Path> files, long settled, LongConsumer progress)
      throws IOException, JournalException {
    List<Segment> segments = new ArrayList<>(slot.openSegments(files));
    while (!segments.isEmpty() && segments.get(0).end() <= settled) {
      segments.remove(0).delete();
    }
    if (segments.isEmpty()) {
      segments.add(Segment.create(slot, 0, settled, JournalWriter.FIRST_SEGMENT_BYTES));
    }
    Segment first = segments.get(0);
    Segment last = segments.get(segments.size() - 1);
    Cursor end = new Cursor(first, settled, Long.MAX_VALUE);
    Optional<String> missing = missing(first, settled);
    long events = missing.isPresent() ? 1 : 0;
    while (end.next() != null) {
      events++;
      if (events % EVENTS_PER_REPORT == 0) {
        progress.accept(events);
      }
    }
    last.clearFrom(end.offset());
    // What the run before had no more time to sync must not wait for this one's syncs, and what was
    // cleared must not come back.
    for (Segment segment : segments) {
      segment.sync();
    }
    last.resumeAt(end.offset());
    Cursor start = new Cursor(first, settled, end.position());
    long bytes = segments.stream().mapToLong(Segment::size).sum();
    JournalReader reader = new JournalReader(slot.journal(), first, start, missing);
    return new Recovery(events, reader, last, bytes);
  }

  /** A segment is given back only when the ledger has it, so the journal begins at its mark. */
  private static Optional<String> missing(Segment first, long settled) {
    return first.base() <= settled
        ? Optional.empty()
        : Optional.of(
            ("%s: the journal begins at %d and the ledger stands at %d; what was between was in a"
                    + " ledger that is gone, or in segments that are")
                .formatted(first.file(), first.base(), settled));
  }
}
