// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.event.AuditEvent;
import dev.indelible.health.Throttle;
import dev.indelible.queue.EventBatch;
import dev.indelible.queue.EventStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
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
  private static final int MAX_SLOTS = 10_000;

  /** The slot that is kept for the next start, with its segment. */
  private static final String FIRST_SLOT = "0000";

  /**
   * Where slots go that hold nothing, under the id of their journal. A start that needs another
   * slot takes one from there, and its journal goes on at the position that the ledger has: so
   * there are as many slots, and as many positions in the ledger, as there were processes at once.
   */
  private static final String FREE = "free";

  /** How long a close waits for a producer at work, which copies one event, or syncs it. */
  private static final Duration CLOSING_PATIENCE = Duration.ofMillis(500);

  /** How often the syncer looks while nothing is written and no producer wakes it. */
  private static final Duration IDLE_SYNC_INTERVAL = Duration.ofSeconds(1);

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

  /** Whether the syncer found nothing to sync, and waits for a producer; set by both. */
  private volatile boolean syncerRests;

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
    new DiskSpace(directory, disk).requireToBegin();
    boolean wasThere = Files.exists(directory, LinkOption.NOFOLLOW_LINKS);
    List<Slot> taken = new ArrayList<>();
    try {
      Slot.makeDirectory(directory, disk);
      takeSlots(directory, ledger, disk, taken);
      Slot own = taken.get(0);
      Found found = recover(taken, positions, progress);
      long recovered = found.events();
      if (recovered > 0) {
        LOG.info("{}: {} events were waiting from before", directory, recovered);
      }
      retire(directory, found.drained());
      taken.removeAll(found.drained());
      return start(own, settings, found.own(), found.adopted(), recovered);
    } catch (IOException e) {
      release(taken);
      // A disk that filled up meanwhile. A place that was made stays, empty, for the next start.
      new DiskSpace(directory, disk).requireFree();
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
    new DiskSpace(directory, disk).requireToBegin();
    List<Slot> taken = new ArrayList<>();
    try {
      DirectoryLock lock = DirectoryLock.acquire(directory, disk);
      try {
        taken.add(takeFree(directory, ledger, true, disk));
      } finally {
        lock.close();
      }
      Slot own = taken.get(0);
      Recovery empty = Recovery.ofOwn(own, List.of(), 0, found -> {});
      return start(own, settings, empty, new ArrayDeque<>(), 0);
    } catch (IOException e) {
      release(taken);
      new DiskSpace(directory, disk).requireFree();
      throw unusable(directory, e);
    } catch (JournalException | RuntimeException | Error e) {
      release(taken);
      throw e;
    }
  }

  /** Makes the journal and starts its threads; if one cannot be had, the others end first. */
  private static Journal start(
      Slot own, JournalSettings settings, Recovery mine, Deque<Adopted> adopted, long recovered) {
    JournalWriter writer = new JournalWriter(own, settings, mine.last(), mine.bytes());
    Journal journal = new Journal(own, settings, writer, mine.reader(), adopted, recovered);
    boolean started = false;
    try {
      writer.start();
      if (settings.durability() == Durability.PROCESS) {
        journal.syncer.start();
      }
      started = true;
      return journal;
    } finally {
      if (!started) {
        writer.close();
      }
    }
  }

  /**
   * Checks that a journal can be begun, before anything is made for it.
   *
   * @param directory where it is, or will be
   * @throws JournalException if there is no segment yet, and no room for the first
   */
  public static void requireRoom(Path directory) throws JournalException {
    new DiskSpace(directory, new Disk()).requireToBegin();
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
      for (Path slot : slots(directory)) {
        Slot.readExtent(slot, extents);
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

  /**
   * Checks everything there is before the first change to any of it, and reads what waits.
   *
   * @param slots this process's own, and those of dead processes
   */
  private static Found recover(List<Slot> slots, Positions positions, LongConsumer progress)
      throws IOException, JournalException {
    Slot own = slots.get(0);
    List<Long> settled = new ArrayList<>();
    List<List<Path>> segments = new ArrayList<>();
    for (Slot slot : slots) {
      // The ledger is not asked about a slot that holds nothing.
      boolean isAsked = slot == own || slot.hasSegments();
      settled.add(isAsked ? positions.settled(slot.journal()) : 0);
      segments.add(slot.checkSegments(settled.get(settled.size() - 1)));
    }
    Recovery mine = Recovery.ofOwn(own, segments.get(0), settled.get(0), progress);
    Deque<Adopted> adopted = new ArrayDeque<>();
    List<Slot> drained = new ArrayList<>();
    long events = mine.events();
    for (int i = 1; i < slots.size(); i++) {
      Slot slot = slots.get(i);
      long before = events;
      Optional<Recovery> left =
          Recovery.ofDead(
              slot, segments.get(i), settled.get(i), found -> progress.accept(before + found));
      if (left.isPresent()) {
        adopted.add(new Adopted(slot, left.get().reader()));
        events += left.get().events();
      } else {
        drained.add(slot);
      }
    }
    return new Found(mine, adopted, drained, events);
  }

  /**
   * What a start found.
   *
   * @param own what waits in this process's slot
   * @param adopted what waits in the slots of dead processes
   * @param drained slots of dead processes in which nothing waits
   * @param events how many events wait in all
   */
  private record Found(Recovery own, Deque<Adopted> adopted, List<Slot> drained, long events) {}

  /** The ledger that this journal belongs to. */
  public UUID ledger() {
    return slot.ledger();
  }

  @Override
  public boolean offer(AuditEvent event) {
    ByteBuffer frame = Frame.encode(event);
    boolean accepted = frame.limit() <= Frame.MAX_BYTES && !closed && writer.append(frame);
    if (syncerRests) {
      try {
        syncerRests = false;
        LockSupport.unpark(syncer);
      } catch (StackOverflowError e) {
        // The event is accepted; the syncer looks by itself within IDLE_SYNC_INTERVAL.
      }
    }
    return accepted;
  }

  @Override
  public EventBatch peek(int max) {
    EventBatch batch = EventBatch.EMPTY;
    while (batch.mark().isEmpty() && !adopted.isEmpty()) {
      batch = adopted.element().reader().peek(max);
      if (batch.mark().isEmpty()) {
        adopted.element().reader().removeAll();
        retire(directory(), List.of(adopted.remove().slot()));
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
   * would cost what was accepted in that time. Zero with {@link Durability#POWER}, and while
   * everything is on disk.
   */
  public Duration sinceSync() {
    return settings.durability() == Durability.POWER || syncerRests
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
    boolean drained = false;
    try {
      int claimed = writer.close();
      await(syncer);
      Segment last = writer.current();
      quiet = awaitQuiet(last, claimed);
      if (own.isDone(last, claimed) && isWorthRemoving(last, claimed)) {
        own.removeAll();
        drained = !slot.hasSegments();
      } else {
        sync();
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("{}: closing the journal failed: {}", slot.directory(), e.toString());
    }
    if (quiet && drained && !isFirst()) {
      retire(directory(), List.of(slot));
    } else if (quiet) {
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

  /** A small one with room is left in the first slot: the next run then has none to make. */
  private boolean isWorthRemoving(Segment last, int claimed) {
    return !isFirst()
        || last.size() > JournalWriter.FIRST_SEGMENT_BYTES
        || claimed > last.size() / 4;
  }

  /**
   * Releases slots whose events are all in the ledger, and moves them out of the way of later
   * starts. One that cannot be moved now, for example because another process is starting, stays
   * where it is for the next start to move.
   */
  private static void retire(Path directory, List<Slot> drained) {
    if (drained.isEmpty()) {
      return;
    }
    @Nullable DirectoryLock lock = null;
    try {
      lock = DirectoryLock.tryAcquire(directory, drained.get(0).disk());
      if (lock != null) {
        drained.forEach(slot -> retire(slot, directory.resolve(FREE)));
      }
    } catch (IOException e) {
      LOG.warn("{}: drained slots cannot be moved to {}: {}", directory, FREE, e.toString());
    } finally {
      // Before the lock is released: whoever reuses a slot finds it free.
      release(drained);
      if (lock != null) {
        lock.close();
      }
    }
  }

  /** Moves one slot; if that fails, it stays, and costs the next start another try. */
  private static void retire(Slot slot, Path free) {
    try {
      slot.retire(free);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      LOG.warn(
          "{}: this drained slot is a copy of {}; move one of them out of the journal",
          slot.directory(),
          free.resolve(slot.journal().toString()));
    } catch (IOException e) {
      LOG.warn("{}: this drained slot cannot be moved: {}", slot.directory(), e.toString());
    }
  }

  private Path directory() {
    return Objects.requireNonNull(slot.directory().getParent());
  }

  private boolean isFirst() {
    return slot.directory().endsWith(FIRST_SLOT);
  }

  private void syncFromTimeToTime() {
    while (!closed) {
      LockSupport.parkNanos(this, settings.syncInterval().toNanos());
      if (isSynced()) {
        // A producer claims its bytes before it reads the flag, and this thread sets the flag
        // before it reads what is claimed: one of them sees the other.
        syncerRests = true;
        if (isSynced()) {
          LockSupport.parkNanos(this, IDLE_SYNC_INTERVAL.toNanos());
        }
        syncerRests = false;
      }
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

  /** Returns whether the last sync covered everything that producers have claimed so far. */
  private boolean isSynced() {
    Segment segment = Objects.requireNonNull(unsynced);
    return !closed && segment.next() == null && segment.isCovered();
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
   * Takes the first slot that is free, and every slot of a dead process.
   *
   * @param taken receives them, this process's own first
   */
  private static void takeSlots(Path directory, Optional<UUID> known, Disk disk, List<Slot> taken)
      throws IOException, JournalException {
    if (!Files.exists(directory.resolve(DirectoryLock.FILE), LinkOption.NOFOLLOW_LINKS)) {
      // A directory that is refused stays as it was, without even the file of the lock.
      ledger(directory, known);
    }
    slots(directory);
    DirectoryLock lock = DirectoryLock.acquire(directory, disk);
    try {
      UUID ledger = ledger(directory, known).orElseGet(UUID::randomUUID);
      Set<Path> left = slots(directory);
      journals(left);
      Slot own = takeFree(directory, ledger, false, disk);
      taken.add(own);
      left.remove(own.directory());
      for (Path slot : left) {
        Slot.take(slot, ledger, disk).ifPresent(taken::add);
      }
    } finally {
      lock.close();
    }
  }

  /**
   * Returns the ids of the journals in slots, also of those that other processes have: one position
   * in the ledger cannot be that of two journals (D2). The caller has the {@link DirectoryLock}.
   */
  private static Set<UUID> journals(Set<Path> slots) throws IOException, JournalException {
    Set<UUID> journals = new HashSet<>();
    for (Path slot : slots) {
      Optional<UUID> journal = Slot.journal(slot, Optional.empty());
      if (journal.isPresent() && !journals.add(journal.get())) {
        throw new JournalException(
            slot + ": is a copy of another slot beside it; move the copy out of the journal");
      }
    }
    return journals;
  }

  /**
   * Returns which ledger the slots in a directory belong to: all to one, and to the known one. If
   * no slot in use names a ledger, a retired one does.
   */
  private static Optional<UUID> ledger(Path directory, Optional<UUID> known)
      throws IOException, JournalException {
    Optional<UUID> ledger = known;
    boolean isNamed = false;
    for (Path slot : slots(directory)) {
      Optional<UUID> named = Slot.check(slot, ledger);
      isNamed |= named.isPresent();
      ledger = ledger.isPresent() ? ledger : named;
    }
    Optional<Path> retired =
        isNamed
            ? Optional.empty()
            : Slot.findRetired(directory.resolve(FREE), Optional.empty(), Set.of());
    return retired.isPresent() ? Slot.check(retired.get(), ledger) : ledger;
  }

  private static Slot takeFree(Path directory, UUID ledger, boolean isNew, Disk disk)
      throws IOException, JournalException {
    for (int i = 0; i < MAX_SLOTS; i++) {
      Path path = directory.resolve(String.format(Locale.ROOT, "%04d", i));
      boolean isThere = Files.exists(path, LinkOption.NOFOLLOW_LINKS);
      if (isNew && isThere) {
        continue;
      }
      if (!isNew && !isThere) {
        Set<UUID> used = journals(slots(directory));
        Optional<Path> retired =
            Slot.findRetired(directory.resolve(FREE), Optional.of(ledger), used);
        if (retired.isPresent()) {
          Slot.reuse(retired.get(), path, disk);
        }
      }
      Optional<Slot> free = Slot.take(path, ledger, disk);
      if (free.isPresent()) {
        return free.get();
      }
    }
    throw new JournalException(directory + ": all " + MAX_SLOTS + " slots are taken");
  }

  /** The slots in use or left by dead processes; not those that were retired. */
  private static Set<Path> slots(Path directory) throws IOException, JournalException {
    Slot.requireOwn(directory, true);
    Set<Path> slots = new TreeSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        boolean isSlot = name.matches("\\d{4}");
        if (!isSlot && !name.equals(DirectoryLock.FILE) && !name.equals(FREE)) {
          throw new JournalException(entry + ": does not belong in a journal; move it away");
        }
        try {
          Slot.requireOwn(entry, !name.equals(DirectoryLock.FILE));
        } catch (NoSuchFileException e) {
          // The process that drained this slot retired it just now.
          continue;
        }
        if (isSlot) {
          slots.add(entry);
        }
      }
    }
    return slots;
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
   * @param slot held until it is drained
   * @param reader its events
   */
  private record Adopted(Slot slot, JournalReader reader) {}
}
