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

  /** Where, in a segment not behind this, writers of this run may be at work. */
  int liveFrom(Segment in) {
    long live = Math.max(pastEnd, in == segment ? position() : 0) - in.base();
    return (int) Math.min(Math.max(live, Segment.HEADER), in.size());
  }

  /** The next thing there is; null when there is nothing yet, or nothing more. */
  @Nullable Item next() {
    while (offset < segment.size() || advance()) {
      int word = segment.stateWord(offset);
      int length = Frame.length(word);
      boolean past = position() < pastEnd;
      if (Frame.isVoid(segment.bytes(), offset, word)) {
        offset += length;
      } else if (isReadable(word, past) && whole(offset, length)) {
        StoredEvent event = Frame.decode(segment.bytes(), offset);
        offset += length;
        return new Event(event);
      } else if (!past && (word == 0 || Frame.state(word) == Frame.UNSYNCED)) {
        if (!segment.voidAbandoned()) {
          return null;
        }
      } else {
        // With a live writer: it was published, and the file was changed under us since.
        int start = offset;
        boolean published = word != 0 && !Frame.isDamagedVoid(segment.bytes(), start, word);
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
   * Moves behind something that is no frame, to where frames go on: to the end of a frame that
   * starts here, to the next one that can be read, to the start of one whose end is there, or, when
   * its writers are gone, to the end of this segment if there is another.
   *
   * @return false if nothing follows; then it has not moved
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
        || Frame.isVoid(segment.bytes(), at, word);
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
