// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

/** The failure that an accepted event survives until it is in the ledger (D5). */
public enum Durability {
  /** None: the event waits in the heap, and is lost with the process. */
  MEMORY,
  /**
   * The death of the process. A power cut, or the death of the machine, can cost the events that
   * were accepted within the last sync interval.
   */
  PROCESS,
  /** A power cut: the event is on disk before {@code submit} returns. */
  POWER
}
