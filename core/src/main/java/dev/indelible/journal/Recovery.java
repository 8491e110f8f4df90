// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.journal.Journal.Positions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
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
 */
record Recovery(long events, JournalReader reader, Segment last, int end) {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  /** Number of events counted between two progress reports, which takes a few milliseconds. */
  static final int EVENTS_PER_REPORT = 4096;

  /**
   * Reads this process's own slot from the position in the ledger to the end, and creates a segment
   * if the slot has none.
   *
   * @param positions compares the position with the ledger's events
   * @param retained receives the segments that are settled, and are retained
   * @param progress receives the number of events counted so far, from time to time
   */
  static Recovery ofOwn(
      CheckedSlot checked, Positions positions, RetainedSegments retained, LongConsumer progress)
      throws IOException, JournalException {
    Slot slot = checked.slot();
    List<Segment> segments = new ArrayList<>(slot.openSegments(checked.segments()));
    long settled = start(slot, segments, checked.settled(), positions);
    @Nullable Segment before = removeSettled(segments, settled, retained);
    if (segments.isEmpty()) {
      segments.add(first(slot, before, settled, retained));
    }
    Recovery read = read(slot, segments, checked.settled(), settled, retained, progress);
    clean(read, segments);
    read.last().resumeAt(read.end());
    return retained.isOn() && read.isUsedUp() ? read.continued(slot, retained) : read;
  }

  /**
   * Creates a segment for new events.
   *
   * @param before the last segment, which is settled as a whole; null if there is none
   */
  private static Segment first(
      Slot slot, @Nullable Segment before, long settled, RetainedSegments retained)
      throws IOException {
    if (before != null && before.end() == settled && retained.bytes() > 0) {
      Segment next = create(slot, before, retained);
      before.follow(next);
      return next;
    }
    // Between the retained segments and this one, a segment would be missing.
    retained.free(Long.MAX_VALUE);
    return Segment.create(
        slot, new SegmentFile.Header(0, settled, JournalWriter.FIRST_SEGMENT_BYTES));
  }

  /**
   * Returns true if no event is waiting, and the last segment is large or more than a quarter full.
   * It can only be removed as a whole, so new events go into another one.
   */
  private boolean isUsedUp() {
    return events == 0
        && (last.size() > JournalWriter.FIRST_SEGMENT_BYTES || end > last.size() / 4);
  }

  /**
   * Returns this recovery with a new segment after the last one, which gets no more events; this
   * recovery, if there is no disk space for one.
   */
  private Recovery continued(Slot slot, RetainedSegments retained) throws IOException {
    Segment next;
    try {
      next = create(slot, last, retained);
    } catch (IOException e) {
      LOG.warn("{}: no further segment is created: {}", slot.directory(), e.toString());
      return this;
    }
    // A crash here leaves an end of this segment that no frame begins in, which readers skip.
    last.exhaust();
    last.syncOrThrow();
    last.follow(next);
    return new Recovery(events, reader, next, SegmentFile.HEADER_BYTES);
  }

  /** Creates the segment after another one. New events come first: retained segments give way. */
  private static Segment create(Slot slot, Segment before, RetainedSegments retained)
      throws IOException {
    SegmentFile.Header header = before.nextHeader(JournalWriter.FIRST_SEGMENT_BYTES);
    try {
      return Segment.create(slot, header);
    } catch (IOException e) {
      if (retained.bytes() == 0) {
        throw e;
      }
      retained.free(header.size());
      return Segment.create(slot, header);
    }
  }

  /**
   * Reads the slot of a dead process. Creates, writes and syncs nothing if no event is waiting in
   * it. Settled segments that are retained stay in the slot.
   *
   * @return empty if no event is waiting in it
   */
  static Optional<Recovery> ofDead(
      CheckedSlot checked, Positions positions, RetainedSegments retained, LongConsumer progress)
      throws IOException, JournalException {
    Slot slot = checked.slot();
    List<Segment> segments = new ArrayList<>(slot.openSegments(checked.segments()));
    long settled = start(slot, segments, checked.settled(), positions);
    removeSettled(segments, settled, retained);
    if (segments.isEmpty()) {
      return Optional.empty();
    }
    Recovery read = read(slot, segments, checked.settled(), settled, retained, progress);
    if (read.events() == 0) {
      if (!retained.isOn()) {
        read.reader().finish();
      }
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
    int first = Math.max(0, segments.size() - 1);
    while (first > 0 && !SettledPosition.follows(segments.get(first), position, positions)) {
      first--;
    }
    for (Segment segment : segments.subList(first, segments.size())) {
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

  /**
   * Retains the segments that end before the settled position, or removes them.
   *
   * @return the last of them; null if there is none
   */
  private static @Nullable Segment removeSettled(
      List<Segment> segments, long settled, RetainedSegments retained) throws IOException {
    @Nullable Segment last = null;
    while (!segments.isEmpty() && segments.get(0).end() <= settled) {
      last = segments.remove(0);
      retained.addEarlier(last);
    }
    return last;
  }

  private static Recovery read(
      Slot slot,
      List<Segment> segments,
      long committed,
      long settled,
      RetainedSegments retained,
      LongConsumer progress) {
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
    JournalReader reader =
        new JournalReader(slot.journal(), first, start, committed, missing, retained);
    return new Recovery(events, reader, last, end.offset());
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
  static Optional<String> missing(Segment first, long settled) {
    return first.base() <= settled
        ? Optional.empty()
        : Optional.of(
            ("%s: the journal begins at %s and the ledger stands at %s; the events in between are"
                    + " lost, because a ledger or segments were removed, or the ledger is an old"
                    + " copy")
                .formatted(first.file(), first.base(), settled));
  }
}
