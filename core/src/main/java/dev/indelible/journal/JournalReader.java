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
  private final Cursor cursor;

  /** The first segment whose file is still there. */
  private Segment oldest;

  /** The events in hand, until they are settled; a retry gets the same ones. */
  private EventBatch inHand = EventBatch.EMPTY;

  /** When the event before the cursor happened; bounds a gap. */
  private @Nullable Instant lastTime;

  JournalReader(UUID journal, Segment oldest, Cursor cursor) {
    this.journal = journal;
    this.oldest = oldest;
    this.cursor = cursor;
  }

  /** The oldest events not settled; the same again until they are. */
  EventBatch peek(int max) {
    if (inHand.events().isEmpty()) {
      inHand = read(max);
    }
    return inHand;
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
    inHand = EventBatch.EMPTY;
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
    return freed;
  }

  /**
   * Whether everything is settled, and enough room used that the next run had better start anew.
   */
  boolean isDone(Segment last) {
    return inHand.events().isEmpty()
        && cursor.segment() == last
        && cursor.offset() == last.used()
        && last.used() > last.size() / 4;
  }

  /** Removes the last segment too; a run after this begins a new one. */
  void removeAll() throws IOException {
    oldest.delete();
  }

  private EventBatch read(int max) {
    List<AuditEvent> events = new ArrayList<>();
    long bytes = 0;
    while (events.size() < max && bytes < MAX_BATCH_BYTES) {
      Cursor.@Nullable Item item = cursor.next();
      if (item == null) {
        break;
      }
      if (item instanceof Cursor.Event found) {
        lastTime = found.event().timestamp();
        bytes += found.event().content().bytes().length;
        events.add(found.event());
      } else if (item instanceof Cursor.Lost lost) {
        events.add(gap(lost));
      }
    }
    Optional<JournalMark> mark = Optional.of(new JournalMark(journal, cursor.position()));
    return events.isEmpty() ? EventBatch.EMPTY : new EventBatch(events, mark);
  }

  /** D7: what puts a lost event on record. */
  private SystemEvent gap(Cursor.Lost lost) {
    String cause =
        "journal %s, %s: the frame at %d was written and cannot be read any more"
            .formatted(journal, lost.file(), lost.offset());
    CanonicalWriter details = new CanonicalWriter().beginObject();
    details.member("cause", cause).member("count", 1).name("from");
    time(details, lastTime);
    Cursor ahead = cursor.copy();
    time(
        details.name("to"),
        ahead.next() instanceof Cursor.Event next ? next.event().timestamp() : null);
    try {
      SystemEvent event =
          SystemEvent.of(
              SystemEvent.GAP,
              JsonValue.parse(new String(details.endObject().toBytes(), StandardCharsets.UTF_8)));
      LOG.error("{}; 1 event is lost and recorded as {} {}", cause, SystemEvent.GAP, event.id());
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
