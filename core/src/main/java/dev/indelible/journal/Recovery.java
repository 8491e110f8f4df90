// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.journal.Journal.Positions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events that an earlier run left in a slot, after the position in the ledger.
 *
 * @param events the number of waiting events, including lost ones
 * @param reader reads them
 * @param last the segment in which they end
 * @param end the offset in that segment at which they end; in its own slot, a process writes new
 *     events from there on
 * @param bytes the size of all segments
 */
record Recovery(long events, JournalReader reader, Segment last, int end, long bytes) {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  /** Number of events counted between two progress reports, which takes a few milliseconds. */
  static final int EVENTS_PER_REPORT = 4096;

  /**
   * Reads this process's own slot from the position in the ledger to the end, and creates a segment
   * if the slot has none.
   *
   * @param files the checked segments of the slot
   * @param position the position that the ledger has committed
   * @param positions compares the position with the ledger's events
   * @param progress receives the number of events counted so far, from time to time
   */
  static Recovery ofOwn(
      Slot slot, List<Path> files, long position, Positions positions, LongConsumer progress)
      throws IOException, JournalException {
    List<Segment> segments = new ArrayList<>(slot.openSegments(files));
    long settled = start(slot, segments, position, positions);
    removeSettled(segments, settled);
    if (segments.isEmpty()) {
      segments.add(
          Segment.create(
              slot, new SegmentFile.Header(0, settled, JournalWriter.FIRST_SEGMENT_BYTES)));
    }
    Recovery read = read(slot, segments, settled, progress);
    clean(read, segments);
    read.last().resumeAt(read.end());
    return read;
  }

  /**
   * Reads the slot of a dead process. Creates, writes and syncs nothing if no event is waiting in
   * it.
   *
   * @return empty if no event is waiting in it
   */
  static Optional<Recovery> ofDead(
      Slot slot, List<Path> files, long position, Positions positions, LongConsumer progress)
      throws IOException, JournalException {
    List<Segment> segments = new ArrayList<>(slot.openSegments(files));
    long settled = start(slot, segments, position, positions);
    removeSettled(segments, settled);
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

  /**
   * Returns the position of the first event that the ledger does not have (D2). That is the
   * ledger's committed position, unless the ledger's own events contradict it. Then the position is
   * found from the events, so that none is skipped or appended twice.
   */
  private static long start(Slot slot, List<Segment> segments, long position, Positions positions)
      throws JournalException {
    long start = position;
    for (Segment segment : segments) {
      SettledPosition found = SettledPosition.in(segment, slot.journal(), start, positions);
      if (found.changed() != null) {
        LOG.warn(
            "{}: the ledger's position {}; events are recovered from {} on",
            slot.directory(),
            found.changed().describe(),
            found.start());
      }
      start = found.start();
      if (found.isFinal()) {
        break;
      }
    }
    return start;
  }

  /** Removes the segments that end before the settled position. */
  private static void removeSettled(List<Segment> segments, long settled) throws IOException {
    while (!segments.isEmpty() && segments.get(0).end() <= settled) {
      segments.remove(0).delete();
    }
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

  /** Clears an incomplete write, and syncs all segments. */
  private static void clean(Recovery read, List<Segment> segments) throws IOException {
    read.last().clearFrom(read.end());
    // The previous run may have ended before its last sync, and cleared bytes must not reappear
    // after a power cut.
    for (Segment segment : segments) {
      segment.syncOrThrow();
    }
  }

  /**
   * Returns the reason why events are missing before the first segment. Segments are removed only
   * once they are settled, so the journal normally begins at or before the position in the ledger.
   */
  private static Optional<String> missing(Segment first, long settled) {
    return first.base() <= settled
        ? Optional.empty()
        : Optional.of(
            ("%s: the journal begins at %s and the ledger stands at %s; the events in between are"
                    + " lost, because a ledger or segments were removed")
                .formatted(first.file(), first.base(), settled));
  }
}
