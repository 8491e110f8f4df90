// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.journal.Journal.Positions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A slot whose segments were checked, before the first change to any slot.
 *
 * @param settled the position that the ledger has committed
 * @param segments the segments of the slot
 */
record CheckedSlot(Slot slot, long settled, List<Path> segments) {
  /** Checks the slot of this process. */
  static CheckedSlot ofOwn(Slot slot, Positions positions) throws IOException, JournalException {
    return of(slot, positions.settled(slot.journal()));
  }

  /** Checks the slot of a dead process. Does not read the position of an empty slot. */
  static CheckedSlot ofDead(Slot slot, Positions positions) throws IOException, JournalException {
    return of(slot, slot.hasSegments() ? positions.settled(slot.journal()) : 0);
  }

  private static CheckedSlot of(Slot slot, long settled) throws IOException, JournalException {
    return new CheckedSlot(slot, settled, slot.checkSegments(settled));
  }
}
