// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.Throttle;
import dev.indelible.journal.DeadSlots.Adopted;
import dev.indelible.pending.LedgerView;
import dev.indelible.pending.Redelivery;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares the ledger's positions with the settled events of a journal, of the slots that it
 * adopted, and of retired slots. If the ledger went back to an earlier position, because an older
 * copy of it took its place, the events after that position wait again. So they are recorded
 * although the ledger lost them; an event that it has is recognised by its id. Events whose
 * segments were removed are recorded as missing (D7).
 *
 * <p>Used only by the drainer, except {@link #close}.
 */
final class LedgerComparison {
  /** Interval between two comparisons, which are not requested by a refused mark. */
  private static final Duration INTERVAL = Duration.ofSeconds(5);

  /** Unreadable retired slots are logged at most once per this interval. */
  private static final Duration FAILURE_LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(LedgerComparison.class);

  private final Slot slot;
  private final JournalDirectory directory;
  private final JournalSettings settings;
  private final RetainedSegments retained;
  private final JournalReader own;
  private final Deque<Adopted> adopted;

  private final Throttle failuresLog = Throttle.of(FAILURE_LOG_INTERVAL);

  /** The time of the next comparison. */
  private long next = System.nanoTime() + INTERVAL.toNanos();

  /** True if the ledger was never compared. */
  private boolean isFirst = true;

  /** The positions up to which events of a journal were settled before this process read any. */
  private final Map<UUID, Long> starts = new HashMap<>();

  /** The retired slots that were taken and could not be adopted. */
  private final List<Slot> notAdopted = new ArrayList<>();

  /** The retired slots in which no event waits, by journal. */
  private final Map<UUID, Settled> settledSlots = new HashMap<>();

  /**
   * A retired slot in which no event waits.
   *
   * @param position the position in the ledger
   * @param lastWritten the time of its last segment, which another process may have reused since
   */
  private record Settled(long position, Instant lastWritten) {}

  /**
   * Creates a comparison.
   *
   * @param slot this process's slot
   * @param own reads this process's events
   * @param retained the settled segments in this process's slot
   * @param adopted the slots of dead processes; retired slots in which events wait again are added
   */
  LedgerComparison(
      Slot slot,
      JournalSettings settings,
      JournalReader own,
      RetainedSegments retained,
      Deque<Adopted> adopted) {
    this.slot = slot;
    this.directory = JournalDirectory.of(slot);
    this.settings = settings;
    this.own = own;
    this.retained = retained;
    this.adopted = adopted;
    starts.put(own.journal(), own.start());
    adopted.forEach(this::begin);
  }

  /** Records where a slot begins that was adopted just now, unless it was adopted before. */
  void begin(Adopted left) {
    starts.putIfAbsent(left.reader().journal(), left.reader().start());
  }

  /**
   * Returns the journals that this process delivers, and the retired ones with segments. A
   * comparison is due every {@link #INTERVAL}, and before the first event is delivered.
   *
   * @param isRefused true if the ledger refused the mark of the last batch, so that it is due now
   * @return empty if no comparison is due
   */
  Set<UUID> toCompare(boolean isRefused) {
    if (!retained.isOn() || !isRefused && !isDue()) {
      return Set.of();
    }
    next = System.nanoTime() + INTERVAL.toNanos();
    isFirst = false;
    putBack();
    Set<UUID> journals = new HashSet<>();
    retiredSlots().forEach(left -> journals.add(journalOf(left)));
    adopted.forEach(left -> journals.add(left.reader().journal()));
    if (!journals.isEmpty() || own.committed() > 0) {
      journals.add(own.journal());
    }
    return journals;
  }

  private boolean isDue() {
    return !own.isUnsettled() && (System.nanoTime() - next >= 0 || isFirst && own.hasNext());
  }

  /**
   * Makes the settled events wait again that are after the ledger's positions.
   *
   * @param positions the ledger's positions of the journals {@link #toCompare}
   */
  Redelivery goBack(Map<UUID, Long> positions, LedgerView ledger) {
    Redelivery found = goBack(own, positions, ledger);
    for (Adopted left : adopted) {
      found = found.plus(goBack(left.reader(), positions, ledger));
    }
    found = found.plus(goBackToRetired(positions));
    if (found.events() > 0) {
      LOG.warn(
          "{}: the ledger has gone back to an earlier position; {} events that it may have lost are delivered again",
          directory.path(),
          found.events());
    }
    // Not before the comparison: while the ledger cannot be read, it may go back.
    retained.removeExpired();
    return found;
  }

  private List<Path> retiredSlots() {
    try {
      return JournalDirectory.retiredWithSegments(directory.path());
    } catch (IOException e) {
      LOG.warn("{}: retired slots cannot be read: {}", directory.path(), e.toString());
      return List.of();
    }
  }

  private static UUID journalOf(Path retiredSlot) {
    return UUID.fromString(Objects.requireNonNull(retiredSlot.getFileName()).toString());
  }

  private Redelivery goBack(JournalReader reader, Map<UUID, Long> positions, LedgerView ledger) {
    UUID journal = reader.journal();
    long position = positions.getOrDefault(journal, Long.MAX_VALUE);
    if (position >= reader.committed()) {
      return Redelivery.NONE;
    }
    if (reader.lastSettled().flatMap(ledger::has).orElse(false)) {
      LOG.warn(
          "{}: the ledger has the events of journal {}, but its position went back from {} to {}; another process may use a copy of this directory",
          directory.path(),
          journal,
          reader.committed(),
          position);
      reader.goOn(position);
      return new Redelivery(0, 0, true);
    }
    long start = Objects.requireNonNull(starts.get(journal));
    starts.put(journal, Math.min(start, position));
    return reader.goBack(position, start);
  }

  /**
   * Adopts the retired slots in which events wait again, and removes segments of the others whose
   * time has passed. A damaged slot does not affect the others.
   */
  private Redelivery goBackToRetired(Map<UUID, Long> positions) {
    Redelivery found = Redelivery.NONE;
    List<Path> settled = new ArrayList<>();
    for (Path left : retiredSlots()) {
      UUID journal = journalOf(left);
      Long position = positions.get(journal);
      try {
        if (position != null && isWaiting(left, journal, position)) {
          found = found.plus(adoptRetired(left, position));
        } else if (position != null) {
          settled.add(left);
        }
      } catch (IOException | JournalException e) {
        failuresLog.ifDue(
            () ->
                LOG.warn(
                    "{}: the events of this retired slot cannot be read; tried again: {}",
                    left,
                    e.toString()));
      }
    }
    try {
      directory.removeExpired(settled, settings.retain());
    } catch (IOException e) {
      LOG.warn("{}: settled segments are not removed: {}", directory.path(), e.toString());
    }
    return found;
  }

  /** Returns true if a retired slot has events after a position. */
  private boolean isWaiting(Path retiredSlot, UUID journal, long position)
      throws IOException, JournalException {
    Settled found = new Settled(position, Slot.lastWritten(retiredSlot));
    if (found.equals(settledSlots.get(journal))) {
      return false;
    }
    if (WaitingEvents.isAnyIn(retiredSlot, journal, position)) {
      return true;
    }
    settledSlots.put(journal, found);
    return false;
  }

  /** Moves slots that could not be adopted back; tries again at the next comparison. */
  private void putBack() {
    if (directory.tryRetire(notAdopted, JournalDirectory.FOREVER)) {
      notAdopted.clear();
    }
  }

  private Redelivery adoptRetired(Path retiredSlot, long position)
      throws IOException, JournalException {
    List<Slot> taken = new ArrayList<>();
    boolean isAdopted = false;
    try {
      directory.takeRetired(retiredSlot, slot.ledger()).ifPresent(taken::add);
      DeadSlots dead = DeadSlots.recover(taken, any -> position, settings);
      adopted.addAll(dead.adopted());
      isAdopted = true;
      Redelivery found = Redelivery.NONE;
      for (Adopted left : dead.adopted()) {
        UUID journal = left.reader().journal();
        long start = starts.getOrDefault(journal, Long.MAX_VALUE);
        starts.put(journal, Math.min(start, position));
        // Without a start here, other processes had delivered all of these events.
        long earlier = start == Long.MAX_VALUE ? dead.events() : left.reader().waitingUpTo(start);
        found = found.plus(new Redelivery(dead.events(), earlier, true));
      }
      directory.retire(dead.drained(), settings.retain());
      return found;
    } finally {
      if (!isAdopted) {
        // Back to the retired slots, which this process compares again; no segment is removed.
        notAdopted.addAll(taken);
        putBack();
      }
    }
  }

  /** Moves slots that could not be adopted back, or leaves that to the next start. */
  void close() {
    directory.retire(notAdopted, JournalDirectory.FOREVER);
  }
}
