// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

/** The most severe failure that an accepted event survives before it is in the ledger (D5). */
public enum Durability {
  /** None: the event waits in the heap, and is lost with the process. */
  MEMORY,
  /**
   * The death of the process. A power cut or a system crash can lose the events accepted within the
   * last sync interval.
   */
  PROCESS,
  /** A power cut: the event is on disk before {@code submit} returns. */
  POWER
}
