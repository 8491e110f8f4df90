// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.bytes;
import static dev.indelible.journal.TestJournal.event;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.JournalMark;
import dev.indelible.pending.LedgerView;
import dev.indelible.pending.Redelivery;
import dev.indelible.queue.Durability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Settled segments stay for a while, and their events wait again if the ledger goes back (promises
 * D2, D3, D7).
 */
@Tag("any-jdk")
class RetainedSegmentsTest {
  private static final Duration RETAIN = Duration.ofMinutes(10);

  /** Bytes of an event's command: ten such events nearly fill the smallest segment. */
  private static final int LARGE = 190_000;

  @TempDir Path temp;
  private TestJournal test;
  private final List<Journal> opened = new ArrayList<>();

  @BeforeEach
  void createJournal() {
    test = new TestJournal(temp.resolve("journal"));
    test.settings = JournalSettings.ofDefaults().withRetain(RETAIN);
  }

  @AfterEach
  void closeAll() {
    opened.forEach(Journal::close);
  }

  private Journal open() throws JournalException {
    Journal journal = test.open();
    opened.add(journal);
    return journal;
  }

  private static List<DeferredAuditEvent> offer(Journal journal, int from, int to) {
    List<DeferredAuditEvent> events = new ArrayList<>();
    for (int n = from; n < to; n++) {
      events.add(event("agent:a", n, LARGE));
      assertThat(TestJournal.offer(journal, events.get(events.size() - 1))).isTrue();
    }
    return events;
  }

  /** A ledger of which only the positions can be read; it does not have the events asked for. */
  private static final LedgerView WITHOUT_EVENTS =
      new LedgerView() {
        @Override
        public Optional<Boolean> has(UUID event) {
          return Optional.of(false);
        }
      };

  private Redelivery lookBack(Journal journal, LedgerView ledger) {
    Map<UUID, Long> positions = new HashMap<>();
    for (UUID compared : journal.toCompare(true)) {
      positions.put(compared, test.positions.getOrDefault(compared, 0L));
    }
    return journal.goBack(positions, ledger);
  }

  /** Returns the position of the only journal. */
  private long position() {
    return test.positions.values().iterator().next();
  }

  private void setPosition(long position) {
    test.positions.replaceAll((journal, before) -> position);
  }

  @Test
  void segmentsAreRemovedAtOnceWithoutRetention() throws Exception {
    test.settings = JournalSettings.ofDefaults();
    Journal journal = open();
    offer(journal, 0, 35);
    test.drain(journal, 5);

    assertThat(journal.toCompare(true)).isEmpty();
    // The last segment, and the next one.
    assertThat(test.segments(0)).hasSizeLessThanOrEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 17, 34, 35})
  void eventsAfterThePositionWaitAgainInOrder(int kept) throws Exception {
    Journal journal = open();
    List<DeferredAuditEvent> events = offer(journal, 0, kept);
    test.drain(journal, 5);
    long position = kept == 0 ? 0 : position();
    events.addAll(offer(journal, kept, 35));
    List<AuditEvent> later = test.drain(journal, 5);
    assertThat(bytes(later)).isEqualTo(bytes(events.subList(kept, 35)));

    setPosition(position);
    Redelivery found = lookBack(journal, WITHOUT_EVENTS);
    DeferredAuditEvent added = event("agent:a", 99);
    assertThat(journal.offer(added)).isTrue();
    List<AuditEvent> again = test.drain(journal, 5);

    assertThat(found).isEqualTo(new Redelivery(35 - kept, 0, kept < 35));
    List<String> expected = new ArrayList<>(bytes(events.subList(kept, 35)));
    expected.add(bytes(added));
    assertThat(bytes(again)).isEqualTo(expected);
    assertThat(lookBack(journal, WITHOUT_EVENTS)).isEqualTo(Redelivery.NONE);
  }

  /** The unsettled batch is read again, and its events are not counted twice. */
  @Test
  void batchInHandIsReadAgainAfterEarlierEvents() throws Exception {
    Journal journal = open();
    List<DeferredAuditEvent> events = offer(journal, 0, 30);
    test.drain(journal, 30);
    events.addAll(offer(journal, 30, 35));
    JournalMark mark = journal.peek(5).mark().orElseThrow();
    assertThat(mark.isRetained()).isTrue();
    assertThat(mark.expected()).isEqualTo(position());
    assertThat(mark.mayReplace(position())).isTrue();
    assertThat(mark.mayReplace(position() + 8)).isTrue();
    assertThat(mark.mayReplace(0)).isFalse();

    setPosition(0);

    assertThat(lookBack(journal, WITHOUT_EVENTS)).isEqualTo(new Redelivery(30, 0, true));
    assertThat(journal.peek(5).mark().orElseThrow().expected()).isZero();
    assertThat(bytes(test.drain(journal, 5))).isEqualTo(bytes(events));
  }

  /** Positions of another copy of this directory may be inside a frame. */
  @Test
  void positionInsideEventRepeatsThatEvent() throws Exception {
    Journal journal = open();
    List<DeferredAuditEvent> events = offer(journal, 0, 35);
    test.drain(journal, 1).size();
    setPosition(SegmentFile.HEADER_BYTES + TestJournal.frameLength(events.get(0)) + 16);

    assertThat(lookBack(journal, WITHOUT_EVENTS).events()).isEqualTo(34);
    assertThat(bytes(test.drain(journal))).isEqualTo(bytes(events.subList(1, 35)));
  }

  @Test
  void ledgerThatHasTheEventsGetsNoneAgain() throws Exception {
    Journal journal = open();
    List<DeferredAuditEvent> events = offer(journal, 0, 35);
    test.drain(journal, 5);
    List<UUID> asked = new ArrayList<>();
    LedgerView complete =
        new LedgerView() {
          @Override
          public Optional<Boolean> has(UUID event) {
            asked.add(event);
            return Optional.of(true);
          }
        };
    DeferredAuditEvent next = event("agent:a", 99);
    assertThat(journal.offer(next)).isTrue();
    journal.peek(5);

    setPosition(1_000);

    assertThat(lookBack(journal, complete)).isEqualTo(new Redelivery(0, 0, true));
    assertThat(asked).containsExactly(events.get(34).id());
    assertThat(journal.peek(5).mark().orElseThrow().expected()).isEqualTo(1_000);
    assertThat(bytes(test.drain(journal, 5))).containsExactly(bytes(next));
  }

  @Test
  void eventsWaitAgainAfterRestart() throws Exception {
    Journal journal = test.open();
    List<DeferredAuditEvent> events = offer(journal, 0, 12);
    test.drain(journal, 12);
    long position = position();
    events.addAll(offer(journal, 12, 35));
    test.drain(journal, 5);
    journal.close();
    assertThat(waiting()).isZero();

    setPosition(position);

    assertThat(waiting()).isEqualTo(23);
    assertThat(bytes(test.recover())).isEqualTo(bytes(events.subList(12, 35)));
    assertThat(waiting()).isZero();
  }

  /** Events of an earlier run are recovered, and those of this run are not. */
  @Test
  void earlierEventsAreCountedApart() throws Exception {
    Journal journal = test.open();
    offer(journal, 0, 12);
    test.drain(journal, 12);
    journal.close();
    Journal next = open();
    assertThat(next.recovered()).isZero();
    offer(next, 12, 35);
    test.drain(next, 5);

    setPosition(0);

    assertThat(lookBack(next, WITHOUT_EVENTS)).isEqualTo(new Redelivery(35, 12, true));
    test.drain(next, 5);
    setPosition(0);
    // This run has delivered all of them now.
    assertThat(lookBack(next, WITHOUT_EVENTS)).isEqualTo(new Redelivery(35, 0, true));
  }

  @Test
  void killedProcessLeavesItsSegments() throws Exception {
    Journal journal = open();
    List<DeferredAuditEvent> events = offer(journal, 0, 35);
    test.drain(journal, 5);
    TestJournal killed = test.killedNow(temp.resolve("killed"));

    killed.positions.replaceAll((id, before) -> 0L);

    assertThat(bytes(killed.recover())).isEqualTo(bytes(events));
  }

  @Test
  void segmentsAreRemovedWhenTheirTimeHasPassed() throws Exception {
    Journal journal = test.open();
    for (int round = 0; round < 10; round++) {
      offer(journal, 8 * round, 8 * round + 8);
      test.drain(journal, 8);
    }
    journal.close();
    List<Path> all = test.segments(0);
    assertThat(all).hasSizeGreaterThanOrEqualTo(4);
    setAge(all.get(0), RETAIN.plusSeconds(1));
    // It seems to be of tomorrow, because somebody set the clock back: it stays for a whole period.
    setAge(all.get(1), Duration.ofDays(-1));
    setAge(all.get(2), RETAIN.plusSeconds(1));

    test.open().close();

    assertThat(test.segments(0)).doesNotContain(all.get(0)).contains(all.get(1), all.get(2));
    all.forEach(segment -> setAge(segment, RETAIN.plusDays(1)));
    test.open().close();
    // The last segment has free bytes for new events.
    assertThat(test.segments(0))
        .hasSizeLessThanOrEqualTo(2)
        .doesNotContainAnyElementsOf(all.subList(0, 2));
  }

  private static void setAge(Path segment, Duration age) {
    try {
      if (Files.exists(segment)) {
        Files.setLastModifiedTime(segment, FileTime.from(Instant.now().minus(age)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void runningProcessRemovesSegmentsInTime() throws Exception {
    test.settings = JournalSettings.ofDefaults().withRetain(Duration.ofNanos(1));
    Journal journal = open();
    offer(journal, 0, 35);
    test.drain(journal, 5);
    journal.toCompare(true);

    assertThat(test.segments(0)).hasSizeLessThanOrEqualTo(2);
  }

  /** While the ledger cannot be read, it may go back, so nothing is removed. */
  @Test
  void segmentsAreRemovedOnlyAfterAComparison() throws Exception {
    test.settings = JournalSettings.ofDefaults().withRetain(Duration.ofSeconds(1));
    Journal journal = open();
    offer(journal, 0, 35);
    test.drain(journal, 5);
    int before = test.segments(0).size();
    // The time that passes is the subject.
    LockSupport.parkNanos(Duration.ofMillis(1_100).toNanos());
    journal.toCompare(true);
    assertThat(test.segments(0)).hasSize(before);

    lookBack(journal, WITHOUT_EVENTS);
    assertThat(test.segments(0)).hasSizeLessThanOrEqualTo(2);
  }

  /**
   * @param isLastMissing true if the start finds only segments that are settled as a whole
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void startOnFullDiskUsesTheSpaceOfRetainedSegments(boolean isLastMissing) throws Exception {
    Journal journal = test.open();
    offer(journal, 0, 35);
    test.drain(journal, 5);
    journal.close();
    if (isLastMissing) {
      Path last = test.segments(0).get(test.segments(0).size() - 1);
      UUID id = test.positions.keySet().iterator().next();
      setPosition(SegmentFile.readHeader(last, id).base());
      Files.delete(last);
    }
    long full = segmentBytes();
    test.disk =
        new Disk() {
          @Override
          void write(FileChannel channel, ByteBuffer from, long at) throws IOException {
            if (segmentBytes() + from.remaining() > full) {
              throw new IOException("No space left on device");
            }
            super.write(channel, from, at);
          }
        };
    Journal next = open();
    DeferredAuditEvent event = event("agent:a", 99);
    assertThat(next.offer(event)).isTrue();
    assertThat(bytes(test.drain(next, 5))).containsExactly(bytes(List.of(event)).get(0));
  }

  /** No segment can be created, so new events go into the last one. */
  @Test
  void startOnFullDiskGoesOnWithTheLastSegment() throws Exception {
    Journal journal = test.open();
    offer(journal, 0, 5);
    test.drain(journal);
    journal.close();
    test.disk =
        new Disk() {
          @Override
          void write(FileChannel channel, ByteBuffer from, long at) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    Journal next = open();
    DeferredAuditEvent event = event("agent:a", 99);
    assertThat(next.offer(event)).isTrue();
    assertThat(bytes(test.drain(next))).containsExactly(bytes(event));
  }

  /** The crash leaves a last segment that gets no more events and does not end. */
  @Test
  void crashInAStartWithUsedUpSegmentLosesNothing() throws Exception {
    Journal journal = test.open();
    List<AuditEvent> events = new ArrayList<>(offer(journal, 0, 5));
    test.drain(journal);
    journal.close();
    Path copy = temp.resolve("crashed");
    test.disk =
        new Disk() {
          @Override
          void syncNames(Path directory) throws IOException {
            assertThat(copy).as("one segment is created").doesNotExist();
            TestJournal.copyTree(test.directory, copy);
          }
        };
    test.open().close();
    test = test.at(copy);
    test.disk = TestJournal.UNSYNCED;
    assertThat(test.segments(0)).hasSize(2);

    Journal next = open();
    assertThat(next.recovered()).isZero();
    events.addAll(offer(next, 5, 8));
    assertThat(bytes(test.drain(next))).isEqualTo(bytes(events.subList(5, 8)));
    setPosition(0);
    assertThat(lookBack(next, WITHOUT_EVENTS)).isEqualTo(new Redelivery(8, 5, true));
    assertThat(bytes(test.drain(next))).isEqualTo(bytes(events));
  }

  /** The events before the retained segments are recorded as missing (promise D7). */
  @Test
  void eventsBeyondTheRetainedSegmentsAreMissing() throws Exception {
    Journal journal = test.open();
    List<DeferredAuditEvent> events = offer(journal, 0, 35);
    test.drain(journal, 5);
    journal.close();
    setAge(test.segments(0).get(0), RETAIN.plusDays(1));
    Journal next = open();
    setPosition(64);

    Redelivery found = lookBack(next, WITHOUT_EVENTS);
    assertThat(next.peek(1).events()).allMatch(TestJournal::isGap);
    setPosition(63);
    assertThat(lookBack(next, WITHOUT_EVENTS)).as("again").isEqualTo(new Redelivery(0, 0, true));
    List<AuditEvent> again = test.drain(next, 5);

    assertThat(found.events()).isEqualTo(again.size());
    assertThat(found.earlier()).isEqualTo(again.size());
    assertThat(again.get(0).eventType()).isEqualTo(SystemEvent.GAP);
    assertThat(((SystemEvent) again.get(0)).details().toString())
        .contains("the ledger stands at 63");
    assertThat(again.size()).isBetween(20, 30);
    assertThat(bytes(again.subList(1, again.size())))
        .isEqualTo(bytes(events.subList(36 - again.size(), 35)));
  }

  /** Retained segments use half the quota at most, and never cost the acceptance of an event. */
  @Test
  void retainedSegmentsGiveWayToNewEvents() throws Exception {
    long quota = 12L << 20;
    test.settings = TestJournal.settings(Durability.PROCESS, quota).withRetain(RETAIN);
    Journal journal = open();
    int next = 0;
    for (int round = 0; round < 12; round++) {
      offer(journal, next, next + 10);
      next += 10;
      test.drain(journal, 10);
      assertThat(segmentBytes()).isLessThanOrEqualTo(quota);
    }
    assertThat(segmentBytes()).isGreaterThan(quota / 4);

    // Nothing is drained any more, so that new events need the whole quota.
    int last = next;
    while (TestJournal.offer(journal, event("agent:a", last, LARGE))) {
      last++;
    }
    assertThat((long) (last - next) * LARGE).isGreaterThan(quota - (4L << 20));
    assertThat(segmentBytes()).isLessThanOrEqualTo(quota);
    setPosition(0);
    assertThat(lookBack(journal, WITHOUT_EVENTS).events()).isPositive();
    // No retained segment is left, so the events before the waiting ones are missing.
    assertThat(journal.peek(1).events()).hasSize(1).allMatch(TestJournal::isGap);
  }

  @Test
  void retainedSegmentsGiveWayOnFullDisk() throws Exception {
    long free = JournalWriter.LEFT_FOR_LEDGER_BYTES + (9L << 20);
    test.disk =
        new Disk() {
          @Override
          long usableBytes(Path directory) throws IOException {
            return free - segmentBytes();
          }
        };
    Journal journal = open();
    for (int round = 0; round < 8; round++) {
      offer(journal, 10 * round, 10 * round + 10);
      test.drain(journal, 10);
      assertThat(journal.trouble()).isEmpty();
    }
    assertThat(segmentBytes()).isBetween(4L << 20, 9L << 20);
  }

  /** Returns the bytes of all segments; the allocator may rename or remove one meanwhile. */
  private long segmentBytes() throws IOException {
    long[] bytes = {0};
    Files.walkFileTree(
        test.directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            bytes[0] += file.toString().contains(".seg") ? attributes.size() : 0;
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }
        });
    return bytes[0];
  }

  /** Two slots of processes that ended: the retired one is found, too. */
  @Test
  void retiredSlotsAreDeliveredAgain() throws Exception {
    Journal one = test.open();
    Journal two = test.open();
    offer(one, 0, 3);
    offer(two, 3, 5);
    test.drain(one);
    test.drain(two);
    two.close();
    one.close();
    assertThat(test.slotDirectory(1)).doesNotExist();
    assertThat(waiting()).isZero();
    Journal next = open();
    assertThat(next.recovered()).isZero();
    assertThat(lookBack(next, WITHOUT_EVENTS)).isEqualTo(Redelivery.NONE);

    setPosition(0);

    assertThat(waiting()).isEqualTo(5);
    assertThat(lookBack(next, WITHOUT_EVENTS)).isEqualTo(new Redelivery(5, 5, true));
    assertThat(numbers(test.drain(next))).containsExactly(3, 4, 0, 1, 2);
    assertThat(test.slotDirectory(1)).doesNotExist();
    assertThat(waiting()).isZero();
    setPosition(0);
    // This process has delivered all five.
    assertThat(lookBack(next, WITHOUT_EVENTS)).isEqualTo(new Redelivery(5, 0, true));
    assertThat(numbers(test.drain(next))).containsExactly(3, 4, 0, 1, 2);
  }

  /** Another process has used the slot since it was found settled at this position. */
  @Test
  void reusedSlotIsComparedAgain() throws Exception {
    Journal next = open();
    Journal one = test.open();
    offer(one, 0, 3);
    test.drain(one);
    one.close();
    long position = position();
    assertThat(lookBack(next, WITHOUT_EVENTS)).isEqualTo(Redelivery.NONE);
    Journal two = test.open();
    offer(two, 3, 5);
    test.drain(two);
    two.close();
    assertThat(test.positions).hasSize(1);

    setPosition(position);

    assertThat(lookBack(next, WITHOUT_EVENTS)).isEqualTo(new Redelivery(2, 2, true));
    assertThat(numbers(test.drain(next))).containsExactly(3, 4);
  }

  /** A slot of a killed process is drained by the next one, which keeps its segments. */
  @Test
  void adoptedSlotsAreDeliveredAgain() throws Exception {
    Journal one = open();
    Journal two = open();
    offer(one, 0, 3);
    offer(two, 3, 15);
    test = test.killedNow(temp.resolve("killed"));
    Journal next = open();
    assertThat(next.recovered()).isEqualTo(15);
    test.drain(next, 4);

    setPosition(0);

    assertThat(lookBack(next, WITHOUT_EVENTS)).isEqualTo(new Redelivery(15, 0, true));
    assertThat(test.drain(next)).hasSize(15);
  }

  @Test
  void retiredSegmentsAreRemovedInTime() throws Exception {
    Journal one = open();
    Journal two = test.open();
    offer(two, 0, 5);
    test.drain(two);
    two.close();
    List<Path> retired = JournalDirectory.retiredWithSegments(test.directory);
    assertThat(retired).hasSize(1);

    lookBack(one, WITHOUT_EVENTS);
    assertThat(JournalDirectory.retiredWithSegments(test.directory)).hasSize(1);
    Slot.segmentFiles(retired.get(0)).forEach(segment -> setAge(segment, RETAIN));
    lookBack(one, WITHOUT_EVENTS);

    assertThat(JournalDirectory.retiredWithSegments(test.directory)).isEmpty();
    assertThat(test.directory.resolve("free").resolve(retired.get(0).getFileName())).exists();
  }

  /** The ledger may have gone back since the last comparison. */
  @Test
  void closeKeepsSegmentsUntilTheNextComparison() throws Exception {
    Journal one = open();
    Journal two = test.open();
    offer(two, 0, 35);
    test.drain(two, 5);
    expire(test.slotDirectory(1));
    two.close();

    assertThat(retired()).hasSize(1);
    setPosition(0);
    assertThat(lookBack(one, WITHOUT_EVENTS)).isEqualTo(new Redelivery(35, 35, true));
    assertThat(test.drain(one)).hasSize(35).noneMatch(TestJournal::isGap);
  }

  /** Another process is starting, so the slot cannot be adopted now. */
  @Test
  void segmentsThatCannotBeAdoptedAreKept() throws Exception {
    RefusedLocks locks = new RefusedLocks();
    test.disk = locks;
    Journal one = open();
    retireTwo(one);
    retired().forEach(RetainedSegmentsTest::expire);
    setPosition(0);

    locks.refused = 2;
    assertThat(lookBack(one, WITHOUT_EVENTS)).isEqualTo(Redelivery.NONE);
    assertThat(retired()).hasSize(2);

    assertThat(lookBack(one, WITHOUT_EVENTS)).isEqualTo(new Redelivery(5, 5, true));
    assertThat(numbers(test.drain(one))).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
  }

  @Test
  void damagedRetiredSlotDoesNotAffectOthers() throws Exception {
    Journal one = open();
    retireTwo(one);
    Path damaged = slotOf(3);
    Path first = Slot.segmentFiles(damaged).iterator().next();
    try (FileChannel segment = FileChannel.open(first, StandardOpenOption.WRITE)) {
      segment.write(ByteBuffer.allocate(SegmentFile.HEADER_BYTES), 0);
    }
    setPosition(0);

    assertThat(waiting()).isEqualTo(3);
    assertThat(lookBack(one, WITHOUT_EVENTS)).isEqualTo(new Redelivery(3, 3, true));
    assertThat(test.drain(one)).hasSize(3);
    // Processes start, and do not reuse the damaged slot.
    Journal two = open();
    Journal three = open();
    assertThat(List.of(two.recovered(), three.recovered())).containsExactly(0L, 0L);
    assertThat(damaged).exists();
  }

  @Test
  void segmentThatCannotBeRemovedDoesNotAffectOthers() throws Exception {
    retireTwo(open());
    // The first one that is listed.
    Path stuck = retired().get(0);
    Path segment = Slot.segmentFiles(stuck).iterator().next();
    Files.delete(segment);
    Files.createDirectories(segment.resolve("file"));

    new JournalDirectory(test.directory, test.disk).removeRetired();

    assertThat(retired()).containsExactly(stuck);
  }

  /** A segment is missing, so the slot cannot be adopted; then it is restored. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void failedAdoptionIsTriedAgain(boolean isLocked) throws Exception {
    RefusedLocks locks = new RefusedLocks();
    test.disk = locks;
    Journal one = open();
    Journal two = test.open();
    for (int round = 0; round < 4; round++) {
      offer(two, 9 * round, 9 * round + 9);
      test.drain(two, 3);
    }
    two.close();
    Path slot = retired().get(0);
    List<Path> segments = List.copyOf(Slot.segmentFiles(slot));
    assertThat(segments).hasSizeGreaterThanOrEqualTo(3);
    Path aside = Files.move(segments.get(1), temp.resolve("aside"));
    setPosition(0);

    // The locks of the directory and of the slot, and of the directory again.
    locks.granted = 2;
    locks.refused = isLocked ? 1 : 0;
    assertThat(lookBack(one, WITHOUT_EVENTS)).isEqualTo(Redelivery.NONE);
    assertThat(retired().isEmpty()).isEqualTo(isLocked);

    if (isLocked) {
      assertThat(one.toCompare(true)).isNotEmpty();
    }
    assertThat(retired()).containsExactly(slot);
    Files.move(aside, segments.get(1));
    assertThat(lookBack(one, WITHOUT_EVENTS).events()).isEqualTo(36);
    assertThat(test.drain(one)).hasSize(36).noneMatch(TestJournal::isGap);
  }

  /** Retires two slots, with the events 0 to 2, and 3 and 4. */
  private void retireTwo(Journal running) throws Exception {
    Journal two = test.open();
    Journal three = test.open();
    offer(two, 0, 3);
    offer(three, 3, 5);
    test.drain(two);
    test.drain(three);
    two.close();
    three.close();
    assertThat(retired()).hasSize(2);
    assertThat(lookBack(running, WITHOUT_EVENTS)).isEqualTo(Redelivery.NONE);
  }

  private List<Path> retired() throws IOException {
    return JournalDirectory.retiredWithSegments(test.directory);
  }

  /** Returns the retired slot whose journal begins with the event with a number. */
  private Path slotOf(int number) throws Exception {
    for (Path slot : retired()) {
      UUID journal = UUID.fromString(slot.getFileName().toString());
      Path file = Slot.segmentFiles(slot).iterator().next();
      Segment segment = Segment.open(file, journal, test.disk);
      Cursor cursor = new Cursor(segment, 0, Long.MAX_VALUE);
      if (cursor.next() instanceof Cursor.Event found
          && numbers(List.of(found.event())).equals(List.of(number))) {
        return slot;
      }
    }
    throw new AssertionError("no retired slot with event " + number);
  }

  private static void expire(Path slot) {
    try {
      Slot.segmentFiles(slot).forEach(segment -> setAge(segment, RETAIN.plusDays(1)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A disk on which some files are locked by another process. */
  private static final class RefusedLocks extends Disk {
    private int granted;
    private int refused;

    @Override
    void sync(Path file, FileChannel channel) {}

    @Override
    void syncNames(Path directory) {}

    @Override
    @Nullable FileLock tryLock(FileChannel channel) throws IOException {
      if (granted > 0) {
        granted--;
      } else if (refused > 0) {
        refused--;
        return null;
      }
      return super.tryLock(channel);
    }
  }

  @Test
  void shortProcessesLeaveFewSegments() throws Exception {
    startOften(120);
  }

  @Test
  @Tag("full")
  void thousandsOfShortProcessesLeaveFewSegments() throws Exception {
    startOften(2_000);
  }

  /** Each process records one event of ten kilobytes. */
  private void startOften(int processes) throws Exception {
    for (int n = 0; n < processes; n++) {
      Journal journal = test.open();
      assertThat(journal.recovered()).isZero();
      assertThat(journal.offer(event("agent:a", n, 10_000))).isTrue();
      assertThat(test.drain(journal)).hasSize(1).noneMatch(TestJournal::isGap);
      journal.close();
    }
    assertThat(test.positions).hasSize(1);
    // New events get another segment once a quarter of the last one is used.
    assertThat(segmentBytes()).isLessThan(5L * 10_500 * processes + (6L << 20));
    setPosition(0);
    assertThat(test.recover()).hasSize(processes).noneMatch(TestJournal::isGap);
  }

  /** A journal that was opened again and again without an event has lost nothing. */
  @Test
  void emptyRunsAfterUsedUpSegmentLoseNothing() throws Exception {
    Journal journal = test.open();
    offer(journal, 0, 9);
    test.drain(journal, 9);
    journal.close();
    for (int run = 0; run < 3; run++) {
      test.segments(0).forEach(segment -> setAge(segment, RETAIN.plusDays(1)));
      TestJournal killed = test.killedNow(temp.resolve("killed" + run));
      assertThat(killed.recover()).isEmpty();
      Journal idle = killed.open();
      killed.drain(idle).forEach(event -> assertThat(event).isNull());
      test = killed.killedNow(temp.resolve("again" + run));
      idle.close();
    }
    assertThat(test.recover()).isEmpty();
  }

  private long waiting() throws JournalException {
    WaitingEvents found =
        WaitingEvents.read(
            test.directory,
            Optional.of(TestJournal.LEDGER),
            id -> test.positions.getOrDefault(id, 0L));
    return found.ended() + found.alive();
  }

  private static List<Integer> numbers(List<AuditEvent> events) {
    return events.stream()
        .map(event -> (int) Duration.between(TestJournal.START, event.timestamp()).toSeconds())
        .toList();
  }

  @Test
  void comparisonIsDueOnlyFromTimeToTime() throws Exception {
    Journal journal = open();
    assertThat(journal.toCompare(false)).isEmpty();
    offer(journal, 0, 1);
    // Before the first event: a retired slot may have events again.
    Set<UUID> journals = new HashSet<>(journal.toCompare(false));
    assertThat(journal.toCompare(false)).isEmpty();
    assertThat(journals).isEmpty();
    EventBatch batch = journal.peek(1);
    assertThat(batch.events()).hasSize(1);
    test.drain(journal);
    assertThat(journal.toCompare(false)).isEmpty();
    assertThat(journal.toCompare(true)).isEqualTo(test.positions.keySet());
  }
}
