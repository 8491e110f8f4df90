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
 * Small segments by the million for jcstress: the real class over pieces of one mapped file, each
 * used again long after whoever had it is gone.
 */
final class StressedSegment {
  /** The frames of two events; a producer has its own copy. */
  private static final ByteBuffer FIRST = Frame.encode(TestJournal.event("agent:a", 1));

  private static final ByteBuffer SECOND = Frame.encode(TestJournal.event("agent:b", 2));

  /** How long a frame of either is. */
  static final int FRAME = FIRST.limit();

  private static final Path FILE = Path.of("segment");
  private static final int PIECE = 1024;
  private static final int PIECES = 1 << 17;
  private static final MappedByteBuffer MEMORY = memory();
  private static final AtomicInteger NEXT = new AtomicInteger();

  private StressedSegment() {}

  /** An empty segment with so much room behind its header. */
  static Segment withRoom(int bytes, Disk disk) {
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

  static Segment withRoomFor(int frames) {
    return withRoom(frames * FRAME, TestJournal.UNSYNCED);
  }

  static Segment withRoomForOneAndAHalf() {
    return withRoom(FRAME + FRAME / 2 / Frame.UNIT * Frame.UNIT, TestJournal.UNSYNCED);
  }

  /** A frame of an event's, 1 or 2. */
  static ByteBuffer frame(int event) {
    ByteBuffer frame = event == 1 ? FIRST : SECOND;
    byte[] copy = Arrays.copyOf(frame.array(), FRAME);
    return ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Claims room for two frames; returns the place of the first. */
  static int claimTwo(Segment segment) {
    segment.resumeAt(SegmentFile.HEADER_BYTES + 2 * FRAME);
    return SegmentFile.HEADER_BYTES;
  }

  /** As a producer does it: claims, writes, publishes. Returns whether there was room. */
  static boolean offer(Segment segment, int event) {
    return segment.append(frame(event), Durability.PROCESS) == Segment.Outcome.APPENDED;
  }

  /** As a producer does it who fails behind its claim. */
  static void abandon(Segment segment) {
    try {
      segment.append(frame(1).asReadOnlyBuffer(), Durability.PROCESS);
      throw new IllegalStateException("a frame that cannot be sealed was appended");
    } catch (ReadOnlyBufferException e) {
      // So it fails.
    }
  }

  /** What a cursor reads, as digits in order: 1 or 2 an event, 9 one that cannot be read. */
  static int read(Cursor cursor) {
    int read = 0;
    for (Cursor.Item item = cursor.next(); item != null; item = cursor.next()) {
      read = read * 10 + digit(item);
    }
    return read;
  }

  /** What was read first, and then. */
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
