// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.Throttle;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory with the journals of one ledger: a slot for each running process, the slots of dead
 * processes, and retired slots.
 *
 * @param path the directory, which may not exist
 * @param disk the disk of the directory
 */
record JournalDirectory(Path path, Disk disk) {
  private static final int MAX_SLOTS = 10_000;

  /** The slot that is kept, with its segment, for the next start. */
  private static final String FIRST_SLOT = "0000";

  /**
   * The directory of retired slots. The name of a retired slot is the id of its journal, and no
   * event is waiting in it, unless the ledger went back after the slot was retired. A start that
   * needs another slot reuses a retired one, whose journal continues at its position in the ledger.
   * So the number of slots, and of positions in the ledger, never exceeds the largest number of
   * processes that ran at one time.
   */
  private static final String FREE = "free";

  /** The name of a retired slot: the id of its journal. */
  private static final Pattern JOURNAL =
      Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  /** A time for which segments stay that does not pass. */
  static final Duration FOREVER = Duration.ofDays(36_500);

  private static final Logger LOG = LoggerFactory.getLogger(JournalDirectory.class);

  /** Retired slots that cannot be read are logged at most once per this interval. */
  private static final Throttle UNREADABLE = Throttle.of(Duration.ofMinutes(1));

  /** Returns the directory that a slot is in. */
  static JournalDirectory of(Slot slot) {
    return new JournalDirectory(Objects.requireNonNull(slot.directory().getParent()), slot.disk());
  }

  /** Returns true if a slot is the one that is kept for the next start. */
  static boolean isFirst(Slot slot) {
    return slot.directory().endsWith(FIRST_SLOT);
  }

  boolean exists() {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Returns the ledger to which all journals belong; it must be the known ledger, if there is one.
   * If no slot in use names a ledger, a retired slot may. Changes nothing.
   *
   * @return empty if there are no journals
   * @throws JournalException if they belong to several ledgers, or cannot be read
   */
  Optional<UUID> ledger(Optional<UUID> known) throws IOException, JournalException {
    Optional<UUID> ledger = known;
    boolean isNamed = false;
    for (Path slot : slots()) {
      Optional<UUID> named = Slot.check(slot, ledger);
      isNamed |= named.isPresent();
      ledger = ledger.isPresent() ? ledger : named;
    }
    Optional<Path> retired = isNamed ? Optional.empty() : Slot.findRetired(free());
    return retired.isPresent() ? Slot.check(retired.get(), ledger) : ledger;
  }

  /** Returns the extents of the journals that have segments. Changes nothing. */
  Map<UUID, Extent> extents() throws IOException, JournalException {
    Map<UUID, Extent> extents = new HashMap<>();
    for (Path slot : slots()) {
      Slot.readExtent(slot, extents);
    }
    return extents;
  }

  /**
   * Takes the first free slot, and every slot of a dead process. Creates the directory if it does
   * not exist.
   *
   * @param known the ledger, if it is known
   * @param taken receives the slots, this process's own first; also slots taken before a failure
   */
  void takeAll(Optional<UUID> known, List<Slot> taken) throws IOException, JournalException {
    Slot.createDirectory(path, disk);
    if (!Files.exists(path.resolve(DirectoryLock.FILE), LinkOption.NOFOLLOW_LINKS)) {
      // A directory that is rejected is not changed; even the lock file is not created.
      ledger(known);
    }
    slots();
    DirectoryLock lock = DirectoryLock.acquire(path, disk);
    try {
      UUID ledger = ledger(known).orElseGet(UUID::randomUUID);
      Set<Path> left = slots();
      journals(left);
      Slot own = takeOne(ledger, false);
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
   * Takes every slot of a dead process.
   *
   * @param taken receives the slots, also those taken before a failure
   * @return false if nothing was taken, because another process is starting
   */
  boolean takeDead(UUID ledger, List<Slot> taken) throws IOException, JournalException {
    DirectoryLock lock = DirectoryLock.tryAcquire(path, disk);
    if (lock == null) {
      return false;
    }
    try {
      Set<Path> slots = slots();
      journals(slots);
      for (Path slot : slots) {
        Slot.take(slot, ledger, disk).ifPresent(taken::add);
      }
      return true;
    } finally {
      lock.close();
    }
  }

  /** Takes a slot that no process had before. */
  Slot takeNew(UUID ledger) throws IOException, JournalException {
    DirectoryLock lock = DirectoryLock.acquire(path, disk);
    try {
      return takeOne(ledger, true);
    } finally {
      lock.close();
    }
  }

  /** Returns the retired slots that have segments: the name of each is the id of its journal. */
  static List<Path> retiredWithSegments(Path directory) throws IOException {
    Path free = directory.resolve(FREE);
    if (!Files.exists(free, LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(free)) {
      for (Path entry : entries) {
        if (JOURNAL.matcher(entry.getFileName().toString()).matches()
            && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)
            && hasSegments(entry)) {
          found.add(entry);
        }
      }
    }
    return found;
  }

  /** Returns false for a slot that cannot be listed, so that it does not affect the others. */
  private static boolean hasSegments(Path slot) {
    try {
      return !Slot.segmentFiles(slot).isEmpty();
    } catch (NoSuchFileException e) {
      // Another process reused the slot just now.
      return false;
    } catch (IOException | DirectoryIteratorException e) {
      UNREADABLE.ifDue(
          () -> LOG.warn("{}: this retired slot cannot be read: {}", slot, e.toString()));
      return false;
    }
  }

  /**
   * Takes a retired slot, because the ledger went back and events in it wait again.
   *
   * @return empty if another process has reused it, or is starting
   */
  Optional<Slot> takeRetired(Path retired, UUID ledger) throws IOException, JournalException {
    DirectoryLock lock = DirectoryLock.tryAcquire(path, disk);
    if (lock == null) {
      return Optional.empty();
    }
    try {
      Set<Path> slots = slots();
      if (!Files.exists(retired, LinkOption.NOFOLLOW_LINKS)
          || Slot.journal(retired, Optional.of(ledger))
              .filter(journals(slots)::contains)
              .isPresent()) {
        return Optional.empty();
      }
      Path slot = firstUnused();
      Slot.reuse(retired, slot, disk);
      boolean isTaken = false;
      try {
        Optional<Slot> taken = Slot.take(slot, ledger, disk);
        isTaken = taken.isPresent();
        return taken;
      } finally {
        if (!isTaken) {
          disk.rename(slot, retired);
        }
      }
    } finally {
      lock.close();
    }
  }

  private Path firstUnused() throws JournalException {
    for (int i = 0; i < MAX_SLOTS; i++) {
      Path slot = slot(i);
      if (!Files.exists(slot, LinkOption.NOFOLLOW_LINKS)) {
        return slot;
      }
    }
    throw new JournalException(path + ": all " + MAX_SLOTS + " slots are taken");
  }

  private Path slot(int number) {
    return path.resolve(String.format(Locale.ROOT, "%04d", number));
  }

  /** Removes the segments of all retired slots. Does nothing while another process is starting. */
  void removeRetired() throws IOException {
    removeExpired(retiredWithSegments(path), Duration.ZERO);
  }

  /**
   * Removes the segments of retired slots whose time has passed. Does nothing while another process
   * is starting. A damaged slot does not affect the others.
   *
   * @param settled the slots, in which no event is waiting
   * @param retain the time for which segments stay after they were settled
   */
  void removeExpired(List<Path> settled, Duration retain) throws IOException {
    List<Path> expired = settled.stream().filter(slot -> Slot.isExpired(slot, retain)).toList();
    DirectoryLock lock = expired.isEmpty() ? null : DirectoryLock.tryAcquire(path, disk);
    if (lock == null) {
      return;
    }
    try {
      for (Path slot : expired) {
        if (Files.exists(slot, LinkOption.NOFOLLOW_LINKS)) {
          removeSegments(slot, retain);
        }
      }
    } finally {
      lock.close();
    }
  }

  private static void removeSegments(Path slot, Duration retain) {
    try {
      Slot.removeSegments(slot, retain);
    } catch (IOException | DirectoryIteratorException e) {
      UNREADABLE.ifDue(
          () -> LOG.warn("{}: settled segments are not removed: {}", slot, e.toString()));
    }
  }

  /**
   * Releases slots whose events are all in the ledger, and moves them away so that later starts
   * need not read them. If a slot cannot be moved now, for example because another process is
   * starting, the next start moves it.
   *
   * @param retain the time for which their segments stay after they were settled
   */
  void retire(List<Slot> drained, Duration retain) {
    if (!tryRetire(drained, retain)) {
      release(drained);
    }
  }

  /**
   * Moves slots away and releases them, like {@link #retire}, unless another process is starting.
   *
   * @return false if the slots are still taken and not moved
   */
  boolean tryRetire(List<Slot> drained, Duration retain) {
    if (drained.isEmpty()) {
      return true;
    }
    @Nullable DirectoryLock lock = null;
    try {
      lock = DirectoryLock.tryAcquire(path, disk);
      if (lock == null) {
        return false;
      }
      drained.forEach(slot -> move(slot, retain));
      return true;
    } catch (IOException e) {
      LOG.warn("{}: drained slots cannot be moved to {}: {}", path, FREE, e.toString());
      return false;
    } finally {
      if (lock != null) {
        // Release the slots before the directory lock, so that a process that reuses a slot finds
        // it free.
        release(drained);
        lock.close();
      }
    }
  }

  /** Releases slots for other processes. */
  static void release(List<Slot> slots) {
    for (Slot slot : slots) {
      try {
        slot.close();
      } catch (IOException e) {
        LOG.warn("{}: cannot be released: {}", slot.directory(), e.toString());
      }
    }
  }

  /** Removes the directory if it is empty. */
  void removeIfEmpty() {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      LOG.debug("{}: not removed, because another process uses it", path, e);
    }
  }

  JournalException unusable(IOException e) {
    return new JournalException(
        path
            + ": the journal cannot be used: "
            + e.getClass().getSimpleName()
            + ": "
            + e.getMessage(),
        e);
  }

  private Path free() {
    return path.resolve(FREE);
  }

  /** Moves a drained slot. If the move fails, the next start tries again. */
  private void move(Slot slot, Duration retain) {
    try {
      slot.retire(free(), retain);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      LOG.warn(
          "{}: this drained slot is a copy of {}; move one of them out of the journal",
          slot.directory(),
          free().resolve(slot.journal().toString()));
    } catch (IOException e) {
      LOG.warn("{}: this drained slot cannot be moved: {}", slot.directory(), e.toString());
    }
  }

  /**
   * Returns the ids of the journals in all slots, including those of other processes (D2). Two
   * journals must not share one position in the ledger. The caller has the {@link DirectoryLock}.
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
   * Takes the first free slot. The caller has the {@link DirectoryLock}.
   *
   * @param isNew true to take only a slot that no process had before
   */
  private Slot takeOne(UUID ledger, boolean isNew) throws IOException, JournalException {
    for (int i = 0; i < MAX_SLOTS; i++) {
      Path slot = slot(i);
      boolean exists = Files.exists(slot, LinkOption.NOFOLLOW_LINKS);
      if (isNew && exists) {
        continue;
      }
      if (!isNew && !exists) {
        Optional<Path> retired = Slot.findReusable(free(), ledger, journals(slots()));
        if (retired.isPresent()) {
          Slot.reuse(retired.get(), slot, disk);
        }
      }
      Optional<Slot> free = Slot.take(slot, ledger, disk);
      if (free.isPresent()) {
        return free.get();
      }
    }
    throw new JournalException(path + ": all " + MAX_SLOTS + " slots are taken");
  }

  /** Returns the slots in use or left by dead processes, without retired ones. */
  private Set<Path> slots() throws IOException, JournalException {
    OwnFiles.require(path, true);
    Set<Path> slots = new TreeSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        boolean isSlot = name.matches("\\d{4}");
        if (!isSlot && !name.equals(DirectoryLock.FILE) && !name.equals(FREE)) {
          throw new JournalException(entry + ": does not belong in a journal; move it away");
        }
        try {
          OwnFiles.require(entry, !name.equals(DirectoryLock.FILE));
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
}
