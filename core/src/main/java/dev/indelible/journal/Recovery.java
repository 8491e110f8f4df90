// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What an earlier run left in a place, behind what the ledger has taken in already.
 *
 * @param events how many events wait, lost ones among them
 * @param reader reads them
 * @param segmentToWrite where new events go on, behind them
 * @param bytes of all segments
 */
record Recovery(long events, JournalReader reader, Segment segmentToWrite, long bytes) {

  /**
   * Reads a place from where the ledger stands to its end.
   *
   * @param settled the position up to which the ledger has it
   */
  static Recovery of(Slot slot, long settled) throws IOException, JournalException {
    List<Segment> segments = new ArrayList<>(slot.openSegments());
    while (!segments.isEmpty() && segments.get(0).end() <= settled) {
      segments.remove(0).delete();
    }
    if (segments.isEmpty()) {
      segments.add(
          Segment.create(
              slot.directory(), slot.journal(), 0, settled, JournalWriter.FIRST_SEGMENT_BYTES));
    }
    Segment first = segments.get(0);
    Segment last = segments.get(segments.size() - 1);
    Cursor end = new Cursor(first, settled, Long.MAX_VALUE);
    long events = 0;
    while (end.next() != null) {
      events++;
    }
    last.clearFrom(end.segment() == last ? end.offset() : last.size());
    last.resumeAt(end.segment() == last ? end.offset() : last.size());
    Cursor start = new Cursor(first, settled, end.position());
    long bytes = segments.stream().mapToLong(Segment::size).sum();
    return new Recovery(events, new JournalReader(slot.journal(), first, start), last, bytes);
  }
}
