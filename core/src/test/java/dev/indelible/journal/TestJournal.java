// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.crypto.Sha256;
import dev.indelible.decision.Refuse;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.pending.EventBatch;
import dev.indelible.queue.Durability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** A journal directory with a ledger that stores only positions. */
final class TestJournal {
  static final UUID LEDGER = UUID.fromString("00000000-0000-4000-8000-00000000abcd");

  /** The time of the event with number 0. */
  static final Instant START = Instant.parse("2026-11-23T01:02:03.456789Z");

  /** A disk that syncs nothing, for tests without a power cut. */
  static final Disk UNSYNCED =
      new Disk() {
        @Override
        void sync(Path file, FileChannel channel) {}

        @Override
        void sync(Path file, MappedByteBuffer map, int length) {}

        @Override
        void syncNames(Path directory) {}
      };

  final Path directory;

  /** The committed position of each journal. */
  final Map<UUID, Long> positions;

  Disk disk = UNSYNCED;

  /** The settings of {@link #open()}. */
  JournalSettings settings = JournalSettings.ofDefaults();

  TestJournal(Path directory) {
    this(directory, Map.of());
  }

  private TestJournal(Path directory, Map<UUID, Long> positions) {
    this.directory = directory;
    this.positions = new ConcurrentHashMap<>(positions);
  }

  Journal open() throws JournalException {
    return open(settings);
  }

  Journal open(JournalSettings settings) throws JournalException {
    return Journal.open(directory, Optional.of(LEDGER), this::position, settings, disk);
  }

  private long position(UUID journal) {
    return positions.getOrDefault(journal, 0L);
  }

  /** Returns a journal in another directory, with a copy of these positions and with this disk. */
  TestJournal at(Path elsewhere) {
    TestJournal moved = new TestJournal(elsewhere, positions);
    moved.disk = disk;
    moved.settings = settings;
    return moved;
  }

  /** Copies the files as a process that is killed now would leave them. */
  TestJournal killedNow(Path copy) throws IOException {
    copyTree(directory, copy);
    return at(copy);
  }

  /**
   * Offers an event until it is accepted, or rejected because the journal has no space left. On a
   * busy machine an offer may also be rejected because the next segment was not ready in time.
   */
  static boolean offer(Journal journal, AuditEvent event) {
    long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (!journal.offer(event)) {
      assertThat(System.nanoTime() - deadline).as("%s", journal.trouble()).isNegative();
      if (journal.trouble().filter(reason -> reason.contains("is full")).isPresent()) {
        return false;
      }
    }
    return true;
  }

  /** Commits all waiting events, batch by batch, and returns them in order. */
  List<AuditEvent> drain(Journal journal) {
    return drain(journal, 100);
  }

  List<AuditEvent> drain(Journal journal, int batch) {
    List<AuditEvent> drained = new ArrayList<>();
    while (true) {
      EventBatch next = journal.peek(batch);
      if (next.mark().isEmpty()) {
        return drained;
      }
      drained.addAll(next.events());
      positions.put(next.mark().get().journal(), next.mark().get().position());
      journal.settle(next.events().size());
    }
  }

  /** Opens the journal, drains it and closes it. */
  List<AuditEvent> recover() throws JournalException {
    Journal journal = open();
    try {
      List<AuditEvent> drained = drain(journal);
      if (journal.recovered() != drained.size()) {
        throw new AssertionError(
            journal.recovered() + "events expected, " + drained.size() + " events read");
      }
      return drained;
    } finally {
      journal.close();
    }
  }

  /**
   * Returns what {@link #recover} would read for an empty ledger, without starting the threads of a
   * journal.
   */
  List<AuditEvent> read(Slot slot) throws Exception {
    Recovery recovery =
        Recovery.ofOwn(
            CheckedSlot.ofOwn(slot, any -> 0),
            any -> 0,
            new RetainedSegments(JournalSettings.ofDefaults()),
            count -> {});
    List<AuditEvent> read = new ArrayList<>();
    for (EventBatch next = recovery.reader().peek(100);
        next.mark().isPresent();
        next = recovery.reader().peek(100)) {
      read.addAll(next.events());
      recovery.reader().settle(next.events().size());
    }
    if (recovery.events() != read.size()) {
      throw new AssertionError(recovery.events() + " promised, " + read.size() + " events read");
    }
    return read;
  }

  Slot take() throws Exception {
    return Slot.take(slotDirectory(0), LEDGER, disk).orElseThrow();
  }

  Path slotDirectory(int number) {
    return directory.resolve("%04d".formatted(number));
  }

  /** Returns the segment files of a slot in order. */
  List<Path> segments(int slot) throws IOException {
    try (Stream<Path> files = Files.list(slotDirectory(slot))) {
      return files.filter(file -> file.toString().endsWith(".seg")).sorted().toList();
    }
  }

  /**
   * Creates a slot with small segments, as a killed process would leave it.
   *
   * @param sizes the sizes of the segments, including the header
   * @param events the events in order; each is appended to the first segment in which it fits
   * @return the offset of each event's frame within its segment
   */
  List<Integer> plant(int[] sizes, List<? extends AuditEvent> events) throws Exception {
    Slot.createDirectory(directory, disk);
    List<Integer> offsets = new ArrayList<>();
    try (Slot slot = Slot.take(slotDirectory(0), LEDGER, disk).orElseThrow()) {
      int number = 0;
      Segment segment = Segment.create(slot, new SegmentFile.Header(0, 0, sizes[0]));
      for (AuditEvent event : events) {
        ByteBuffer frame = Frame.encode(event);
        int at = segment.used();
        while (segment.append(frame, Durability.PROCESS) == Segment.Outcome.FULL) {
          segment = Segment.create(slot, segment.nextHeader(sizes[++number]));
          at = segment.used();
        }
        offsets.add(at);
      }
      while (++number < sizes.length) {
        segment = Segment.create(slot, segment.nextHeader(sizes[number]));
      }
    }
    return offsets;
  }

  static int frameLength(AuditEvent event) {
    return Frame.encode(event).limit();
  }

  /** Returns a refusal. Events of one producer are numbered in order, one second apart. */
  static DeferredAuditEvent event(String agent, int number) {
    return event(agent, number, 0);
  }

  /** Returns a refusal with {@code padding} more bytes in its command. */
  static DeferredAuditEvent event(String agent, int number, int padding) {
    return new DeferredAuditEvent(
        new UUID(0x0198_0000_0000_7000L, Long.MIN_VALUE | (long) agent.hashCode() << 32 | number),
        agent,
        new Bash("n" + number + "x".repeat(padding)),
        new Refuse("R001", "no"),
        Optional.empty(),
        START.plusSeconds(number));
  }

  static List<DeferredAuditEvent> events(String agent, int count) {
    return Stream.iterate(0, n -> n + 1).limit(count).map(n -> event(agent, n)).toList();
  }

  private static String digest(byte[] content) {
    String text = new String(content, StandardCharsets.UTF_8);
    return text.length() <= 400
        ? text
        : text.length() + " chars #" + HexFormat.of().formatHex(Sha256.hash(content));
  }

  /** Returns the full content of an event as text, for comparison with another event. */
  static String bytes(AuditEvent event) {
    return String.join(
        "|",
        event.id().toString(),
        event.agentId(),
        event.eventType(),
        event.timestamp().toString(),
        Integer.toString(event.content().nonceAt()),
        digest(event.content().bytes()));
  }

  static List<String> bytes(List<? extends AuditEvent> events) {
    return events.stream().map(TestJournal::bytes).toList();
  }

  static boolean isGap(AuditEvent event) {
    return event.eventType().equals(SystemEvent.GAP);
  }

  /** Returns the default settings with another durability. */
  static JournalSettings settings(Durability durability) {
    return new JournalSettings(
        durability, JournalSettings.DEFAULT_QUOTA_BYTES, JournalSettings.DEFAULT_SYNC_INTERVAL);
  }

  static JournalSettings settings(Durability durability, long quota) {
    return new JournalSettings(durability, quota, Duration.ofMillis(20));
  }

  static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
          Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwx------"));
        } else {
          copyIfItExists(file, target);
        }
      }
    }
  }

  /**
   * Copies a file if it still exists. A live journal may rename a new segment or remove a settled
   * one at the same time.
   */
  private static void copyIfItExists(Path file, Path target) throws IOException {
    try {
      Files.write(target, Files.readAllBytes(file));
      Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-------"));
    } catch (NoSuchFileException e) {
      // A process killed a moment later would not leave this file.
    }
  }

  /** Returns the type, permissions, owner and content of every file in a directory, by name. */
  static Map<String, String> describeFiles(Path directory) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      files.forEach(file -> found.put(directory.relativize(file).toString(), describe(file)));
    }
    return found;
  }

  private static String describe(Path file) {
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      String what =
          attributes.isRegularFile()
              ? attributes.size() + " bytes #" + Arrays.hashCode(Files.readAllBytes(file))
              : attributes.isDirectory() ? "directory" : "other " + attributes.isSymbolicLink();
      return what
          + Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS)
          + Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
