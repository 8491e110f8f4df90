// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.event.Timestamps;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import dev.indelible.queue.EventBatch;
import dev.indelible.queue.JournalMark;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
 * Reads one journal for the drainer, from where the ledger has taken it on, and removes the
 * segments that are done with. Used by the drainer's thread alone.
 */
final class JournalReader {
  /** Most bytes of content in a batch, unless one event alone has more. */
  private static final long MAX_BATCH_BYTES = 8L << 20;

  private static final Logger LOG = LoggerFactory.getLogger(JournalReader.class);

  private final UUID journal;

  /** Behind the events in hand. */
  private Cursor cursor;

  /** The first segment whose file is still there. */
  private Segment oldest;

  /** The batch in hand, until it is settled; a retry gets the same one. */
  private EventBatch inHand = EventBatch.EMPTY;

  /** What is known to be missing before the first event; told once. */
  private Optional<String> missing;

  /** When the event before the cursor happened; bounds a gap. */
  private @Nullable Instant lastTime;

  JournalReader(UUID journal, Segment oldest, Cursor cursor, Optional<String> missing) {
    this.journal = journal;
    this.missing = missing;
    this.oldest = oldest;
    this.cursor = cursor;
  }

  /**
   * The oldest events not settled; the same again until they are. A batch of no events and a mark
   * moves the ledger past segments in which nothing is left to read.
   */
  EventBatch peek(int max) {
    if (inHand.mark().isEmpty()) {
      inHand = read(max);
    }
    return inHand;
  }

  /** Up to where everything is settled; nowhere while a batch is in hand. */
  long drainedTo() {
    return inHand.mark().isEmpty() ? cursor.position() : 0;
  }

  /**
   * Lets the events in hand go, and removes every segment that lies wholly behind them.
   *
   * @return how many bytes that gave back
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
      try {
        done.delete();
      } catch (IOException e) {
        LOG.warn("{}: settled, and cannot be removed: {}", done.file(), e.toString());
      }
    }
    // Last, so that a settling that failed on the way can be repeated.
    inHand = EventBatch.EMPTY;
    return freed;
  }

  /** Whether everything is settled that was claimed in the last segment, and before. */
  boolean isDone(Segment last, int claimed) {
    return inHand.mark().isEmpty()
        && missing.isEmpty()
        && cursor.segment() == last
        && cursor.offset() == claimed;
  }

  /** Whether no writer is still at work in what was claimed up to the end of the last segment. */
  boolean isQuiet(Segment last, int claimed) {
    for (Segment segment = cursor.segment(); segment != null; segment = segment.next()) {
      int end = segment == last ? claimed : segment.size();
      if (!segment.isQuiet(cursor.liveFrom(segment), end)) {
        return false;
      }
    }
    return true;
  }

  /** Removes the segments that are left; a run after this begins a new one. */
  void removeAll() throws IOException {
    for (Segment segment = oldest; segment != null; segment = segment.next()) {
      segment.delete();
    }
  }

  private EventBatch read(int max) {
    // Moved on a copy, so that a reading that fails on the way, out of memory, is begun anew.
    Cursor ahead = cursor.copy();
    @Nullable Instant time = lastTime;
    List<AuditEvent> events = new ArrayList<>();
    long bytes = 0;
    if (missing.isPresent()) {
      events.add(gap(missing.get(), OptionalInt.empty(), time, ahead));
    }
    while (events.size() < max && bytes < MAX_BATCH_BYTES) {
      Cursor.@Nullable Item item = ahead.next();
      if (item == null) {
        break;
      }
      if (item instanceof Cursor.Event found) {
        time = found.event().timestamp();
        bytes += found.event().content().bytes().length;
        events.add(found.event());
      } else if (item instanceof Cursor.Lost lost) {
        events.add(gap(cause(lost), OptionalInt.of(1), time, ahead));
      }
    }
    boolean moved = !events.isEmpty() || ahead.segment() != oldest;
    EventBatch batch =
        moved
            ? new EventBatch(events, Optional.of(new JournalMark(journal, ahead.position())))
            : EventBatch.EMPTY;
    cursor = ahead;
    lastTime = time;
    missing = Optional.empty();
    return batch;
  }

  private String cause(Cursor.Lost lost) {
    return "journal %s, %s: the frame at %d was written and cannot be read any more"
        .formatted(journal, lost.file(), lost.offset());
  }

  /** D7: what puts lost events on record. */
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
    try {
      SystemEvent event =
          SystemEvent.of(
              SystemEvent.GAP,
              JsonValue.parse(new String(details.endObject().toBytes(), StandardCharsets.UTF_8)));
      LOG.error("{}; this is recorded as {} {}", cause, SystemEvent.GAP, event.id());
      return event;
    } catch (JsonFormatException e) {
      throw new IllegalStateException("what was written canonically reads back", e);
    }
  }

  private static void time(CanonicalWriter out, @Nullable Instant time) {
    if (time == null) {
      out.canonical("null");
    } else {
      out.string(Timestamps.format(time));
    }
  }
}
