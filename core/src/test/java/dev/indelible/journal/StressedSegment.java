// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.queue.Durability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Creates millions of small segments for jcstress: real segments on slices of one mapped file. A
 * slice is reused only long after its last use.
 */
final class StressedSegment {
  /** Frames of two events. Each producer uses a copy. */
  private static final ByteBuffer FIRST = Frame.encode(TestJournal.event("agent:a", 1));

  private static final ByteBuffer SECOND = Frame.encode(TestJournal.event("agent:b", 2));

  /** The length of each frame. */
  static final int FRAME = FIRST.limit();

  private static final Path FILE = Path.of("segment");
  private static final int PIECE = 1024;
  private static final int PIECES = 1 << 17;
  private static final MappedByteBuffer MEMORY = memory();
  private static final AtomicInteger NEXT = new AtomicInteger();

  private StressedSegment() {}

  /** Returns an empty segment with {@code bytes} of space after its header. */
  static Segment withSpace(int bytes, Disk disk) {
    int piece = Math.floorMod(NEXT.getAndIncrement(), PIECES);
    MappedByteBuffer room = MEMORY.slice(piece * PIECE, SegmentFile.HEADER_BYTES + bytes);
    room.order(ByteOrder.LITTLE_ENDIAN);
    Segment segment =
        new Segment(
            new SegmentFile(FILE, new SegmentFile.Header(0, 0, room.capacity()), room, disk));
    segment.clearFrom(SegmentFile.HEADER_BYTES);
    segment.resumeAt(SegmentFile.HEADER_BYTES);
    return segment;
  }

  static Segment withSpaceFor(int frames) {
    return withSpace(frames * FRAME, TestJournal.UNSYNCED);
  }

  static Segment withSpaceForOneAndAHalf() {
    return withSpace(FRAME + FRAME / 2 / Frame.UNIT * Frame.UNIT, TestJournal.UNSYNCED);
  }

  /** Returns a copy of the frame of event 1 or 2. */
  static ByteBuffer frame(int event) {
    ByteBuffer frame = event == 1 ? FIRST : SECOND;
    byte[] copy = Arrays.copyOf(frame.array(), FRAME);
    return ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Claims space for two frames and returns the offset of the first. */
  static int claimTwo(Segment segment) {
    segment.resumeAt(SegmentFile.HEADER_BYTES + 2 * FRAME);
    return SegmentFile.HEADER_BYTES;
  }

  /** Claims, writes and publishes a frame as a producer does. Returns true if there was space. */
  static boolean offer(Segment segment, int event) {
    return segment.append(frame(event), Durability.PROCESS) == Segment.Outcome.APPENDED;
  }

  /** Claims space and fails before publishing, as a failing producer does. */
  static void abandon(Segment segment) {
    try {
      segment.append(frame(1).asReadOnlyBuffer(), Durability.PROCESS);
      throw new IllegalStateException("a frame that cannot be sealed was appended");
    } catch (ReadOnlyBufferException e) {
      // The producer fails here.
    }
  }

  /** Returns what a cursor reads, as digits in order: 1 or 2 for an event, 9 for anything else. */
  static int read(Cursor cursor) {
    int read = 0;
    for (Cursor.Item item = cursor.next(); item != null; item = cursor.next()) {
      read = read * 10 + digit(item);
    }
    return read;
  }

  /** Joins the digits of two reads. */
  static int join(int first, int then) {
    return Integer.parseInt(first + (then == 0 ? "" : Integer.toString(then)));
  }

  private static int digit(Cursor.Item item) {
    if (!(item instanceof Cursor.Event event)) {
      return 9;
    }
    return switch (event.event().agentId()) {
      case "agent:a" -> 1;
      case "agent:b" -> 2;
      default -> 9;
    };
  }

  private static MappedByteBuffer memory() {
    try {
      Path file = Files.createTempFile("segments", "");
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        return channel.map(FileChannel.MapMode.READ_WRITE, 0, (long) PIECE * PIECES);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
