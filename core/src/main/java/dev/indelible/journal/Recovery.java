// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * What an earlier run left in a slot, behind the position that the ledger has.
 *
 * @param events how many events wait, lost ones among them
 * @param reader reads them
 * @param last the segment that they end in
 * @param end where they end in it; new events of this process's own slot follow there
 * @param bytes of all segments
 */
record Recovery(long events, JournalReader reader, Segment last, int end, long bytes) {
  /** How many events are counted between two words about it; a few milliseconds' worth. */
  static final int EVENTS_PER_REPORT = 4096;

  /**
   * Reads this process's own slot from where the ledger stands to its end, and makes a segment to
   * write to if the slot has none.
   *
   * @param files the slot's segments, checked
   * @param settled the position up to which the ledger has it
   * @param progress hears now and then how many events were counted
   */
  static Recovery ofOwn(Slot slot, List<Path> files, long settled, LongConsumer progress)
      throws IOException, JournalException {
    List<Segment> segments = unsettled(slot, files, settled);
    if (segments.isEmpty()) {
      segments.add(Segment.create(slot, 0, settled, JournalWriter.FIRST_SEGMENT_BYTES));
    }
    Recovery read = read(slot, segments, settled, progress);
    clean(read, segments);
    read.last().resumeAt(read.end());
    return read;
  }

  /**
   * Reads a dead process's slot. Nothing is made, written or synced in one in which nothing waits.
   *
   * @return empty if nothing waits in it
   */
  static Optional<Recovery> ofDead(Slot slot, List<Path> files, long settled, LongConsumer progress)
      throws IOException, JournalException {
    List<Segment> segments = unsettled(slot, files, settled);
    if (segments.isEmpty()) {
      return Optional.empty();
    }
    Recovery read = read(slot, segments, settled, progress);
    if (read.events() == 0) {
      read.reader().removeAll();
      return Optional.empty();
    }
    clean(read, segments);
    return Optional.of(read);
  }

  /** Opens the segments that hold something behind that position, and removes the others. */
  private static List<Segment> unsettled(Slot slot, List<Path> files, long settled)
      throws IOException, JournalException {
    List<Segment> segments = new ArrayList<>(slot.openSegments(files));
    while (!segments.isEmpty() && segments.get(0).end() <= settled) {
      segments.remove(0).delete();
    }
    return segments;
  }

  private static Recovery read(
      Slot slot, List<Segment> segments, long settled, LongConsumer progress) {
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
    Cursor start = new Cursor(first, settled, end.position());
    long bytes = segments.stream().mapToLong(Segment::size).sum();
    JournalReader reader = new JournalReader(slot.journal(), first, start, missing);
    return new Recovery(events, reader, last, end.offset(), bytes);
  }

  /** Clears a write that was cut short, and syncs all there is. */
  private static void clean(Recovery read, List<Segment> segments) throws IOException {
    read.last().clearFrom(read.end());
    // What the run before had no more time to sync must not wait for this one's syncs, and what was
    // cleared must not come back.
    for (Segment segment : segments) {
      segment.sync();
    }
  }

  /** A segment is given back only when the ledger has it, so the journal begins at its mark. */
  private static Optional<String> missing(Segment first, long settled) {
    return first.base() <= settled
        ? Optional.empty()
        : Optional.of(
            ("%s: the journal begins at %s and the ledger stands at %s; what was between was in a"
                    + " ledger that is gone, or in segments that are")
                .formatted(first.file(), first.base(), settled));
  }
}
