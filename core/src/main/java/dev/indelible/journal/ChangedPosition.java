// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.util.UUID;

/**
 * A position in a ledger that the ledger's own events contradict. The ledger commits a position
 * with the events before it, so something else changed one of them.
 *
 * @param journal the journal
 * @param position the position in the ledger
 * @param skips whether an event before the position is not in the ledger, or the position is no
 *     boundary between frames; if not, an event after it is in the ledger
 */
public record ChangedPosition(UUID journal, long position, boolean skips) {
  /** Returns a sentence that states what was found. */
  public String describe() {
    return skips
        ? "stands at %s in journal %s, inside an event or behind events that the ledger does not have; the position was moved forward, or their rows were removed"
            .formatted(position, journal)
        : "stands at %s in journal %s, before events that the ledger has; the position was moved back"
            .formatted(position, journal);
  }
}
