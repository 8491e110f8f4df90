// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.encoding.Timestamps;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.JournalMark;
import dev.indelible.pending.Redelivery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one journal for the drainer, from the position in the ledger, and removes or retains
 * settled segments. Goes back to retained segments if the ledger does. Used only by the drainer's
 * thread.
 */
final class JournalReader {
  /** Maximum bytes of content in a batch, to limit heap use; a single event may be larger. */
  private static final long MAX_BATCH_BYTES = 8L << 20;

  private static final Logger LOG = LoggerFactory.getLogger(JournalReader.class);

  private final UUID journal;

  /** The position after the unsettled batch. */
  private Cursor cursor;

  /** The events read after the unsettled batch. */
  private Reading ahead;

  /** The position after the events that are settled. */
  private Cursor settled;

  /** The first segment that is not settled as a whole. */
  private Segment used;

  private final RetainedSegments retained;

  /** The position in the ledger, as far as this journal knows. */
  private long committed;

  /** The bytes of segments that were taken back, and are not reported yet. */
  private long takenBack;

  /** The event that was settled last; null if it is not known. */
  private @Nullable UUID lastSettled;

  /** The unsettled batch; a retry returns it again. */
  private EventBatch inHand = EventBatch.EMPTY;

  /** The reason why events are missing before the first one; empty once it is in a batch. */
  private Optional<String> missing;

  /** True if the unsettled batch records that events are missing. */
  private boolean isGapInHand;

  /**
   * Creates a reader.
   *
   * @param used the first segment that is not settled as a whole
   * @param cursor the position of the first event that is not settled
   * @param committed the position in the ledger
   * @param missing the reason why events are missing before the first one, if they are
   * @param retained the settled segments before {@code used}
   */
  JournalReader(
      UUID journal,
      Segment used,
      Cursor cursor,
      long committed,
      Optional<String> missing,
      RetainedSegments retained) {
    this.journal = journal;
    this.missing = missing;
    this.used = used;
    this.cursor = cursor;
    this.settled = cursor;
    this.committed = committed;
    this.retained = retained;
    this.ahead = new Reading(List.of(), 0, null, cursor);
  }

  UUID journal() {
    return journal;
  }

  /** Returns the position in the ledger, as far as this journal knows. */
  long committed() {
    return committed;
  }

  /** Returns the event that was settled last; empty if it is not known. */
  Optional<UUID> lastSettled() {
    return Optional.ofNullable(lastSettled);
  }

  /** Returns the position of the first event that is not settled. */
  long start() {
    return settled.position();
  }

  /** Returns true if a batch was read that is not settled. */
  boolean isUnsettled() {
    return inHand.mark().isPresent();
  }

  /** Returns true if an event is waiting. */
  boolean hasNext() {
    return !inHand.events().isEmpty() || missing.isPresent() || cursor.copy().next() != null;
  }

  /**
   * Returns the oldest events that are not settled. Every call returns this batch until it is
   * settled. A batch without events has a mark if whole segments were read and can be removed.
   */
  EventBatch peek(int max) {
    if (!isUnsettled()) {
      // Change no field before everything is read, so that a read that runs out of memory can be
      // retried.
      Reading next = read(ahead, max, missing);
      boolean moved = !next.events().isEmpty() || next.end().segment() != used;
      Reading following = moved ? read(next.behind(), max, Optional.empty()) : next;
      if (moved) {
        JournalMark mark =
            retained.isOn()
                ? JournalMark.retained(journal, next.end().position(), committed)
                : new JournalMark(journal, next.end().position());
        inHand = new EventBatch(next.events(), Optional.of(mark), following.events());
        isGapInHand = missing.isPresent();
        missing = Optional.empty();
      }
      cursor = next.end();
      ahead = following;
    }
    return inHand;
  }

  /** Returns the position up to which everything is settled; 0 while a batch is unsettled. */
  long drainedTo() {
    return isUnsettled() ? 0 : cursor.position();
  }

  /**
   * Settles the batch, and removes or retains every segment before its end.
   *
   * @return the bytes of these segments
   */
  long settle(int count) {
    if (count != inHand.events().size()) {
      throw new IllegalArgumentException(
          count + " events settled, " + inHand.events().size() + " in hand");
    }
    long freed = 0;
    while (used != cursor.segment()) {
      Segment done = used;
      used = Objects.requireNonNull(done.next());
      freed += done.size();
      retained.add(done);
    }
    settled = cursor;
    committed = inHand.mark().map(JournalMark::position).orElse(committed);
    lastSettled = count == 0 ? lastSettled : inHand.events().get(count - 1).id();
    // Last, so that a failed settlement can be retried.
    isGapInHand = false;
    inHand = EventBatch.EMPTY;
    return freed;
  }

  /** Returns true if everything claimed up to an offset of the last segment is settled. */
  boolean isDone(Segment last, int claimed) {
    return !isUnsettled()
        && missing.isEmpty()
        && cursor.segment() == last
        && cursor.offset() == claimed;
  }

  /** Pads the abandoned ranges. Returns true if all other claimed ranges are published. */
  boolean padUntilQuiet(Segment last, int claimed) {
    for (Segment segment = cursor.segment(); segment != null; segment = segment.next()) {
      segment.padAbandoned();
      int end = segment == last ? claimed : segment.size();
      if (!segment.isQuiet(cursor.liveFrom(segment), end)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns to an earlier position, which the ledger has now. Events whose segments were removed
   * are recorded as missing.
   *
   * @param position the position in the ledger
   * @param start the position up to which earlier runs had settled the events
   * @return the events that wait again, without those of the unsettled batch
   */
  Redelivery goBack(long position, long start) {
    long end = settled.position();
    @Nullable Segment taken = retained.takeBack(position);
    for (Segment segment = taken; segment != null && segment != used; segment = segment.next()) {
      takenBack += segment.size();
    }
    used = taken == null ? used : taken;
    boolean wasMissing = missing.isPresent() || isGapInHand;
    missing = Recovery.missing(used, position);
    cursor = at(position, Math.max(end, cursor.liveFrom()));
    long gap = missing.isPresent() && !wasMissing ? 1 : 0;
    Redelivery found =
        new Redelivery(
            gap + count(end), (position < start ? gap : 0) + count(Math.min(start, end)), true);
    resume(position);
    return found;
  }

  /** Returns the bytes of segments that were taken back since the last call. */
  long takenBack() {
    long bytes = takenBack;
    takenBack = 0;
    return bytes;
  }

  /** Returns the number of waiting events up to a position, and of those missing before them. */
  long waitingUpTo(long position) {
    return (missing.isPresent() && committed < position ? 1 : 0) + count(position);
  }

  /**
   * Goes on after the settled events. The ledger has them, although its position was changed by
   * another process.
   */
  void goOn(long position) {
    cursor = settled;
    resume(position);
  }

  private void resume(long position) {
    settled = cursor;
    committed = position;
    ahead = new Reading(List.of(), 0, null, cursor);
    isGapInHand = false;
    inHand = EventBatch.EMPTY;
    lastSettled = null;
  }

  /**
   * Returns the last position at or before a given one at which a frame begins. A position that
   * this journal committed is always such a position; with any other one, more events are repeated.
   */
  private Cursor at(long position, long pastEnd) {
    Cursor at = new Cursor(used, used.base(), pastEnd);
    Cursor last = at.copy();
    while (at.position() < position && at.next() != null && at.position() <= position) {
      last = at.copy();
    }
    return last;
  }

  /** Returns the number of events from the cursor on that end at or before a position. */
  private long count(long to) {
    Cursor at = cursor.copy();
    long events = 0;
    while (at.position() < to && at.next() != null && at.position() <= to) {
      events++;
    }
    return events;
  }

  /** Returns the size of all segments that are not settled as a whole. */
  long usedBytes() {
    long bytes = 0;
    for (Segment segment = used; segment != null; segment = segment.next()) {
      bytes += segment.size();
    }
    return bytes;
  }

  /**
   * Removes all segments, in which no event is waiting; the next run creates a new one. If segments
   * are retained, only records for later runs that they are settled.
   */
  void finish() {
    for (Segment segment = used; segment != null; segment = segment.next()) {
      if (retained.isOn()) {
        RetainedSegments.recordSettled(segment.file());
      } else {
        retained.add(segment);
      }
    }
  }

  /**
   * Continues a reading, up to a total number of events.
   *
   * @param before the reason why events are missing before the first one; recorded as the first
   *     event
   */
  private Reading read(Reading from, int max, Optional<String> before) {
    List<AuditEvent> events = new ArrayList<>(from.events());
    long bytes = from.bytes();
    @Nullable Instant time = from.time();
    Cursor end = from.end().copy();
    if (before.isPresent()) {
      events.add(gap(before.get(), OptionalInt.empty(), time, end));
    }
    while (events.size() < max && bytes < MAX_BATCH_BYTES) {
      Cursor.@Nullable Item item = end.next();
      if (item == null) {
        break;
      }
      if (item instanceof Cursor.Event found) {
        time = found.event().timestamp();
        bytes += found.event().content().bytes().length;
        events.add(found.event());
      } else if (item instanceof Cursor.Lost lost) {
        events.add(gap(cause(lost), OptionalInt.of(1), time, end));
      }
    }
    return new Reading(events, bytes, time, end);
  }

  private String cause(Cursor.Lost lost) {
    return "journal %s, %s: the frame at %s was written and cannot be read any more"
        .formatted(journal, lost.file(), lost.offset());
  }

  /** Returns the event that records lost events (D7). */
  private SystemEvent gap(String cause, OptionalInt count, @Nullable Instant from, Cursor behind) {
    CanonicalWriter details = new CanonicalWriter().beginObject().member("cause", cause);
    if (count.isPresent()) {
      details.member("count", count.getAsInt());
    } else {
      details.name("count").canonical("null");
    }
    time(details.name("from"), from);
    Cursor ahead = behind.copy();
    time(
        details.name("to"),
        ahead.next() instanceof Cursor.Event next ? next.event().timestamp() : null);
    SystemEvent event = SystemEvent.of(SystemEvent.GAP, details.endObject());
    LOG.error("{}; this is recorded as {} {}", cause, SystemEvent.GAP, event.id());
    return event;
  }

  private static void time(CanonicalWriter out, @Nullable Instant time) {
    if (time == null) {
      out.canonical("null");
    } else {
      out.string(Timestamps.format(time));
    }
  }

  /**
   * A reading of events.
   *
   * @param bytes the bytes of content
   * @param time the time of the last event, which is the start time of a gap
   * @param end the position after the last event; copied before it is moved
   */
  private record Reading(List<AuditEvent> events, long bytes, @Nullable Instant time, Cursor end) {
    /** Returns an empty reading that begins at the end of this one. */
    Reading behind() {
      return new Reading(List.of(), 0, time, end);
    }
  }
}
