// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.event.AuditEvent;
import dev.indelible.queue.EventBatch;
import dev.indelible.queue.EventStore;
import dev.indelible.queue.Throttle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waiting events in memory-mapped files: they survive their process, and with {@link
 * Durability#POWER} a power cut (D5).
 *
 * <p>Each process has a place of its own in the journal's directory. What a dead process left in
 * its place is adopted by whoever starts next, and drained before anything new. Events are handed
 * out with a {@link JournalMark}, which the ledger commits with them: recovery starts behind it,
 * and no event is taken in twice or passed over (D2).
 */
public final class Journal implements EventStore {
  /** Locked for the moment in which a place is taken. */
  private static final String DOOR = "door";

  private static final int MAX_SLOTS = 10_000;

  /** How long a close waits for a producer at work, which copies one event, or syncs it. */
  private static final Duration CLOSING_PATIENCE = Duration.ofMillis(500);

  /** How often a recovery that takes longer than this logs its progress. */
  private static final Duration PROGRESS_LOG_INTERVAL = Duration.ofSeconds(1);

  private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

  private final Slot slot;
  private final JournalSettings settings;
  final JournalWriter writer;
  private final JournalReader own;

  /** What dead processes left, not yet drained; the drainer's alone once it runs. */
  private final Deque<Adopted> adopted;

  private final long recovered;
  private final Thread syncer;

  /** When the oldest event in hand happened; the drainer writes, anyone reads. */
  private volatile Optional<Instant> oldest = Optional.empty();

  /**
   * The first segment that the next sync has to cover; the syncer's, and the closer's after it.
   * None with {@link Durability#POWER}, where it would keep all that come after it in memory.
   */
  private @Nullable Segment unsynced;

  /** The segment that could not be synced and is not settled yet; null when all is well. */
  private volatile @Nullable Path unsyncable;

  /** When everything accepted was last known to be on disk, as {@link System#nanoTime}. */
  private volatile long syncedNanos = System.nanoTime();

  private volatile boolean closed;

  private Journal(
      Slot slot,
      JournalSettings settings,
      JournalWriter writer,
      JournalReader own,
      Deque<Adopted> adopted,
      long recovered) {
    this.slot = slot;
    this.settings = settings;
    this.writer = writer;
    this.own = own;
    this.adopted = adopted;
    this.recovered = recovered;
    this.unsynced = settings.durability() == Durability.POWER ? null : writer.current();
    this.syncer = new Thread(this::syncFromTimeToTime, "indelible-journal-sync");
    this.syncer.setDaemon(true);
  }

  /** Says how far a ledger has taken in a journal. */
  @FunctionalInterface
  public interface Positions {
    /**
     * The position of the last mark that was committed; 0 if there is none.
     *
     * @throws JournalException if the ledger cannot say
     */
    long settled(UUID journal) throws JournalException;
  }

  /**
   * Takes a place in a journal directory, makes the directory if it is not there, and adopts what
   * dead processes left in it.
   *
   * @param directory the journals of one ledger
   * @param ledger that ledger; if there is none yet, the one the journals name, or a new one
   * @param positions where the ledger stands
   * @param settings how this process's journal is kept
   * @throws JournalException if the directory or something in it cannot be trusted or used; then
   *     nothing of it was changed
   */
  public static Journal open(
      Path directory, Optional<UUID> ledger, Positions positions, JournalSettings settings)
      throws JournalException {
    return open(directory, ledger, positions, settings, new Disk());
  }

  /**
   * As {@link #open(Path, Optional, Positions, JournalSettings)}, for somebody who waits.
   *
   * @param progress hears now and then, on this thread, how many waiting events were found so far;
   *     without it a line a second is logged of a recovery that takes longer than that
   */
  public static Journal open(
      Path directory,
      Optional<UUID> ledger,
      Positions positions,
      JournalSettings settings,
      LongConsumer progress)
      throws JournalException {
    return open(directory, ledger, positions, settings, progress, new Disk());
  }

  static Journal open(
      Path directory,
      Optional<UUID> ledger,
      Positions positions,
      JournalSettings settings,
      Disk disk)
      throws JournalException {
    Throttle throttle = Throttle.afterOne(PROGRESS_LOG_INTERVAL, System::nanoTime);
    LongConsumer log =
        events ->
            throttle.ifDue(() -> LOG.info("{}: {} waiting events found so far", directory, events));
    return open(directory, ledger, positions, settings, log, disk);
  }

  private static Journal open(
      Path directory,
      Optional<UUID> ledger,
      Positions positions,
      JournalSettings settings,
      LongConsumer progress,
      Disk disk)
      throws JournalException {
    Segment.rehearse();
    new Room(directory, disk).requireToBegin();
    boolean wasThere = Files.exists(directory, LinkOption.NOFOLLOW_LINKS);
    List<Slot> taken = new ArrayList<>();
    try {
      Slot.makeDirectory(directory, disk);
      Set<Path> places = places(directory);
      Slot own = takeOwn(directory, ledger, false, disk);
      taken.add(own);
      for (Path place : places) {
        if (!place.equals(own.directory())) {
          Slot.take(place, own.ledger(), disk).ifPresent(taken::add);
        }
      }
      Deque<Recovery> found = recover(taken, positions, progress);
      long recovered = found.stream().mapToLong(Recovery::events).sum();
      if (recovered > 0) {
        LOG.info("{}: {} events were waiting from before", directory, recovered);
      }
      Recovery mine = found.remove();
      Deque<Adopted> adopted = new ArrayDeque<>();
      for (Slot left : taken.subList(1, taken.size())) {
        adopted.add(new Adopted(left, found.remove().reader()));
      }
      return start(own, settings, mine, adopted, recovered);
    } catch (IOException e) {
      release(taken);
      // A disk that filled up meanwhile. A place that was made stays, empty, for the next start.
      new Room(directory, disk).requireFree();
      throw unusable(directory, e);
    } catch (JournalException | RuntimeException | Error e) {
      release(taken);
      if (!wasThere) {
        removeIfEmpty(directory);
      }
      throw e;
    }
  }

  /**
   * Takes a slot that no process had before, for a ledger that cannot be read now, and adopts
   * nothing. The position of a new journal is 0 in every ledger, so nothing has to be read to
   * recover it, and nothing of it is appended twice or skipped (D2). Slots of earlier processes
   * stay for the next process that can read the ledger.
   *
   * @param directory the journals of one ledger
   * @param settings how this process's journal is kept
   * @throws JournalException if no journal in the directory names the ledger, or the directory
   *     cannot be trusted or used
   */
  public static Journal openApart(Path directory, JournalSettings settings)
      throws JournalException {
    Disk disk = new Disk();
    UUID ledger =
        identify(directory)
            .orElseThrow(
                () -> new JournalException(directory + ": no journal here names its ledger"));
    Segment.rehearse();
    new Room(directory, disk).requireToBegin();
    List<Slot> taken = new ArrayList<>();
    try {
      Slot own = takeOwn(directory, Optional.of(ledger), true, disk);
      taken.add(own);
      Recovery empty = Recovery.of(own, List.of(), 0, found -> {});
      return start(own, settings, empty, new ArrayDeque<>(), 0);
    } catch (IOException e) {
      release(taken);
      new Room(directory, disk).requireFree();
      throw unusable(directory, e);
    } catch (JournalException | RuntimeException | Error e) {
      release(taken);
      throw e;
    }
  }

  private static Journal start(
      Slot own, JournalSettings settings, Recovery mine, Deque<Adopted> adopted, long recovered) {
    JournalWriter writer = new JournalWriter(own, settings, mine.segmentToWrite(), mine.bytes());
    Journal journal = new Journal(own, settings, writer, mine.reader(), adopted, recovered);
    writer.start();
    if (settings.durability() == Durability.PROCESS) {
      journal.syncer.start();
    }
    return journal;
  }

  /**
   * Checks that a journal can be begun, before anything is made for it.
   *
   * @param directory where it is, or will be
   * @throws JournalException if there is no segment yet, and no room for the first
   */
  public static void requireRoom(Path directory) throws JournalException {
    new Room(directory, new Disk()).requireToBegin();
  }

  /**
   * Which ledger the journals in a directory are of. Changes nothing.
   *
   * @return empty if there are none
   * @throws JournalException if they are of several, or it cannot be told
   */
  public static Optional<UUID> identify(Path directory) throws JournalException {
    try {
      return Files.exists(directory, LinkOption.NOFOLLOW_LINKS)
          ? ledger(directory, Optional.empty())
          : Optional.empty();
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  /**
   * The extents of the journals in a directory that have segments. Changes nothing.
   *
   * @throws JournalException if one of them cannot be read
   */
  public static Map<UUID, Extent> extents(Path directory) throws JournalException {
    Map<UUID, Extent> extents = new HashMap<>();
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return extents;
    }
    try {
      for (Path place : places(directory)) {
        Slot.readExtent(place, extents);
      }
      return extents;
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  private static void removeIfEmpty(Path directory) {
    try {
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      // Somebody uses it.
      LOG.debug("{}: stays", directory, e);
    }
  }

  /** Checks everything there is before the first change to any of it. */
  private static Deque<Recovery> recover(
      List<Slot> slots, Positions positions, LongConsumer progress)
      throws IOException, JournalException {
    List<Long> settled = new ArrayList<>();
    List<List<Path>> segments = new ArrayList<>();
    for (Slot slot : slots) {
      settled.add(positions.settled(slot.journal()));
      segments.add(slot.checkSegments(settled.get(settled.size() - 1)));
    }
    Deque<Recovery> recovered = new ArrayDeque<>();
    long events = 0;
    for (int i = 0; i < slots.size(); i++) {
      long before = events;
      Recovery next =
          Recovery.of(
              slots.get(i),
              segments.get(i),
              settled.get(i),
              found -> progress.accept(before + found));
      recovered.add(next);
      events += next.events();
    }
    return recovered;
  }

  /** The ledger that this journal belongs to. */
  public UUID ledger() {
    return slot.ledger();
  }

  @Override
  public boolean offer(AuditEvent event) {
    ByteBuffer frame = Frame.encode(event);
    return frame.limit() <= Frame.MAX_BYTES && !closed && writer.append(frame);
  }

  @Override
  public EventBatch peek(int max) {
    EventBatch batch = EventBatch.EMPTY;
    while (batch.mark().isEmpty() && !adopted.isEmpty()) {
      batch = adopted.element().reader().peek(max);
      if (batch.mark().isEmpty()) {
        letGo(adopted.remove());
      }
    }
    if (batch.mark().isEmpty()) {
      batch = own.peek(max);
      writer.drained(0, own.drainedTo());
    }
    oldest = batch.events().stream().findFirst().map(AuditEvent::timestamp);
    return batch;
  }

  @Override
  public void settle(int count) {
    if (adopted.isEmpty()) {
      long freed = own.settle(count);
      writer.drained(freed, own.drainedTo());
    } else {
      adopted.element().reader().settle(count);
    }
    oldest = Optional.empty();
  }

  @Override
  public long recovered() {
    return recovered;
  }

  @Override
  public boolean isDurable() {
    return true;
  }

  @Override
  public Optional<Instant> oldestPending() {
    return oldest;
  }

  @Override
  public Optional<String> trouble() {
    return writer
        .trouble()
        .or(() -> Optional.ofNullable(unsyncable).map(file -> file + ": cannot be synced to disk"));
  }

  @Override
  public OptionalLong diskBytes() {
    return closed ? OptionalLong.empty() : OptionalLong.of(bytes());
  }

  @Override
  public Optional<Duration> syncAge() {
    return closed ? Optional.empty() : Optional.of(sinceSync());
  }

  /** Bytes of this process's segments on disk. */
  public long bytes() {
    return writer.bytes();
  }

  /**
   * How old the oldest accepted event may be that is not on disk yet, at most; a power cut now
   * would cost what was accepted in that time. Zero with {@link Durability#POWER}.
   */
  public Duration sinceSync() {
    return settings.durability() == Durability.POWER
        ? Duration.ZERO
        : Duration.ofNanos(System.nanoTime() - syncedNanos);
  }

  /**
   * Syncs, and leaves its place; what still waits there is adopted by whoever starts next. A
   * producer that is still at work there keeps the place until this process ends.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    LockSupport.unpark(syncer);
    boolean quiet = false;
    try {
      int claimed = writer.close();
      await(syncer);
      Segment last = writer.current();
      quiet = awaitQuiet(last, claimed);
      if (own.isDone(last, claimed) && isWorthRemoving(last, claimed)) {
        own.removeAll();
      } else {
        sync();
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("{}: closing the journal failed: {}", slot.directory(), e.toString());
    }
    if (quiet) {
      release(List.of(slot));
    }
    adopted.forEach(left -> release(List.of(left.slot())));
  }

  /** Waits a moment for producers that are at work in room that they claimed before the close. */
  private boolean awaitQuiet(Segment last, int claimed) {
    long deadline = System.nanoTime() + CLOSING_PATIENCE.toNanos();
    boolean quiet = own.isQuiet(last, claimed);
    while (!quiet && System.nanoTime() - deadline < 0) {
      Thread.onSpinWait();
      quiet = own.isQuiet(last, claimed);
    }
    return quiet;
  }

  /** A small one with room is left for the next run, which then has none to make. */
  private static boolean isWorthRemoving(Segment last, int claimed) {
    return last.size() > JournalWriter.FIRST_SEGMENT_BYTES || claimed > last.size() / 4;
  }

  /** Leaves a dead process's place, empty. */
  private static void letGo(Adopted left) {
    try {
      left.reader().removeAll();
    } catch (IOException e) {
      LOG.warn("{}: is drained, and cannot be removed: {}", left.slot().directory(), e.toString());
    }
    release(List.of(left.slot()));
  }

  private void syncFromTimeToTime() {
    while (!closed) {
      LockSupport.parkNanos(this, settings.syncInterval().toNanos());
      try {
        if (!closed) {
          sync();
        }
      } catch (RuntimeException | Error e) {
        // Out of memory, maybe even for a line of the log: sinceSync() grows, and the next try
        // comes.
      }
    }
  }

  /**
   * Syncs the segment written to, and those before it until nobody can be at work there: a producer
   * may be kept waiting between its claim and its publication for as long as the system likes.
   */
  void sync() {
    if (settings.durability() == Durability.POWER) {
      // Each event was synced before it was accepted.
      return;
    }
    long before = System.nanoTime();
    @Nullable Segment failed = null;
    @Nullable Segment next = null;
    for (Segment segment = unsynced; segment != null; segment = segment.next()) {
      if (!segment.isSyncedSoFar() && failed == null) {
        failed = segment;
      }
      if (!segment.isDone() && next == null) {
        next = segment;
      }
    }
    // The last of them is never done.
    unsynced = Objects.requireNonNull(next);
    if (failed == null) {
      unsyncable = null;
      syncedNanos = before;
    } else {
      // From here on sinceSync() grows, until the ledger has what is in that segment.
      unsyncable = failed.file();
    }
  }

  /** Waits for a thread that is ending, interrupts or not. */
  static void await(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Takes the first place that is free. One process at a time does this, so that of several first
   * starts at once one names the ledger.
   *
   * @param isNew whether it must be one that was never taken before
   */
  private static Slot takeOwn(Path directory, Optional<UUID> known, boolean isNew, Disk disk)
      throws IOException, JournalException {
    // Read before the door is made, so that a directory that is refused stays as it was.
    ledger(directory, known);
    synchronized (Journal.class) {
      Path file = directory.resolve(DOOR);
      boolean wasThere = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
      try (FileChannel door = Slot.openLockFile(file)) {
        lock(file, door, wasThere, disk);
        UUID ledger = ledger(directory, known).orElseGet(UUID::randomUUID);
        return takeFree(directory, ledger, isNew, disk);
      }
    }
  }

  private static void lock(Path file, FileChannel door, boolean wasThere, Disk disk)
      throws IOException, JournalException {
    try {
      disk.lock(door);
    } catch (OverlappingFileLockException e) {
      throw new JournalException(
          file + ": another copy of this library in this process is opening it; try again", e);
    } catch (ClosedByInterruptException | FileLockInterruptionException e) {
      throw e;
    } catch (IOException e) {
      if (!wasThere) {
        // Nobody else can have locked it here.
        Files.deleteIfExists(file);
      }
      throw Slot.withoutLocks(file, e);
    }
  }

  /** Which ledger the places in a directory belong to: all to the same, and to the known one. */
  private static Optional<UUID> ledger(Path directory, Optional<UUID> known)
      throws IOException, JournalException {
    Optional<UUID> ledger = known;
    for (Path place : places(directory)) {
      Optional<UUID> named = Slot.check(place, ledger);
      ledger = ledger.isPresent() ? ledger : named;
    }
    return ledger;
  }

  private static Slot takeFree(Path directory, UUID ledger, boolean isNew, Disk disk)
      throws IOException, JournalException {
    for (int i = 0; i < MAX_SLOTS; i++) {
      Path place = directory.resolve(String.format(Locale.ROOT, "%04d", i));
      if (isNew && Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      Optional<Slot> free = Slot.take(place, ledger, disk);
      if (free.isPresent()) {
        return free.get();
      }
    }
    throw new JournalException(directory + ": all " + MAX_SLOTS + " places are taken");
  }

  private static Set<Path> places(Path directory) throws IOException, JournalException {
    Slot.requireOwn(directory, true);
    Set<Path> places = new TreeSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.equals(DOOR)) {
          Slot.requireOwn(entry, false);
          continue;
        }
        if (!name.matches("\\d{4}")) {
          throw new JournalException(entry + ": does not belong in a journal; move it away");
        }
        Slot.requireOwn(entry, true);
        places.add(entry);
      }
    }
    return places;
  }

  private static void release(List<Slot> slots) {
    for (Slot slot : slots) {
      try {
        slot.close();
      } catch (IOException e) {
        LOG.warn("{}: cannot be released: {}", slot.directory(), e.toString());
      }
    }
  }

  private static JournalException unusable(Path directory, IOException e) {
    return new JournalException(
        directory
            + ": the journal cannot be used: "
            + e.getClass().getSimpleName()
            + ": "
            + e.getMessage(),
        e);
  }

  /**
   * What a dead process left.
   *
   * @param slot its place, held until it is drained
   * @param reader its events
   */
  private record Adopted(Slot slot, JournalReader reader) {}
}
