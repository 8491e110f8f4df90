// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.bytes;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.queue.Durability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reading a journal with arbitrary bytes ends, throws nothing, invents no event and finds every
 * intact frame (promise D7). By default only the inputs in the test resources are run;
 * docs/testing.md explains how to fuzz for longer.
 */
class JournalFuzzTest {
  /** The size of the mapped file, which every input overwrites. */
  private static final int SIZE = 4096;

  private static final MappedByteBuffer MEMORY = memory();
  private static final List<DeferredAuditEvent> EVENTS = TestJournal.events("agent:a", 5);
  private static final List<String> WRITTEN = bytes(EVENTS);

  /** Reads arbitrary bytes. The cursor returns at most as many items as fit into the segment. */
  @FuzzTest(maxDuration = "10m")
  void anyBytesAreReadToTheEnd(byte[] input) {
    Segment segment = segment();
    segment
        .bytes()
        .put(
            SegmentFile.HEADER_BYTES,
            input,
            0,
            Math.min(input.length, SIZE - SegmentFile.HEADER_BYTES));
    read(segment, SegmentFile.HEADER_BYTES);
    read(segment, Long.MAX_VALUE);
  }

  /** Damages written frames. Every intact frame is found, in order. */
  @FuzzTest(maxDuration = "10m")
  void wholeFramesAreFoundAmongDamagedOnes(FuzzedDataProvider input) {
    Segment segment = segment();
    List<Integer> starts = new ArrayList<>();
    for (DeferredAuditEvent event : EVENTS) {
      ByteBuffer frame = Frame.encode(event);
      int at = segment.used();
      segment.append(frame, Durability.PROCESS);
      if (!input.consumeBoolean()) {
        segment.bytes().putInt(at, Frame.stateWord(Frame.UNSYNCED, frame.limit()));
      }
      starts.add(at);
    }
    int end = segment.used();
    byte[] before = copy(segment);
    while (input.remainingBytes() > 0) {
      damage(segment, input, end);
    }
    byte[] after = copy(segment);

    List<String> found = read(segment, Long.MAX_VALUE);
    List<String> whole = new ArrayList<>();
    for (int i = 0; i < starts.size(); i++) {
      int to = i + 1 < starts.size() ? starts.get(i + 1) : end;
      if (Arrays.equals(before, starts.get(i), to, after, starts.get(i), to)) {
        whole.add(WRITTEN.get(i));
      }
    }
    require(isWithin(found, WRITTEN), "invented or out of order: " + found);
    // A damaged frame counts as padding or as another frame only if its checksum is valid, and the
    // fuzzer cannot forge a checksum.
    require(isWithin(whole, found), "intact but not found: " + whole + " in " + found);
  }

  private static void damage(Segment segment, FuzzedDataProvider input, int end) {
    int at = input.consumeInt(SegmentFile.HEADER_BYTES, end - 1);
    switch (input.consumeInt(0, 2)) {
      case 0 -> segment.bytes().put(at, (byte) (segment.bytes().get(at) ^ input.consumeByte()));
      case 1 -> {
        byte[] other = input.consumeBytes(Math.min(64, end - at));
        segment.bytes().put(at, other, 0, other.length);
      }
      default -> {
        int to = Math.min(end, at + input.consumeInt(0, 600));
        segment.bytes().put(at, new byte[to - at], 0, to - at);
      }
    }
  }

  /**
   * Returns the events that a cursor reads. Requires that the cursor advances with each item and
   * ends.
   */
  private static List<String> read(Segment segment, long pastEnd) {
    Cursor cursor = new Cursor(segment, 0, pastEnd);
    List<String> events = new ArrayList<>();
    int things = 0;
    int offset = cursor.offset();
    for (Cursor.Item item = cursor.next(); item != null; item = cursor.next()) {
      require(++things <= SIZE / Frame.UNIT, "the cursor does not end");
      require(cursor.offset() > offset, "the cursor does not advance from " + offset);
      offset = cursor.offset();
      if (item instanceof Cursor.Event event) {
        AuditEvent read = event.event();
        events.add(bytes(read));
      }
    }
    return events;
  }

  /** Returns true if {@code all} contains {@code some} in order. */
  private static boolean isWithin(List<String> some, List<String> all) {
    int at = 0;
    for (String each : some) {
      while (at < all.size() && !all.get(at).equals(each)) {
        at++;
      }
      if (at++ >= all.size()) {
        return false;
      }
    }
    return true;
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  private static Segment segment() {
    Segment segment =
        new Segment(
            new SegmentFile(
                Path.of("segment"),
                new SegmentFile.Header(0, 0, MEMORY.capacity()),
                MEMORY,
                TestJournal.UNSYNCED));
    segment.clearFrom(SegmentFile.HEADER_BYTES);
    segment.resumeAt(SegmentFile.HEADER_BYTES);
    return segment;
  }

  private static byte[] copy(Segment segment) {
    byte[] bytes = new byte[SIZE];
    segment.bytes().get(0, bytes);
    return bytes;
  }

  private static MappedByteBuffer memory() {
    try {
      Path file = Files.createTempFile("segment", "");
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        MappedByteBuffer memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE);
        memory.order(ByteOrder.LITTLE_ENDIAN);
        return memory;
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
