// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.event.AuditEvent;
import dev.indelible.queue.EventBatch;
import dev.indelible.queue.EventStore;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
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

  private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

  private final Slot slot;
  private final JournalSettings settings;
  private final JournalWriter writer;
  private final JournalReader own;

  /** What dead processes left, not yet drained; the drainer's alone once it runs. */
  private final Deque<Adopted> adopted;

  private final long recovered;
  private final Thread syncer;

  /** When the oldest event in hand happened; the drainer writes, anyone reads. */
  private volatile Optional<Instant> oldest = Optional.empty();

  /** The first segment that the next sync has to cover; the syncer's, and the closer's after it. */
  private Segment unsynced;

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
    this.unsynced = writer.current();
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
    List<Slot> taken = new ArrayList<>();
    try {
      Slot.makeDirectory(directory);
      Set<Path> places = places(directory);
      Slot slot = takeOwn(directory, ledger);
      taken.add(slot);
      Recovery mine = Recovery.of(slot, positions.settled(slot.journal()));
      Deque<Adopted> adopted = new ArrayDeque<>();
      long recovered = mine.events();
      for (Path place : places) {
        Optional<Slot> left =
            place.equals(slot.directory()) ? Optional.empty() : Slot.take(place, slot.ledger());
        if (left.isPresent()) {
          taken.add(left.get());
          Recovery found = Recovery.of(left.get(), positions.settled(left.get().journal()));
          recovered += found.events();
          adopted.add(new Adopted(left.get(), found.reader()));
        }
      }
      if (recovered > 0) {
        LOG.info("{}: {} events were waiting from before", directory, recovered);
      }
      JournalWriter writer = new JournalWriter(slot, settings, mine.segmentToWrite(), mine.bytes());
      Journal journal = new Journal(slot, settings, writer, mine.reader(), adopted, recovered);
      writer.start();
      journal.syncer.start();
      return journal;
    } catch (IOException e) {
      release(taken);
      throw unusable(directory, e);
    } catch (JournalException | RuntimeException e) {
      release(taken);
      throw e;
    }
  }

  /** The ledger that this journal belongs to. */
  public UUID ledger() {
    return slot.ledger();
  }

  @Override
  public boolean offer(AuditEvent event) {
    byte[] frame = Frame.encode(event);
    return frame.length <= JournalWriter.FIRST_SEGMENT_BYTES - Segment.HEADER
        && !closed
        && writer.append(frame);
  }

  @Override
  public EventBatch peek(int max) {
    EventBatch batch = EventBatch.EMPTY;
    while (batch.events().isEmpty() && !adopted.isEmpty()) {
      batch = adopted.peek().reader().peek(max);
      if (batch.events().isEmpty()) {
        release(List.of(adopted.remove().slot()));
      }
    }
    if (batch.events().isEmpty()) {
      batch = own.peek(max);
    }
    oldest = batch.events().stream().findFirst().map(AuditEvent::timestamp);
    return batch;
  }

  @Override
  public void settle(int count) {
    if (adopted.isEmpty()) {
      writer.freed(own.settle(count));
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
  public Optional<Instant> oldestPending() {
    return oldest;
  }

  @Override
  public Optional<String> trouble() {
    return writer.trouble();
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

  /** Syncs, and leaves its place; what still waits there is adopted by whoever starts next. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(syncer);
    try {
      writer.close();
      await(syncer);
      sync();
      if (own.isDone(writer.current())) {
        own.removeAll();
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("{}: closing the journal failed: {}", slot.directory(), e.toString());
    }
    release(List.of(slot));
    adopted.forEach(left -> release(List.of(left.slot())));
  }

  private void syncFromTimeToTime() {
    while (!closed) {
      LockSupport.parkNanos(this, settings.syncInterval().toNanos());
      try {
        if (!closed) {
          sync();
        }
      } catch (RuntimeException | Error e) {
        // Not on disk yet: sinceSync() grows, and the next round tries again.
        LOG.error("{}: syncing the journal failed: {}", slot.directory(), e.toString());
      }
    }
  }

  /** Syncs the segment written to, and the one before it for the sake of a late writer there. */
  private void sync() {
    long before = System.nanoTime();
    Segment now = writer.current();
    for (Segment segment = unsynced; segment != null; segment = segment.next()) {
      segment.force();
    }
    unsynced = now;
    syncedNanos = before;
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
   */
  private static Slot takeOwn(Path directory, Optional<UUID> known)
      throws IOException, JournalException {
    synchronized (Journal.class) {
      try (FileChannel door = Slot.openFile(directory.resolve(DOOR))) {
        door.lock();
        UUID ledger = ledger(directory, known);
        return takeFree(directory, ledger);
      }
    }
  }

  /** Which ledger the places in a directory belong to: all to the same, and to the known one. */
  private static UUID ledger(Path directory, Optional<UUID> known)
      throws IOException, JournalException {
    Optional<UUID> ledger = known;
    for (Path place : places(directory)) {
      Optional<UUID> named = Slot.check(place, ledger);
      ledger = ledger.isPresent() ? ledger : named;
    }
    return ledger.orElseGet(UUID::randomUUID);
  }

  private static Slot takeFree(Path directory, UUID ledger) throws IOException, JournalException {
    for (int i = 0; i < MAX_SLOTS; i++) {
      Optional<Slot> free = Slot.take(directory.resolve("%04d".formatted(i)), ledger);
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
