// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.Throttle;
import dev.indelible.event.AuditEvent;
import dev.indelible.journal.DeadSlots.Adopted;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.EventStore;
import dev.indelible.pending.JournalMark;
import dev.indelible.pending.LedgerView;
import dev.indelible.pending.Redelivery;
import dev.indelible.queue.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waiting events in memory-mapped files (D5, D2). They survive the death of their process and, with
 * {@link Durability#POWER}, a power cut.
 *
 * <p>Each process has its own slot in the journal's directory. The next process that starts adopts
 * the slots of dead processes, and drains them before new events. Each batch has a {@link
 * JournalMark}, which the ledger commits with the events. Recovery starts after the committed mark,
 * so no event is appended twice or skipped.
 *
 * <p>If the settings demand it, settled segments are retained for a while, for a ledger that goes
 * back to an earlier position; see {@link LedgerComparison}.
 *
 * <p>Opening, recovery, reading and closing are in one class, because each step passes the slots of
 * dead processes to the next one.
 */
public final class Journal implements EventStore {
  /** How long a close waits for producers, each of which copies or syncs one event. */
  private static final Duration CLOSING_PATIENCE = Duration.ofMillis(500);

  /**
   * Interval between two log lines about the progress of a recovery; a shorter recovery logs none.
   */
  private static final Duration PROGRESS_LOG_INTERVAL = Duration.ofSeconds(1);

  /** Interval between two attempts to adopt slots while the ledger cannot be read. */
  private static final Duration ADOPTION_INTERVAL = Duration.ofSeconds(5);

  /** Failed attempts to adopt slots are logged at most once per this interval. */
  private static final Duration ADOPTION_LOG_INTERVAL = Duration.ofMinutes(1);

  /**
   * The number of journals, of any directory, that this process has closed. The events that wait in
   * one are for another log of this process, if there is one: the process may go on for long.
   */
  private static final AtomicLong RELEASES = new AtomicLong();

  private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

  private final Slot slot;
  private final JournalSettings settings;
  private final RetainedSegments retained;
  final JournalWriter writer;
  private final JournalSyncer syncer;
  private final JournalReader own;

  /** The undrained slots of dead processes; used only by the drainer once it runs. */
  private final Deque<Adopted> adopted;

  private final LedgerComparison comparison;

  private final long recovered;

  private final Throttle failedAdoptions = Throttle.of(ADOPTION_LOG_INTERVAL);

  /** The time of the oldest event in the unsettled batch; the drainer writes, any thread reads. */
  private volatile Optional<Instant> oldest = Optional.empty();

  private volatile boolean closed;

  /**
   * True until the slots of dead processes are adopted. Written by the drainer, read by any thread.
   */
  private volatile boolean isPartial;

  /** The positions in the ledger with which slots that become free later are adopted. */
  private final Positions positions;

  /**
   * The value of {@link #RELEASES} when this journal last adopted slots. Used only by the drainer.
   */
  private long releasesSeen;

  /** The time of the next attempt to adopt slots; used only by the drainer. */
  private long nextAdoption = System.nanoTime() + ADOPTION_INTERVAL.toNanos();

  private Journal(Slot slot, JournalSettings settings, Found found, Later later) {
    this.slot = slot;
    this.settings = settings;
    this.retained = found.retained();
    this.own = found.own().reader();
    this.writer = new JournalWriter(slot, settings, found.own().last(), own.usedBytes(), retained);
    this.syncer = new JournalSyncer(settings, writer.current());
    this.adopted = found.dead().adopted();
    this.comparison = new LedgerComparison(slot, settings, own, retained, adopted);
    this.recovered = found.events();
    this.isPartial = later.isPartial();
    this.positions = later.positions();
    this.releasesSeen = later.releasesSeen();
  }

  /** The positions of journals in a ledger. */
  @FunctionalInterface
  public interface Positions {
    /**
     * Returns the position of the last mark of a journal that was committed; 0 if there is none.
     *
     * @throws JournalException if the ledger cannot be read
     */
    long settled(UUID journal) throws JournalException;

    /**
     * Returns true if the ledger contradicts its own position. The ledger must have an event before
     * the position, as a row or a dead letter, and must not have an event after it. By default
     * there is no contradiction.
     *
     * @param isBefore true if the event is before the position
     * @throws JournalException if the ledger cannot be read
     */
    default boolean contradicts(UUID event, boolean isBefore) throws JournalException {
      return false;
    }
  }

  /** Opens a journal of a ledger that no other one can replace while this process runs. */
  public static Journal open(
      Path directory, Optional<UUID> ledger, Positions positions, JournalSettings settings)
      throws JournalException {
    return open(directory, ledger, positions, settings, new Disk());
  }

  static Journal open(
      Path path, Optional<UUID> ledger, Positions positions, JournalSettings settings, Disk disk)
      throws JournalException {
    return open(path, ledger, positions, any -> positions, settings, disk);
  }

  /**
   * Takes a slot in a journal directory, creates the directory if it does not exist, and adopts the
   * slots of dead processes.
   *
   * @param directory the journals of one ledger
   * @param ledger the id of that ledger; if empty, the id that the journals name, or a new one
   * @param positions the positions that the ledger has committed, if there is one
   * @param later as for {@link #openApart}
   * @param settings the settings of this process's journal
   * @throws JournalException if the directory or a file in it cannot be trusted or used; then
   *     nothing in it is changed
   */
  public static Journal open(
      Path directory,
      Optional<UUID> ledger,
      Positions positions,
      Function<UUID, Positions> later,
      JournalSettings settings)
      throws JournalException {
    return open(directory, ledger, positions, later, settings, new Disk());
  }

  private static Journal open(
      Path path,
      Optional<UUID> ledger,
      Positions positions,
      Function<UUID, Positions> later,
      JournalSettings settings,
      Disk disk)
      throws JournalException {
    DiskSpace space = new DiskSpace(path, disk);
    space.requireToBegin();
    JournalDirectory directory = new JournalDirectory(path, disk);
    boolean existed = directory.exists();
    List<Slot> taken = new ArrayList<>();
    try {
      // Before the slots are taken, so that one that is released meanwhile is adopted later.
      long releases = RELEASES.get();
      directory.takeAll(ledger, taken);
      Found found = recover(taken, positions, settings, progress(path, settings));
      if (found.events() > 0) {
        LOG.info("{}: {} events were waiting from before", path, found.events());
      }
      directory.retire(found.dead().drained(), settings.retain());
      taken.removeAll(found.dead().drained());
      Slot own = taken.get(0);
      return start(own, settings, found, new Later(later.apply(own.ledger()), releases, false));
    } catch (IOException e) {
      JournalDirectory.release(taken);
      // The disk may have filled up since the first check. If a slot was created, the next start
      // uses it.
      space.requireFree();
      throw directory.unusable(e);
    } catch (JournalException | RuntimeException | Error e) {
      JournalDirectory.release(taken);
      if (!existed) {
        directory.removeIfEmpty();
      }
      throw e;
    }
  }

  /**
   * Takes a slot that no process had before, for a ledger that cannot be read now (D2). The
   * position of a new journal is 0 in every ledger, so the ledger need not be read, and no event is
   * appended twice or skipped. The drainer adopts the slots of dead processes once the ledger can
   * be read.
   *
   * @param path the directory of the journals of one ledger
   * @param positions creates the positions that the ledger with an id has committed; they throw if
   *     another ledger is in its place
   * @param settings the settings of this process's journal
   * @throws JournalException if no journal in the directory names the ledger, or the directory
   *     cannot be trusted or used
   */
  public static Journal openApart(
      Path path, Function<UUID, Positions> positions, JournalSettings settings)
      throws JournalException {
    JournalDirectory directory = new JournalDirectory(path, new Disk());
    UUID ledger =
        identify(path)
            .orElseThrow(() -> new JournalException(path + ": no journal here names its ledger"));
    DiskSpace space = new DiskSpace(path, directory.disk());
    space.requireToBegin();
    List<Slot> taken = new ArrayList<>();
    try {
      long releases = RELEASES.get();
      taken.add(directory.takeNew(ledger));
      RetainedSegments retained = new RetainedSegments(settings);
      CheckedSlot own = new CheckedSlot(taken.get(0), 0, List.of());
      Recovery empty = Recovery.ofOwn(own, any -> 0, retained, found -> {});
      Found none = new Found(empty, retained, DeadSlots.none());
      return start(
          taken.get(0), settings, none, new Later(positions.apply(ledger), releases, true));
    } catch (IOException e) {
      JournalDirectory.release(taken);
      space.requireFree();
      throw directory.unusable(e);
    } catch (JournalException | RuntimeException | Error e) {
      JournalDirectory.release(taken);
      throw e;
    }
  }

  /**
   * Creates the journal and starts its threads. If a thread cannot be started, ends the others and
   * throws.
   */
  private static Journal start(Slot slot, JournalSettings settings, Found found, Later later) {
    Segment.initialise();
    Journal journal = new Journal(slot, settings, found, later);
    boolean started = false;
    try {
      journal.writer.start();
      journal.syncer.start();
      started = true;
      return journal;
    } finally {
      if (!started) {
        journal.writer.close();
      }
    }
  }

  private static LongConsumer progress(Path path, JournalSettings settings) {
    LongConsumer receiver = settings.progress();
    if (receiver != null) {
      return receiver;
    }
    Throttle throttle = Throttle.afterOne(PROGRESS_LOG_INTERVAL, System::nanoTime);
    return events ->
        throttle.ifDue(() -> LOG.info("{}: {} waiting events found so far", path, events));
  }

  /**
   * Checks that there is disk space for a journal, before anything is created for it.
   *
   * @param directory the directory of the journal, present or not
   * @throws JournalException if there is no segment yet, and no disk space for the first
   */
  public static void requireSpace(Path directory) throws JournalException {
    new DiskSpace(directory, new Disk()).requireToBegin();
  }

  /**
   * Returns the ledger that the journals in a directory belong to. Changes nothing.
   *
   * @return empty if there are no journals
   * @throws JournalException if they belong to several ledgers, or cannot be read
   */
  public static Optional<UUID> identify(Path path) throws JournalException {
    JournalDirectory directory = new JournalDirectory(path, new Disk());
    try {
      return directory.exists() ? directory.ledger(Optional.empty()) : Optional.empty();
    } catch (IOException e) {
      throw directory.unusable(e);
    }
  }

  /**
   * Returns the extents of the journals in a directory that have segments. Changes nothing.
   *
   * @throws JournalException if one of them cannot be read
   */
  public static Map<UUID, Extent> extents(Path path) throws JournalException {
    JournalDirectory directory = new JournalDirectory(path, new Disk());
    try {
      return directory.exists() ? directory.extents() : Map.of();
    } catch (IOException e) {
      throw directory.unusable(e);
    }
  }

  /**
   * Checks all slots before the first change to any of them, and reads the waiting events.
   *
   * @param slots this process's own, then those of dead processes
   */
  private static Found recover(
      List<Slot> slots, Positions positions, JournalSettings settings, LongConsumer progress)
      throws IOException, JournalException {
    CheckedSlot own = CheckedSlot.ofOwn(slots.get(0), positions);
    List<CheckedSlot> others = new ArrayList<>();
    for (Slot slot : slots.subList(1, slots.size())) {
      others.add(CheckedSlot.ofDead(slot, positions));
    }
    RetainedSegments retained = new RetainedSegments(settings);
    Recovery mine = Recovery.ofOwn(own, positions, retained, progress);
    DeadSlots dead =
        DeadSlots.read(
            others, positions, settings, found -> progress.accept(mine.events() + found));
    return new Found(mine, retained, dead);
  }

  /**
   * The result of a recovery.
   *
   * @param own the events that wait in this process's slot
   * @param retained the settled segments in this process's slot
   * @param dead the slots of dead processes
   */
  private record Found(Recovery own, RetainedSegments retained, DeadSlots dead) {
    /** Returns the total number of waiting events. */
    long events() {
      return own.events() + dead.events();
    }
  }

  /**
   * The slots that a journal adopts after it was opened.
   *
   * @param positions the positions that the ledger has committed
   * @param releasesSeen the value of {@link #RELEASES} before the slots were taken
   * @param isPartial true if the slots of dead processes are not adopted yet
   */
  private record Later(Positions positions, long releasesSeen, boolean isPartial) {}

  /** Returns the ledger that this journal belongs to. */
  public UUID ledger() {
    return slot.ledger();
  }

  @Override
  public boolean offer(AuditEvent event) {
    // All memory is allocated before the append, so that the append cannot run out of memory after
    // it claimed a range.
    ByteBuffer frame = Frame.encode(event);
    boolean accepted = frame.limit() <= Frame.MAX_BYTES && !closed && writer.append(frame);
    try {
      syncer.wake();
    } catch (StackOverflowError e) {
      // The result for the event does not change. An idle syncer also wakes up by itself.
    }
    return accepted;
  }

  /**
   * Adopts the slots of dead processes, for a journal that was opened apart, and slots that another
   * log of this process has released since. Not while a batch of this process is retried, because
   * the ledger may have it. If the ledger cannot be read, tries again later.
   */
  @Override
  public void adopt(LongConsumer found) {
    // Read first: a slot that is released after this line is adopted by a later call.
    long releases = RELEASES.get();
    boolean isDue =
        (isPartial || releases != releasesSeen) && System.nanoTime() - nextAdoption >= 0;
    if (!isDue || own.isUnsettled()) {
      return;
    }
    nextAdoption = System.nanoTime() + ADOPTION_INTERVAL.toNanos();
    JournalDirectory directory = JournalDirectory.of(slot);
    List<Slot> taken = new ArrayList<>();
    boolean isAdopted = false;
    try {
      // Reads the ledger first, so that nothing is locked while it does not answer.
      positions.settled(slot.journal());
      if (!directory.takeDead(slot.ledger(), taken)) {
        return;
      }
      // A crash in here loses nothing: only settled segments are removed.
      DeadSlots dead = DeadSlots.recover(taken, positions, settings);
      if (dead.events() > 0) {
        LOG.info("{}: {} events were waiting from before", directory.path(), dead.events());
      }
      found.accept(dead.events());
      dead.adopted().forEach(comparison::begin);
      adopted.addAll(dead.adopted());
      isAdopted = true;
      isPartial = false;
      releasesSeen = releases;
      directory.retire(dead.drained(), settings.retain());
    } catch (IOException | JournalException e) {
      failedAdoptions.ifDue(
          () ->
              LOG.warn(
                  "{}: the events of earlier runs wait; tried again: {}",
                  directory.path(),
                  e.toString()));
    } finally {
      if (!isAdopted) {
        JournalDirectory.release(taken);
      }
    }
  }

  @Override
  public boolean isPartial() {
    return isPartial;
  }

  @Override
  public EventBatch peek(int max) {
    EventBatch batch = EventBatch.EMPTY;
    while (batch.mark().isEmpty() && !adopted.isEmpty()) {
      batch = adopted.element().reader().peek(max);
      if (batch.mark().isEmpty()) {
        retire(adopted.remove());
      }
    }
    if (batch.mark().isEmpty()) {
      batch = own.peek(max);
      writer.drained(0, own.drainedTo());
    }
    oldest = batch.events().stream().findFirst().map(AuditEvent::timestamp);
    return batch;
  }

  private void retire(Adopted drained) {
    drained.reader().finish();
    JournalDirectory.of(slot).retire(List.of(drained.slot()), settings.retain());
  }

  @Override
  public Set<UUID> toCompare(boolean isRefused) {
    return comparison.toCompare(isRefused);
  }

  @Override
  public Redelivery goBack(Map<UUID, Long> positions, LedgerView ledger) {
    Redelivery found = comparison.goBack(positions, ledger);
    writer.drained(-own.takenBack(), own.drainedTo());
    return found;
  }

  @Override
  public void settle(int count) {
    if (adopted.isEmpty()) {
      long freed = own.settle(count);
      writer.drained(freed, own.drainedTo());
      // The ledger answers now.
      nextAdoption = System.nanoTime();
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
    return writer.trouble().or(syncer::trouble);
  }

  @Override
  public OptionalLong diskBytes() {
    return closed ? OptionalLong.empty() : OptionalLong.of(bytes());
  }

  @Override
  public Optional<Duration> syncAge() {
    return closed ? Optional.empty() : Optional.of(sinceSync());
  }

  /** Returns the bytes of this process's segments on disk, without settled ones. */
  public long bytes() {
    return writer.bytes();
  }

  /**
   * Returns the greatest age of an accepted event that is not on disk: a power cut now would lose
   * the events accepted in that time. Zero with {@link Durability#POWER}, and while everything is
   * on disk.
   */
  public Duration sinceSync() {
    return syncer.sinceSync();
  }

  /** Syncs once, outside the syncer's schedule. */
  void sync() {
    syncer.sync();
  }

  /**
   * Syncs, and releases the slot. The next process that starts adopts the events that are still
   * waiting. If a producer is still appending, the slot is released only when this process ends.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    boolean quiet = false;
    boolean drained = false;
    try {
      int claimed = writer.close();
      syncer.close();
      Segment last = writer.current();
      quiet = awaitQuiet(last, claimed);
      boolean isDone = own.isDone(last, claimed);
      if (isDone && !retained.isOn() && isWorthRemoving(last, claimed)) {
        own.finish();
        drained = !slot.hasSegments();
      } else {
        syncer.sync();
      }
      if (isDone && retained.isOn()) {
        own.finish();
        drained = true;
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("{}: closing the journal failed: {}", slot.directory(), e.toString());
    }
    if (quiet && drained && !JournalDirectory.isFirst(slot)) {
      // The ledger may have gone back since the last comparison, so no retained segment is removed.
      JournalDirectory.of(slot)
          .retire(List.of(slot), retained.isOn() ? JournalDirectory.FOREVER : Duration.ZERO);
    } else if (quiet) {
      JournalDirectory.release(List.of(slot));
    }
    adopted.forEach(left -> JournalDirectory.release(List.of(left.slot())));
    comparison.close();
    RELEASES.incrementAndGet();
  }

  /**
   * Waits briefly for producers that claimed ranges before the close and have not published them.
   */
  private boolean awaitQuiet(Segment last, int claimed) {
    long deadline = System.nanoTime() + CLOSING_PATIENCE.toNanos();
    boolean quiet = own.padUntilQuiet(last, claimed);
    while (!quiet && System.nanoTime() - deadline < 0) {
      Thread.onSpinWait();
      quiet = own.padUntilQuiet(last, claimed);
    }
    return quiet;
  }

  /**
   * Returns false for a small segment with free bytes in the first slot, which the next run uses.
   */
  private boolean isWorthRemoving(Segment last, int claimed) {
    return !JournalDirectory.isFirst(slot)
        || last.size() > JournalWriter.FIRST_SEGMENT_BYTES
        || claimed > last.size() / 4;
  }
}
