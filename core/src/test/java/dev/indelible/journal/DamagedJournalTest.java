// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.bytes;
import static dev.indelible.journal.TestJournal.event;
import static dev.indelible.journal.TestJournal.events;
import static dev.indelible.journal.TestJournal.frameLength;
import static dev.indelible.journal.TestJournal.isGap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.JsonValue;
import dev.indelible.testkit.Sample;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Bytes of a journal were truncated, lost or changed. Intact frames are read, a damaged frame is
 * recorded as a gap, and no event is invented (promise D7).
 */
@Tag("any-jdk")
@Timeout(180)
class DamagedJournalTest {
  private static final int SEGMENT = 4096;

  @TempDir Path temp;

  private TestJournal test;
  private @Nullable Slot slot;

  @BeforeEach
  void createJournal() {
    test = new TestJournal(temp.resolve("journal"));
  }

  @AfterEach
  void leaveEvents() throws Exception {
    if (slot != null) {
      slot.close();
      slot = null;
    }
  }

  /** Overwrites segments and reads them as the next start does. */
  private List<AuditEvent> recoverFrom(byte[]... segments) throws Exception {
    if (slot == null) {
      slot = test.take();
    }
    for (int i = 0; i < segments.length; i++) {
      Files.write(test.slotDirectory(0).resolve(SegmentFile.name(i)), segments[i]);
    }
    return test.read(slot);
  }

  private byte[] plantOne(List<DeferredAuditEvent> events) throws Exception {
    test.plant(new int[] {SEGMENT}, events);
    return Files.readAllBytes(test.segments(0).get(0));
  }

  /** Truncates the file at every length within its last frame. */
  @Test
  void truncatedLastFrameKeepsEarlierEvents() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 4);
    byte[] whole = plantOne(events);
    int start = SegmentFile.HEADER_BYTES + 3 * frameLength(events.get(0));
    int end = SegmentFile.HEADER_BYTES + 4 * frameLength(events.get(0));
    for (int length = start; length < end; length++) {
      List<AuditEvent> found = recoverFrom(Arrays.copyOf(whole, length));
      requireTorn(found, events, length);
    }
  }

  /** Truncates the last frame at every length and fills the rest of the file with zeros. */
  @Test
  void zeroedLastFrameKeepsEarlierEvents() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 4);
    byte[] whole = plantOne(events);
    int start = SegmentFile.HEADER_BYTES + 3 * frameLength(events.get(0));
    int end = SegmentFile.HEADER_BYTES + 4 * frameLength(events.get(0));
    for (int length = start; length < end; length++) {
      byte[] torn = Arrays.copyOf(Arrays.copyOf(whole, length), whole.length);
      requireTorn(recoverFrom(torn), events, length);
    }
  }

  /**
   * Checks that the first three events are read and that no gap is recorded. The fourth event may
   * also be read.
   */
  private static void requireTorn(
      List<AuditEvent> found, List<DeferredAuditEvent> events, int length) {
    List<String> all = bytes(events);
    assertThat(bytes(found))
        .as("cut at %d", length)
        .satisfiesAnyOf(
            read -> assertThat(read).isEqualTo(all.subList(0, 3)),
            read -> assertThat(read).isEqualTo(all));
  }

  /** New events are appended after the last intact frame. */
  @Test
  void tornJournalAcceptsNewEvents() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 4);
    byte[] whole = plantOne(events);
    int start = SegmentFile.HEADER_BYTES + 3 * frameLength(events.get(0));
    byte[] torn = Arrays.copyOf(Arrays.copyOf(whole, start + 100), whole.length);
    Files.write(test.segments(0).get(0), torn);
    Journal journal = test.open();
    DeferredAuditEvent next = event("agent:b", 1);
    assertThat(journal.offer(next)).isTrue();
    TestJournal killed = test.killedNow(temp.resolve("killed"));
    assertThat(bytes(killed.recover()))
        .isEqualTo(
            List.of(bytes(events).get(0), bytes(events).get(1), bytes(events).get(2), bytes(next)));
    journal.close();
  }

  /** Flips bits of the first, a middle and the last frame. A lost event is recorded as a gap. */
  @Test
  void flippedBitLosesAtMostOneEvent() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 4);
    byte[] whole = plantOne(events);
    int length = frameLength(events.get(0));
    int harmless = 0;
    for (int frame : new int[] {0, 1, 3}) {
      int start = SegmentFile.HEADER_BYTES + frame * length;
      for (int bit = 0; bit < length * 8; bit += Sample.step(7)) {
        byte[] damaged = whole.clone();
        damaged[start + bit / 8] ^= (byte) (1 << bit % 8);
        harmless += requireOneLost(recoverFrom(damaged), events, frame) ? 0 : 1;
      }
    }
    // Only the last 64-bit word may change without harm.
    assertThat(harmless).isLessThanOrEqualTo(3 * (64 / Sample.step(7) + 1));
  }

  /** Flips bits in the second of three segments. */
  @Test
  void flippedBitHarmsNoOtherSegment() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 6);
    int length = frameLength(events.get(0));
    int size = SegmentFile.HEADER_BYTES + 2 * length + 40;
    test.plant(new int[] {size, size, size}, events);
    List<byte[]> all = new ArrayList<>();
    for (Path file : test.segments(0)) {
      all.add(Files.readAllBytes(file));
    }
    for (int bit = 0; bit < length * 8; bit += Sample.step(7)) {
      byte[] damaged = all.get(1).clone();
      damaged[SegmentFile.HEADER_BYTES + length + bit / 8] ^= (byte) (1 << bit % 8);
      requireOneLost(recoverFrom(all.get(0), damaged, all.get(2)), events, 3);
    }
  }

  /**
   * Checks that every event is read, or that a gap replaces the damaged one. Returns true if there
   * is a gap.
   */
  private static boolean requireOneLost(
      List<AuditEvent> found, List<DeferredAuditEvent> events, int damaged) {
    assertThat(found).hasSameSizeAs(events);
    boolean lost = false;
    for (int i = 0; i < events.size(); i++) {
      if (isGap(found.get(i))) {
        assertThat(i).isEqualTo(damaged);
        lost = true;
        requireGap(found.get(i), events, damaged);
      } else {
        assertThat(bytes(found.get(i))).isEqualTo(bytes(events.get(i)));
      }
    }
    return lost;
  }

  /** Checks the count and cause of the gap, and the times of the events before and after it. */
  private static void requireGap(AuditEvent gap, List<DeferredAuditEvent> events, int damaged) {
    JsonNode details =
        JsonMapper.shared()
            .readTree(new String(gap.content().bytes(), StandardCharsets.UTF_8))
            .get("details");
    assertThat(details.get("count").asInt()).isEqualTo(1);
    assertThat(details.get("cause").asString()).contains(".seg").contains("cannot be read");
    assertThat(details.get("from").isNull()).isEqualTo(damaged == 0);
    assertThat(details.get("to").isNull()).isEqualTo(damaged == events.size() - 1);
    if (damaged > 0) {
      assertThat(details.get("from").asString())
          .isEqualTo(TestJournal.START.plusSeconds(damaged - 1).toString());
    }
    if (damaged < events.size() - 1) {
      assertThat(details.get("to").asString())
          .isEqualTo(TestJournal.START.plusSeconds(damaged + 1).toString());
    }
  }

  /** Flips bits of a padding frame between two events. */
  @Test
  void flippedBitInPaddingLosesNoEvent() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 4);
    int length = frameLength(events.get(0));
    int at = SegmentFile.HEADER_BYTES + 2 * length;
    byte[] whole = plantOne(events);
    try (Slot slot =
        Slot.take(test.slotDirectory(0), TestJournal.LEDGER, test.disk).orElseThrow()) {
      Segment.open(test.segments(0).get(0), slot.journal(), test.disk).pad(at, length);
    }
    whole = Files.readAllBytes(test.segments(0).get(0));
    List<DeferredAuditEvent> left = List.of(events.get(0), events.get(1), events.get(3));
    assertThat(bytes(recoverFrom(whole))).isEqualTo(bytes(left));
    for (int bit = 0; bit < length * 8; bit += Sample.step(7)) {
      byte[] damaged = whole.clone();
      damaged[at + bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(bytes(recoverFrom(damaged))).as("bit %d", bit).isEqualTo(bytes(left));
    }
  }

  /** Flips bits in the unused bytes at the end of a segment, where no event fits. */
  @Test
  void flippedBitInSegmentEndLosesNoEvent() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 4);
    int length = frameLength(events.get(0));
    for (int rest : new int[] {8, 16, 40}) {
      TestJournal each = new TestJournal(temp.resolve("rest" + rest));
      int size = SegmentFile.HEADER_BYTES + 2 * length + rest;
      each.plant(new int[] {size, size}, events);
      byte[] first = Files.readAllBytes(each.segments(0).get(0));
      byte[] second = Files.readAllBytes(each.segments(0).get(1));
      for (int bit = 0; bit < rest * 8; bit++) {
        test = each;
        byte[] damaged = first.clone();
        damaged[size - rest + bit / 8] ^= (byte) (1 << bit % 8);
        assertThat(bytes(recoverFrom(damaged, second)))
            .as("bit %d of %d", bit, rest)
            .isEqualTo(bytes(events));
      }
      leaveEvents();
    }
  }

  /**
   * A hole is space that a producer claimed but never published, because it died first. Its submit
   * never returned, so no event is lost.
   */
  @Test
  void holesAreSkippedWithoutAGap() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 6);
    int length = frameLength(events.get(0));
    byte[] whole = plantOne(events);
    for (int mask = 0; mask < 1 << events.size(); mask++) {
      for (boolean written : new boolean[] {true, false}) {
        byte[] holed = whole.clone();
        List<DeferredAuditEvent> left = new ArrayList<>();
        for (int i = 0; i < events.size(); i++) {
          int at = SegmentFile.HEADER_BYTES + i * length;
          if ((mask & 1 << i) == 0) {
            left.add(events.get(i));
          } else {
            // The frame was written but not published, or not written at all.
            Arrays.fill(holed, at, at + (written ? 4 : length), (byte) 0);
          }
        }
        assertThat(bytes(recoverFrom(holed))).as("holes %x", mask).isEqualTo(bytes(left));
      }
    }
  }

  /** The flipped bit is in the frame after the hole. */
  @Test
  void damagedFrameAfterAHoleIsRecorded() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 4);
    int length = frameLength(events.get(0));
    byte[] whole = plantOne(events);
    Arrays.fill(
        whole, SegmentFile.HEADER_BYTES + length, SegmentFile.HEADER_BYTES + 2 * length, (byte) 0);
    List<DeferredAuditEvent> left = List.of(events.get(0), events.get(2), events.get(3));
    for (int bit = 0; bit < length * 8; bit += Sample.step(7)) {
      byte[] damaged = whole.clone();
      damaged[SegmentFile.HEADER_BYTES + 2 * length + bit / 8] ^= (byte) (1 << bit % 8);
      List<AuditEvent> found = recoverFrom(damaged);
      assertThat(found).as("bit %d", bit).hasSize(3);
      assertThat(bytes(found.get(0))).isEqualTo(bytes(left.get(0)));
      assertThat(bytes(found.get(2))).isEqualTo(bytes(left.get(2)));
      assertThat(isGap(found.get(1)) || bytes(found.get(1)).equals(bytes(left.get(1)))).isTrue();
    }
  }

  /** After random damage, recovery ends and returns only events that were written, in order. */
  @Test
  void randomDamageInventsNoEvent() throws Exception {
    Random random = new Random(26);
    List<DeferredAuditEvent> events = events("agent:a", 8);
    byte[] whole = plantOne(events);
    List<String> known = bytes(events);
    for (int round = 0; round < 1_500; round++) {
      byte[] damaged = whole.clone();
      for (int cut = 1 + random.nextInt(4); cut > 0; cut--) {
        int from = SegmentFile.HEADER_BYTES + random.nextInt(SEGMENT - SegmentFile.HEADER_BYTES);
        int to = Math.min(SEGMENT, from + 1 + random.nextInt(700));
        switch (random.nextInt(4)) {
          case 0 -> Arrays.fill(damaged, from, to, (byte) random.nextInt());
          case 1 -> {
            byte[] noise = new byte[to - from];
            random.nextBytes(noise);
            System.arraycopy(noise, 0, damaged, from, noise.length);
          }
          case 2 ->
              System.arraycopy(
                  whole,
                  SegmentFile.HEADER_BYTES,
                  damaged,
                  from,
                  Math.min(to - from, 8 * (to - from) / 8));
          default -> Arrays.fill(damaged, from, to, (byte) 0);
        }
      }
      List<String> read =
          recoverFrom(damaged).stream().filter(e -> !isGap(e)).map(TestJournal::bytes).toList();
      assertThat(read).as("round %d", round).doesNotHaveDuplicates().isSubsetOf(known);
      assertThat(read).isSortedAccordingTo((a, b) -> known.indexOf(a) - known.indexOf(b));
    }
  }

  /** A frame changes while the journal is open (D7). */
  @Test
  void frameChangedWhileOpenIsRecorded() throws Exception {
    List<DeferredAuditEvent> events = events("agent:a", 4);
    int length = frameLength(events.get(0));
    for (int at : new int[] {0, 1, 2, 3, 5, 9, 60, length / 2, length - 17}) {
      TestJournal each = new TestJournal(temp.resolve("live" + at));
      Journal journal = each.open();
      events.forEach(journal::offer);
      try (RandomAccessFile file = new RandomAccessFile(each.segments(0).get(0).toFile(), "rw")) {
        file.seek(SegmentFile.HEADER_BYTES + length + at);
        int was = file.read();
        file.seek(SegmentFile.HEADER_BYTES + length + at);
        file.write(was ^ 0x04);
      }
      assertThat(requireOneLost(each.drain(journal), events, 1)).as("byte %d", at).isTrue();
      journal.close();
    }
  }

  /**
   * An agent chooses the text of its events (D1). Text that looks like the state words of frames
   * does not slow down the recovery of a journal with a hole.
   */
  @Test
  void textLikeStateWordsDoesNotSlowRecovery() throws Exception {
    List<AuditEvent> events = new ArrayList<>();
    for (int n = 0; n < 24; n++) {
      events.add(
          new SystemEvent(
              event("agent:a", n).id(),
              "governance.check",
              JsonValue.parse("\"" + "]".repeat(1_000_000) + ":".repeat(500_000) + "\""),
              TestJournal.START));
    }
    test.plant(new int[] {JournalWriter.LARGEST_SEGMENT_BYTES}, events);
    Path segment = test.segments(0).get(0);
    try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
      file.seek(SegmentFile.HEADER_BYTES);
      file.write(new byte[4 + 4 + 16 + 8]);
    }
    long before = System.nanoTime();
    assertThat(test.recover()).hasSize(23);
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
  }
}
