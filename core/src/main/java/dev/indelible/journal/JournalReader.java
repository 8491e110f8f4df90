// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.encoding.Timestamps;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.JournalMark;
import java.io.IOException;
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
 * Reads one journal for the drainer, from the position in the ledger, and removes settled segments.
 * Used only by the drainer's thread.
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

  /** The first segment whose file exists. */
  private Segment oldest;

  /** The unsettled batch; a retry returns it again. */
  private EventBatch inHand = EventBatch.EMPTY;

  /** The reason why events are missing before the first one; empty once it is recorded. */
  private Optional<String> missing;

  JournalReader(UUID journal, Segment oldest, Cursor cursor, Optional<String> missing) {
    this.journal = journal;
    this.missing = missing;
    this.oldest = oldest;
    this.cursor = cursor;
    this.ahead = new Reading(List.of(), 0, null, cursor);
  }

  /**
   * Returns the oldest events that are not settled. Every call returns this batch until it is
   * settled. A batch without events has a mark if whole segments were read and can be removed.
   */
  EventBatch peek(int max) {
    if (inHand.mark().isEmpty()) {
      // Change no field before everything is read, so that a read that runs out of memory can be
      // retried.
      Reading next = read(ahead, max, missing);
      boolean moved = !next.events().isEmpty() || next.end().segment() != oldest;
      Reading following = moved ? read(next.behind(), max, Optional.empty()) : next;
      if (moved) {
        JournalMark mark = new JournalMark(journal, next.end().position());
        inHand = new EventBatch(next.events(), Optional.of(mark), following.events());
        missing = Optional.empty();
      }
      cursor = next.end();
      ahead = following;
    }
    return inHand;
  }

  /** Returns the position up to which everything is settled; 0 while a batch is unsettled. */
  long drainedTo() {
    return inHand.mark().isEmpty() ? cursor.position() : 0;
  }

  /**
   * Settles the batch, and removes every segment before its end.
   *
   * @return the bytes that were freed
   */
  long settle(int count) {
    if (count != inHand.events().size()) {
      throw new IllegalArgumentException(
          count + " events settled, " + inHand.events().size() + " in hand");
    }
    long freed = 0;
    while (oldest != cursor.segment()) {
      Segment done = oldest;
      oldest = Objects.requireNonNull(done.next());
      freed += done.size();
      remove(done);
    }
    // Last, so that a failed settlement can be retried.
    inHand = EventBatch.EMPTY;
    return freed;
  }

  /** Returns true if everything claimed up to an offset of the last segment is settled. */
  boolean isDone(Segment last, int claimed) {
    return inHand.mark().isEmpty()
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

  /** Removes the remaining segments; the next run creates a new one. */
  void removeAll() {
    for (Segment segment = oldest; segment != null; segment = segment.next()) {
      remove(segment);
    }
  }

  /** Removes a settled segment. If that fails, a later start removes it. */
  private static void remove(Segment settled) {
    try {
      settled.delete();
    } catch (IOException e) {
      LOG.warn("{}: settled, but cannot be removed: {}", settled.file(), e.toString());
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
