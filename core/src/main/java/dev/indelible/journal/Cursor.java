// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.event.StoredEvent;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A place in a journal, from which one frame after another is read. Used by one thread.
 *
 * <p>What an earlier run left may have holes: room that was claimed by a producer who died before
 * publishing. Its {@code submit} never returned, so a hole is stepped over in silence. A frame that
 * was published and cannot be read is another matter: that event is lost, and is read as a {@link
 * Lost}. What was cut short at the very end was never published whole either, and ends the journal.
 */
final class Cursor {
  /** Up to this position all writers are gone, and a hole will never be filled. */
  private final long pastEnd;

  private Segment segment;
  private int offset;

  /** A cursor on a position within a segment. */
  Cursor(Segment segment, long position, long pastEnd) {
    this.segment = segment;
    this.offset = (int) Math.max(Segment.HEADER, position - segment.base());
    this.pastEnd = pastEnd;
  }

  private Cursor(Cursor other) {
    this.segment = other.segment;
    this.offset = other.offset;
    this.pastEnd = other.pastEnd;
  }

  /** A second cursor on the same place. */
  Cursor copy() {
    return new Cursor(this);
  }

  /** The segment it is in. */
  Segment segment() {
    return segment;
  }

  /** Its place in the segment. */
  int offset() {
    return offset;
  }

  /** Its position in the journal. */
  long position() {
    return segment.base() + offset;
  }

  /** The next thing there is; null when there is nothing yet, or nothing more. */
  @Nullable Item next() {
    while (true) {
      if (offset >= segment.size()) {
        if (!advance()) {
          return null;
        }
        continue;
      }
      int word = segment.stateWord(offset);
      int length = Frame.length(word);
      int state = Frame.state(word);
      boolean past = position() < pastEnd;
      if (state == Frame.VOID && length > 0 && length <= segment.size() - offset) {
        offset += length;
      } else if (isReadable(state, past) && whole(offset, length)) {
        StoredEvent event = Frame.decode(segment.bytes(), offset);
        offset += length;
        return new Event(event);
      } else if (past) {
        int before = offset;
        @Nullable Lost lost = resynchronise(word != 0);
        if (lost != null || offset == before) {
          return lost;
        }
      } else if (state == Frame.EVENT) {
        // Published by a live writer, and yet not readable: the file was changed under it.
        return lost(offset, offset + Math.max(Frame.UNIT, length));
      } else {
        return null;
      }
    }
  }

  private static boolean isReadable(int state, boolean past) {
    return state == Frame.EVENT || state == Frame.UNSYNCED && past;
  }

  /**
   * Finds where frames go on behind something that is not one. Moves there; returns what was lost
   * on the way, if something was; stays when nothing follows.
   */
  private @Nullable Lost resynchronise(boolean published) {
    ByteBuffer bytes = segment.bytes();
    int start = offset;
    for (int at = start; at <= segment.size() - Frame.UNIT; at += Frame.UNIT) {
      if (at > start && isStartAt(at)) {
        offset = at;
        return published ? lost(start, at) : null;
      }
      if (bytes.getInt(at) == Frame.END) {
        int length = bytes.getInt(at + 4);
        int first = at + Frame.UNIT - length;
        if (first >= start && first % Frame.UNIT == 0 && Frame.endsAt(bytes, first, length)) {
          offset = at + Frame.UNIT;
          return segment.stateWord(first) != 0 ? lost(first, offset) : null;
        }
      }
    }
    if (segment.next() == null) {
      return null;
    }
    offset = segment.size();
    return published ? lost(start, offset) : null;
  }

  private boolean isStartAt(int at) {
    int word = segment.stateWord(at);
    return isReadable(Frame.state(word), true) && whole(at, Frame.length(word));
  }

  private boolean whole(int at, int length) {
    return Frame.isWhole(segment.bytes(), at, length, segment.base() + at);
  }

  private Lost lost(int from, int to) {
    offset = to;
    return new Lost(segment.file().getFileName().toString(), from);
  }

  private boolean advance() {
    Segment next = segment.next();
    if (next == null) {
      return false;
    }
    segment = next;
    offset = Segment.HEADER;
    return true;
  }

  /** What is read. */
  sealed interface Item permits Event, Lost {}

  /** An event. */
  record Event(StoredEvent event) implements Item {}

  /**
   * An event that was published and cannot be read.
   *
   * @param file the segment's file name
   * @param offset where in it
   */
  record Lost(String file, int offset) implements Item {}
}
