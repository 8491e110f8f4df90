// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.journal.Journal.Positions;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A ledger's position in a journal, compared with the ledger's events around it. The ledger commits
 * events in journal order, so the events that it has precede the events that it lacks.
 *
 * @param start the position of the first event that the ledger does not have
 * @param changed the change of the position; null if the ledger's events agree with it
 * @param isFinal true if no later segment has to be compared
 */
record SettledPosition(long start, @Nullable ChangedPosition changed, boolean isFinal) {
  /**
   * Returns true if a segment has an event before a position, and the ledger has it. The ledger
   * then has all events of earlier segments, too.
   *
   * @throws JournalException if the ledger cannot be read
   */
  static boolean follows(Segment segment, long position, Positions positions)
      throws JournalException {
    Optional<UUID> before =
        segment.base() < position ? lastBefore(segment, position) : Optional.empty();
    return before.isPresent() && !positions.contradicts(before.get(), true);
  }

  /** Returns the last event before a position in a segment; empty if there is none. */
  private static Optional<UUID> lastBefore(Segment segment, long position) {
    Optional<UUID> last = Optional.empty();
    Cursor cursor = new Cursor(segment, segment.base(), Long.MAX_VALUE);
    Cursor.@Nullable Item item = cursor.next();
    while (item != null && cursor.segment() == segment && cursor.position() <= position) {
      if (item instanceof Cursor.Event found) {
        last = Optional.of(found.event().id());
      }
      item = cursor.next();
    }
    return last;
  }

  /**
   * Compares a position with the last event before it in a segment and with the first event after
   * it. Only if one of the two contradicts the position, searches for the true position event by
   * event.
   *
   * @throws JournalException if the ledger cannot be read
   */
  static SettledPosition in(Segment segment, UUID journal, long settled, Positions positions)
      throws JournalException {
    UUID before = null;
    UUID after = null;
    boolean skips =
        segment.base() < settled
            && settled < segment.end()
            && (settled - segment.base()) % Frame.UNIT != 0;
    Cursor cursor = new Cursor(segment, segment.base(), Long.MAX_VALUE);
    for (Cursor.Item item = cursor.next(); ; item = cursor.next()) {
      if (item == null || cursor.segment() != segment) {
        break;
      }
      if (!(item instanceof Cursor.Event found)) {
        continue;
      }
      if (cursor.position() > settled) {
        after = found.event().id();
        skips |= segment.base() + found.offset() < settled;
        break;
      }
      before = found.event().id();
    }
    skips = skips || before != null && positions.contradicts(before, true);
    if (!skips && (after == null || !positions.contradicts(after, false))) {
      return new SettledPosition(settled, null, after != null);
    }
    ChangedPosition changed = new ChangedPosition(journal, settled, skips);
    Cursor recorded = new Cursor(segment, segment.base(), Long.MAX_VALUE);
    long start = Math.max(segment.base(), skips ? 0 : settled);
    for (Cursor.Item item = recorded.next(); ; item = recorded.next()) {
      if (item == null || recorded.segment() != segment) {
        return new SettledPosition(start, changed, skips);
      }
      if (item instanceof Cursor.Event found) {
        if (recorded.position() > start && positions.contradicts(found.event().id(), true)) {
          return new SettledPosition(start, changed, true);
        }
        start = Math.max(start, recorded.position());
      }
    }
  }
}
