// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process's slot in a journal directory: a directory with a file that is locked while the slot
 * is in use, a file with its {@link SlotIdentity}, and the segments. The operating system releases
 * the lock when the process ends, however it ends.
 */
final class Slot implements AutoCloseable {
  private static final String LOCK_FILE = "lock";
  private static final Set<String> OWN_FILES =
      Set.of(LOCK_FILE, SlotIdentity.FILE, SlotIdentity.UNFINISHED_FILE);
  private static final Pattern SEGMENT_FILE = Pattern.compile("\\d{12}\\.seg(\\.new)?");

  private static final Logger LOG = LoggerFactory.getLogger(Slot.class);

  /**
   * The file keys of the slots that this process holds. Their lock files must not be opened again;
   * see {@link LockFile}.
   */
  private static final Set<Object> HELD = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final Disk disk;
  private final Object key;
  private final FileLock lock;
  private final SlotIdentity identity;

  private Slot(Path directory, Disk disk, Object key, FileLock lock, SlotIdentity identity) {
    this.directory = directory;
    this.disk = disk;
    this.key = key;
    this.lock = lock;
    this.identity = identity;
  }

  /**
   * Takes a slot for this process, and creates it if it does not exist. The caller must hold the
   * {@link DirectoryLock}.
   *
   * @param ledger the ledger to which the slot must belong
   * @return empty if the slot is taken, by another process or by another log in this process
   */
  static Optional<Slot> take(Path directory, UUID ledger, Disk disk)
      throws IOException, JournalException {
    createDirectory(directory, disk);
    check(directory, Optional.of(ledger));
    Object key = key(directory);
    if (!HELD.add(key)) {
      return Optional.empty();
    }
    Optional<FileLock> lock = Optional.empty();
    boolean taken = false;
    try {
      Path file = directory.resolve(LOCK_FILE);
      lock = LockFile.tryLock(file, LockFile.open(file), disk::tryLock);
      if (lock.isEmpty()) {
        return Optional.empty();
      }
      SlotIdentity identity = SlotIdentity.readOrCreate(directory, ledger, disk);
      taken = true;
      return Optional.of(new Slot(directory, disk, key, lock.get(), identity));
    } finally {
      if (!taken) {
        if (lock.isPresent()) {
          lock.get().acquiredBy().close();
        }
        HELD.remove(key);
      }
    }
  }

  /** Durably creates a directory that only its owner can access, if it does not exist. */
  static void createDirectory(Path directory, Disk disk) throws IOException {
    if (DurableFiles.createDirectory(directory)) {
      disk.syncNames(directory.toAbsolutePath().getParent());
    }
  }

  /**
   * Checks a slot without taking it.
   *
   * @param ledger the ledger to which it must belong, if that is known
   * @return the ledger to which it belongs; empty if it names none yet, or was retired in the
   *     meantime
   */
  static Optional<UUID> check(Path directory, Optional<UUID> ledger)
      throws IOException, JournalException {
    try {
      OwnFiles.require(directory, true);
      requireKnownFiles(directory);
      return SlotIdentity.read(directory, ledger).map(SlotIdentity::ledger);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns a retired slot. Ignores other files in the directory.
   *
   * @param free the directory of retired slots
   */
  static Optional<Path> findRetired(Path free) throws IOException {
    return findRetired(free, Optional.empty(), retired -> true);
  }

  /**
   * Returns a retired slot that a process can use. A start that used one with damaged segments
   * would fail.
   *
   * @param free the directory of retired slots
   * @param ledger the ledger to which it must belong
   * @param used the journals of the slots in use; after a restored backup, a retired slot may have
   *     one of these journals
   */
  static Optional<Path> findReusable(Path free, UUID ledger, Set<UUID> used) throws IOException {
    return findRetired(
        free,
        Optional.of(ledger),
        retired -> !used.contains(UUID.fromString(name(retired))) && isIntact(retired));
  }

  private static Optional<Path> findRetired(
      Path free, Optional<UUID> ledger, Predicate<Path> wanted) throws IOException {
    if (!Files.exists(free, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(free)) {
      for (Path entry : entries) {
        if (isRetired(entry, ledger) && wanted.test(entry)) {
          return Optional.of(entry);
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isIntact(Path retired) {
    try {
      checkSegments(retired, UUID.fromString(name(retired)), 0);
      return true;
    } catch (IOException | JournalException e) {
      LOG.debug("{}: not used: {}", retired, e.getMessage());
      return false;
    }
  }

  /** Returns true if a directory is a slot of this user and its name is the id of its journal. */
  private static boolean isRetired(Path directory, Optional<UUID> ledger) throws IOException {
    try {
      OwnFiles.require(directory, true);
      requireKnownFiles(directory);
      Optional<SlotIdentity> identity = SlotIdentity.read(directory, ledger);
      return identity.isPresent() && name(directory).equals(identity.get().journal().toString());
    } catch (JournalException e) {
      LOG.debug("{}: not used: {}", directory, e.getMessage());
      return false;
    } catch (NoSuchFileException e) {
      // Another process reused the slot just now.
      return false;
    }
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  /**
   * Moves a retired slot back into use. The move is durable when this method returns, so a power
   * cut does not undo it after events were accepted in the slot. The caller must hold the {@link
   * DirectoryLock}.
   */
  static void reuse(Path retired, Path directory, Disk disk) throws IOException {
    disk.rename(retired, directory);
    disk.syncNames(directory.toAbsolutePath().getParent());
    disk.syncNames(retired.toAbsolutePath().getParent());
  }

  /**
   * Moves this slot, in which no event is waiting, to the retired slots, so that later starts need
   * not read it. Its journal keeps its id, so its position in the ledger stays valid. The caller
   * must hold the {@link DirectoryLock}, and closes this slot.
   *
   * @param free the directory of retired slots
   * @param retain the time for which its segments stay after they were settled
   */
  void retire(Path free, Duration retain) throws IOException {
    createDirectory(free, disk);
    // A segment is settled or was never finished. If a power cut restores a file, a reuse removes
    // it.
    removeSegments(directory, retain);
    disk.rename(directory, free.resolve(journal().toString()));
  }

  /**
   * Removes the segments of a drained slot whose time has passed, oldest first. A segment after one
   * that is retained stays as well, so that none is missing between two.
   */
  static void removeSegments(Path directory, Duration retain) throws IOException {
    boolean isRetained = false;
    for (Path segment : segmentFiles(directory)) {
      boolean isUnfinished = SegmentFile.isUnfinished(segment);
      isRetained |= !isUnfinished && RetainedSegments.age(segment).compareTo(retain) < 0;
      if (isUnfinished || !isRetained) {
        Files.delete(segment);
      }
    }
  }

  /** Returns true if the time of the first segment of a drained slot has passed. */
  static boolean isExpired(Path directory, Duration retain) {
    try {
      Optional<Path> first = segmentFiles(directory).stream().findFirst();
      return first.isPresent() && RetainedSegments.age(first.get()).compareTo(retain) >= 0;
    } catch (IOException | DirectoryIteratorException e) {
      LOG.debug("{}: another process reused this slot, or it cannot be read", directory, e);
      return false;
    }
  }

  /** Returns the time of the last write into a slot, or of its settlement. */
  static Instant lastWritten(Path directory) throws IOException {
    Instant last = Instant.MIN;
    try {
      for (Path segment : segmentFiles(directory)) {
        last = Files.getLastModifiedTime(segment).toInstant();
      }
    } catch (NoSuchFileException e) {
      // Another process reused the slot just now.
    }
    return last;
  }

  /** Returns true if the slot has a segment, finished or not. */
  boolean hasSegments() throws IOException {
    return !segmentFiles(directory).isEmpty();
  }

  /**
   * Returns true if a process holds a slot. The check locks a free slot and the directory. So a
   * process that starts during the check waits, and then adopts the slot.
   *
   * @throws JournalException if the slot cannot be locked here, or the directory stays locked
   */
  static boolean isTaken(Path directory, Disk disk) throws IOException, JournalException {
    Path file = directory.resolve(LOCK_FILE);
    Path all = Objects.requireNonNull(directory.getParent());
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        || !Files.exists(all.resolve(DirectoryLock.FILE), LinkOption.NOFOLLOW_LINKS)) {
      // A process takes a slot only after it created both files.
      return false;
    }
    DirectoryLock lock = DirectoryLock.acquireToRead(all, disk);
    try {
      return isLocked(directory, file, disk);
    } finally {
      lock.close();
    }
  }

  private static boolean isLocked(Path directory, Path file, Disk disk)
      throws IOException, JournalException {
    Object key = key(directory);
    if (!HELD.add(key)) {
      return true;
    }
    try {
      Optional<FileLock> lock =
          LockFile.tryLock(file, LockFile.openToRead(file), disk::tryLockShared);
      if (lock.isPresent()) {
        lock.get().acquiredBy().close();
      }
      return lock.isEmpty();
    } finally {
      HELD.remove(key);
    }
  }

  /**
   * Returns the journal of a slot; empty if it has no identity yet.
   *
   * @param ledger the ledger to which it must belong, if that is known
   */
  static Optional<UUID> journal(Path directory, Optional<UUID> ledger)
      throws IOException, JournalException {
    return SlotIdentity.read(directory, ledger).map(SlotIdentity::journal);
  }

  /**
   * Adds the extent of a slot's journal to a map, if the journal has segments. Changes nothing.
   *
   * @param extents the extents, keyed by journal
   */
  static void readExtent(Path directory, Map<UUID, Extent> extents)
      throws IOException, JournalException {
    Optional<UUID> identity = journal(directory, Optional.empty());
    if (identity.isEmpty()) {
      return;
    }
    UUID journal = identity.get();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.seg")) {
      for (Path file : files) {
        if (Files.size(file) > 0) {
          SegmentFile.Header header = SegmentFile.readHeader(file, journal);
          extents.merge(journal, new Extent(header.base(), header.end()), Extent::plus);
        }
      }
    } catch (NoSuchFileException e) {
      // The process that holds this slot removed a segment, so the beginning of the journal is
      // unknown.
      extents.remove(journal);
    }
  }

  /** Returns the ledger that the slot belongs to. */
  UUID ledger() {
    return identity.ledger();
  }

  UUID journal() {
    return identity.journal();
  }

  Path directory() {
    return directory;
  }

  Disk disk() {
    return disk;
  }

  /**
   * Checks the segments, and that none is missing between them. Changes nothing.
   *
   * @param settled the position up to which the ledger has this journal; segments before it were
   *     removed
   * @return the files of segments that have frames, in order
   */
  List<Path> checkSegments(long settled) throws IOException, JournalException {
    return checkSegments(directory, journal(), settled);
  }

  private static List<Path> checkSegments(Path directory, UUID journal, long settled)
      throws IOException, JournalException {
    List<Path> files = new ArrayList<>();
    SegmentFile.@Nullable Header before = null;
    for (Path file : segmentFiles(directory)) {
      if (SegmentFile.isUnfinished(file)) {
        continue;
      }
      if (Files.size(file) == 0) {
        if (before != null && before.end() > settled) {
          throw new JournalException(
              file
                  + ": is empty, but the segment before it is still in use; the events in it are"
                  + " lost. Restore it, or move it out of the journal");
        }
        continue;
      }
      SegmentFile.Header header = SegmentFile.readHeader(file, journal);
      if (before != null && !header.follows(before) && header.base() > settled) {
        throw new JournalException(
            "%s: does not follow %s; a segment between them is missing. Restore it, or move this one"
                    .formatted(file, SegmentFile.name(before.number()))
                + " and those after it out of the journal");
      }
      files.add(file);
      before = header;
    }
    return files;
  }

  /** Opens the checked segments and links them to each other. Removes all other segments. */
  List<Segment> openSegments(List<Path> checked) throws IOException, JournalException {
    for (Path file : segmentFiles(directory)) {
      if (!checked.contains(file)) {
        // The process died before it finished this segment, or before it removed it.
        Files.delete(file);
      }
    }
    List<Segment> segments = new ArrayList<>();
    for (Path file : checked) {
      Segment segment = Segment.open(file, journal(), disk);
      if (!segments.isEmpty()) {
        segments.get(segments.size() - 1).follow(segment);
      }
      segments.add(segment);
    }
    return segments;
  }

  /** Releases the slot for other processes. */
  @Override
  public void close() throws IOException {
    try {
      lock.acquiredBy().close();
    } finally {
      HELD.remove(key);
    }
  }

  /** Returns the identity of a directory, which is equal under every path to it. */
  private static Object key(Path directory) throws IOException {
    Object key = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
    return key == null ? directory.toRealPath() : key;
  }

  private static void requireKnownFiles(Path directory) throws IOException, JournalException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = name(file);
        if (!OWN_FILES.contains(name) && !SEGMENT_FILE.matcher(name).matches()) {
          throw new JournalException(file + ": does not belong in a journal; move it away");
        }
        try {
          OwnFiles.require(file, false);
        } catch (NoSuchFileException e) {
          // The process that holds this slot finished a segment or removed one.
        }
      }
    }
  }

  /** Returns the files of a slot's segments, unfinished ones included, in order. */
  static Set<Path> segmentFiles(Path directory) throws IOException {
    Set<Path> found = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.seg*")) {
      files.forEach(found::add);
    }
    return found;
  }
}
