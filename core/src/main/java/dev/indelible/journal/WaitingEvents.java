// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.journal.Journal.Positions;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The numbers of events that wait in the journals of a directory. Counting adopts no slot and does
 * not disturb journals in use. Segments are read but never mapped, because the process that writes
 * them may free their blocks at the same time.
 *
 * @param alive the number of events in journals of running processes, this one included
 * @param oldestAlive the time of the oldest of these events; empty if there are none
 * @param ended the number of events in journals of processes that have ended
 * @param oldestEnded the time of the oldest of these events; empty if there are none
 */
public record WaitingEvents(
    long alive, Optional<Instant> oldestAlive, long ended, Optional<Instant> oldestEnded) {
  private static final Logger LOG = LoggerFactory.getLogger(WaitingEvents.class);
  private static final Object READING = new Object();

  /**
   * The buffer into which segments are read, one after another; guarded by {@link #READING}. It is
   * reused, because memory outside the heap is freed late and status may be read often.
   */
  private static SoftReference<MappedByteBuffer> buffer = new SoftReference<>(null);

  /** No waiting events. */
  public static final WaitingEvents NONE =
      new WaitingEvents(0, Optional.empty(), 0, Optional.empty());

  /**
   * Counts the events that wait.
   *
   * @param directory the journals of one ledger; if it does not exist, no events wait
   * @param ledger the ledger to which they must belong, if that is known
   * @param positions the positions that the ledger has committed
   * @throws JournalException if a journal or the ledger cannot be read, so that the number of
   *     waiting events is unknown
   */
  public static WaitingEvents read(Path directory, Optional<UUID> ledger, Positions positions)
      throws JournalException {
    return read(directory, ledger, positions, changed -> {});
  }

  /**
   * Counts the events that wait, like {@link #read(Path, Optional, Positions)}, and reports wrong
   * positions.
   *
   * @param changed receives each position that the ledger's own events contradict; then the events
   *     that the ledger does not have are counted
   */
  public static WaitingEvents read(
      Path directory, Optional<UUID> ledger, Positions positions, Consumer<ChangedPosition> changed)
      throws JournalException {
    if (Files.notExists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return NONE;
    }
    WaitingEvents all = NONE;
    try {
      for (Path slot : slots(directory, ledger)) {
        try {
          all = all.and(waiting(slot, ledger, positions, changed));
        } catch (NoSuchFileException e) {
          if (Files.exists(slot)) {
            throw e;
          }
          // The slot was retired, or put back into use, at the same time.
        }
      }
      return all;
    } catch (IOException e) {
      throw new JournalException(
          "%s: the number of waiting events cannot be read: %s: %s; check the permissions of the journal"
              .formatted(directory, e.getClass().getSimpleName(), e.getMessage()),
          e);
    }
  }

  /** Returns true if no events wait. */
  public boolean isNone() {
    return alive == 0 && ended == 0;
  }

  /** Returns the time of the oldest event; empty if there are none. */
  public Optional<Instant> oldest() {
    return older(oldestAlive, oldestEnded);
  }

  private WaitingEvents and(WaitingEvents other) {
    return new WaitingEvents(
        alive + other.alive,
        older(oldestAlive, other.oldestAlive),
        ended + other.ended,
        older(oldestEnded, other.oldestEnded));
  }

  private static Optional<Instant> older(Optional<Instant> one, Optional<Instant> other) {
    if (one.isEmpty() || other.isEmpty()) {
      return one.or(() -> other);
    }
    return one.get().isBefore(other.get()) ? one : other;
  }

  private static Set<Path> slots(Path directory, Optional<UUID> ledger) throws IOException {
    Set<Path> slots = new TreeSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        // Opening the journal rejects, and names, any other file.
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          slots.add(entry);
        }
      }
    }
    // The segments of a retired slot are settled, unless the ledger went back.
    JournalDirectory.retiredWithSegments(directory).stream()
        .filter(retired -> isReadable(retired, ledger))
        .forEach(slots::add);
    return slots;
  }

  /**
   * Returns false for a damaged retired slot, from which no process delivers events; the number of
   * all other waiting events is known nevertheless.
   */
  private static boolean isReadable(Path retired, Optional<UUID> ledger) {
    try {
      Optional<UUID> journal = Slot.journal(retired, ledger);
      if (journal.isPresent()) {
        for (Path file : Slot.segmentFiles(retired)) {
          header(file, journal.get());
        }
      }
      return true;
    } catch (NoSuchFileException e) {
      // Another process reused the slot just now.
      return true;
    } catch (IOException | JournalException e) {
      LOG.warn("{}: this retired slot is damaged, and not counted: {}", retired, e.getMessage());
      return false;
    }
  }

  private static WaitingEvents waiting(
      Path slot, Optional<UUID> ledger, Positions positions, Consumer<ChangedPosition> changed)
      throws IOException, JournalException {
    Optional<UUID> journal = Slot.journal(slot, ledger);
    if (journal.isEmpty()) {
      return NONE;
    }
    WaitingEvents found;
    synchronized (READING) {
      found = count(slot, journal.get(), positions, changed);
    }
    return found.isNone() || !Slot.isTaken(slot, new Disk())
        ? found
        : new WaitingEvents(found.ended, found.oldestEnded, 0, Optional.empty());
  }

  /** Returns true if a slot of a process that has ended has events after a position. */
  static boolean isAnyIn(Path slot, UUID journal, long position)
      throws IOException, JournalException {
    try {
      synchronized (READING) {
        return !count(slot, journal, any -> position, changed -> {}).isNone();
      }
    } catch (NoSuchFileException e) {
      // Another process reused the slot just now.
      return false;
    }
  }

  /**
   * Counts the events of one slot, as if its process had ended. Does not read segments that are
   * retained.
   */
  private static WaitingEvents count(
      Path slot, UUID journal, Positions positions, Consumer<ChangedPosition> changed)
      throws IOException, JournalException {
    long events = 0;
    Optional<Instant> oldest = Optional.empty();
    List<Path> files = List.copyOf(Slot.segmentFiles(slot));
    long position = files.size() > 1 ? positions.settled(journal) : 0;
    int first = Math.max(0, files.size() - 1);
    while (first > 0 && !follows(files.get(first), journal, position, positions)) {
      first--;
    }
    for (Path file : files.subList(first, files.size())) {
      Segment segment = read(file, journal);
      if (segment == null) {
        continue;
      }
      SettledPosition settled = settled(segment, journal, positions);
      if (settled.changed() != null) {
        changed.accept(settled.changed());
      }
      if (segment.end() <= settled.start()) {
        continue;
      }
      Cursor cursor = new Cursor(segment, settled.start(), Long.MAX_VALUE);
      for (Cursor.Item item = cursor.next(); item != null; item = cursor.next()) {
        events++;
        if (oldest.isEmpty() && item instanceof Cursor.Event found) {
          oldest = Optional.of(found.event().timestamp());
        }
      }
    }
    return new WaitingEvents(0, Optional.empty(), events, oldest);
  }

  /** Like {@link SettledPosition#follows}, for the file of a segment. */
  private static boolean follows(Path file, UUID journal, long position, Positions positions)
      throws IOException, JournalException {
    SegmentFile.Header header = header(file, journal);
    // Most segments of a long queue begin after the position, and need not be read.
    if (header == null || header.base() >= position) {
      return false;
    }
    Segment segment = read(file, journal);
    return segment != null && SettledPosition.follows(segment, position, positions);
  }

  /**
   * Compares the ledger's position with a segment. Reads the position after the segment, so that
   * events that the ledger has appended since are not counted. After a contradiction reads the
   * position again, because a running process advances it with each batch.
   */
  private static SettledPosition settled(Segment segment, UUID journal, Positions positions)
      throws JournalException {
    while (true) {
      long position = positions.settled(journal);
      SettledPosition found = SettledPosition.in(segment, journal, position, positions);
      if (found.changed() == null || positions.settled(journal) == position) {
        return found;
      }
    }
  }

  /**
   * Returns a copy of a segment in memory, valid until the next segment is read. Returns null if
   * the segment is not finished yet or was removed.
   */
  private static @Nullable Segment read(Path file, UUID journal)
      throws IOException, JournalException {
    SegmentFile.Header header = header(file, journal);
    if (header == null) {
      return null;
    }
    try (FileChannel channel =
        FileChannel.open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      if (channel.size() == 0) {
        return null;
      }
      MappedByteBuffer bytes = buffer(header.size());
      while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) {}
      while (bytes.hasRemaining()) {
        // A truncated file is filled with zeros; otherwise the rest would be the bytes of the
        // previous file.
        bytes.put((byte) 0);
      }
      bytes.clear();
      return new Segment(new SegmentFile(file, header, bytes, new Disk()));
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** Returns the header of a segment; null if it is not finished yet or was removed. */
  private static SegmentFile.@Nullable Header header(Path file, UUID journal)
      throws IOException, JournalException {
    if (SegmentFile.isUnfinished(file)) {
      return null;
    }
    try {
      return Files.size(file) == 0 ? null : SegmentFile.readHeader(file, journal);
    } catch (NoSuchFileException e) {
      return null;
    } catch (JournalException e) {
      if (Files.notExists(file) || Files.size(file) == 0) {
        // Removed while it was read.
        return null;
      }
      throw e;
    }
  }

  private static MappedByteBuffer buffer(int size) {
    MappedByteBuffer kept = buffer.get();
    if (kept == null || kept.capacity() < size) {
      // A direct buffer is a MappedByteBuffer without a file.
      kept = (MappedByteBuffer) ByteBuffer.allocateDirect(size);
      buffer = new SoftReference<>(kept);
    }
    MappedByteBuffer bytes = kept.slice(0, size);
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    return bytes;
  }
}
