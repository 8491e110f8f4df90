// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.journal.Journal.Positions;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * The recovered slots of dead processes.
 *
 * @param adopted the slots in which events wait
 * @param drained the slots in which no event waits
 * @param events the number of waiting events
 */
record DeadSlots(Deque<Adopted> adopted, List<Slot> drained, long events) {
  /**
   * A slot of a dead process.
   *
   * @param slot the slot, held until it is drained
   * @param reader reads its events
   */
  record Adopted(Slot slot, JournalReader reader) {}

  /** Returns no slots. */
  static DeadSlots none() {
    return new DeadSlots(new ArrayDeque<>(), List.of(), 0);
  }

  /** Checks all slots before the first change to any of them, and reads the waiting events. */
  static DeadSlots recover(List<Slot> slots, Positions positions, JournalSettings settings)
      throws IOException, JournalException {
    List<CheckedSlot> checked = new ArrayList<>();
    for (Slot slot : slots) {
      checked.add(CheckedSlot.ofDead(slot, positions));
    }
    return read(checked, positions, settings, found -> {});
  }

  /**
   * Reads the waiting events.
   *
   * @param progress receives the number of events counted so far, from time to time
   */
  static DeadSlots read(
      List<CheckedSlot> slots, Positions positions, JournalSettings settings, LongConsumer progress)
      throws IOException, JournalException {
    Deque<Adopted> adopted = new ArrayDeque<>();
    List<Slot> drained = new ArrayList<>();
    long events = 0;
    for (CheckedSlot checked : slots) {
      long before = events;
      Optional<Recovery> left =
          Recovery.ofDead(
              checked,
              positions,
              new RetainedSegments(settings),
              found -> progress.accept(before + found));
      if (left.isPresent()) {
        adopted.add(new Adopted(checked.slot(), left.get().reader()));
        events += left.get().events();
      } else {
        drained.add(checked.slot());
      }
    }
    return new DeadSlots(adopted, drained, events);
  }
}
