// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.event.AuditEvent;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A position in a journal, from which frames are read one by one. Used by one thread.
 *
 * <p>The journal of an earlier run may have holes. A hole is a range that a producer claimed before
 * its process died without publishing a frame. The producer's {@code submit} never returned, so the
 * hole is skipped. A published frame that cannot be read is a lost event, and is returned as {@link
 * Lost}. An incomplete frame at the very end was never published, and ends the journal.
 */
final class Cursor {
  /** No producer writes before this position any more, so a hole before it stays a hole. */
  private final long pastEnd;

  private Segment segment;
  private int offset;

  /** Creates a cursor at a position within a segment. */
  Cursor(Segment segment, long position, long pastEnd) {
    this.segment = segment;
    this.offset =
        (int)
            Math.max(SegmentFile.HEADER_BYTES, Math.max(position, segment.base()) - segment.base());
    this.pastEnd = pastEnd;
  }

  private Cursor(Cursor other) {
    this.segment = other.segment;
    this.offset = other.offset;
    this.pastEnd = other.pastEnd;
  }

  /** Returns a second cursor at this position. */
  Cursor copy() {
    return new Cursor(this);
  }

  /** Returns the segment of this position. */
  Segment segment() {
    return segment;
  }

  /** Returns the offset in that segment. */
  int offset() {
    return offset;
  }

  /** Returns the position in the journal. */
  long position() {
    return segment.base() + offset;
  }

  /** Returns the position from which producers may still write. */
  long liveFrom() {
    return Math.max(pastEnd, position());
  }

  /** Returns the offset in a segment from which producers may still write. */
  int liveFrom(Segment in) {
    long live = Math.max(pastEnd, in == segment ? position() : 0) - in.base();
    return (int) Math.min(Math.max(live, SegmentFile.HEADER_BYTES), in.size());
  }

  /** Reads the next item; returns null if no item is published yet. */
  @Nullable Item next() {
    while (offset < segment.size() || advance()) {
      int word = segment.stateWord(offset);
      int length = Frame.length(word);
      boolean past = position() < pastEnd;
      if (Frame.isPadding(segment.bytes(), offset, word)) {
        offset += length;
      } else if (isReadable(word, past) && whole(offset, length)) {
        Event event = new Event(Frame.decode(segment.bytes(), offset), offset);
        offset += length;
        return event;
      } else if (!past && (word == 0 || Frame.state(word) == Frame.UNSYNCED)) {
        if (!segment.padAbandoned()) {
          return null;
        }
      } else {
        // A nonzero word shows that a frame was published here, even where producers may still
        // write; the file was changed afterwards.
        int start = offset;
        boolean published = word != 0 && !Frame.isDamagedPadding(segment.bytes(), start, word);
        if (!resynchronise(past)) {
          return null;
        }
        if (published) {
          return new Lost(segment.file().getFileName().toString(), start);
        }
      }
    }
    return null;
  }

  private static boolean isReadable(int word, boolean past) {
    return Frame.state(word) == Frame.EVENT || Frame.state(word) == Frame.UNSYNCED && past;
  }

  /**
   * Skips bytes that are not an intact frame. Moves to the first of these: the end of a damaged
   * frame that starts here, the next intact frame, or the start of a frame whose end word is
   * intact. If none of these exists, but the producers have ended and another segment follows,
   * moves to the end of this segment.
   *
   * @return false if nothing follows; then the cursor has not moved
   */
  private boolean resynchronise(boolean past) {
    ByteBuffer bytes = segment.bytes();
    int start = offset;
    for (int at = start; at <= segment.size() - Frame.UNIT; at += Frame.UNIT) {
      if (at > start && isStartAt(at)) {
        offset = at;
        return true;
      }
      if (bytes.getInt(at) == Frame.END) {
        int length = bytes.getInt(at + 4);
        int first = at + Frame.UNIT - length;
        if (first >= start && first % Frame.UNIT == 0 && Frame.endsAt(bytes, first, length)) {
          offset = first == start ? at + Frame.UNIT : first;
          return true;
        }
      }
    }
    if (!past || segment.next() == null) {
      return false;
    }
    offset = segment.size();
    return true;
  }

  private boolean isStartAt(int at) {
    int word = segment.stateWord(at);
    return isReadable(word, true) && whole(at, Frame.length(word))
        || Frame.isPadding(segment.bytes(), at, word);
  }

  private boolean whole(int at, int length) {
    return Frame.isWhole(segment.bytes(), at, length, segment.base() + at);
  }

  private boolean advance() {
    Segment next = segment.next();
    if (next == null) {
      return false;
    }
    segment = next;
    offset = SegmentFile.HEADER_BYTES;
    return true;
  }

  /** An item of a journal. */
  sealed interface Item permits Event, Lost {}

  /**
   * An event that was read.
   *
   * @param offset the offset of its frame in the file
   */
  record Event(AuditEvent event, int offset) implements Item {}

  /**
   * A published event that cannot be read.
   *
   * @param file the file name of the segment
   * @param offset the offset of its frame in the file
   */
  record Lost(String file, int offset) implements Item {}
}
