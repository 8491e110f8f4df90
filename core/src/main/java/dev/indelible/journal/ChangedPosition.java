// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.util.UUID;

/**
 * A journal position in a ledger that contradicts the ledger's own events. The ledger commits a
 * position together with the events before it, so a contradiction means that other software changed
 * the position or the events.
 *
 * @param journal the journal
 * @param position the position in the ledger
 * @param skips true if the position is too high: the ledger lacks an event before it, or it is not
 *     on a frame boundary; false if it is too low: the ledger has an event after it
 */
public record ChangedPosition(UUID journal, long position, boolean skips) {
  /** Describes the contradiction, without naming the journal. */
  public String describe() {
    return skips
        ? "stands at %s in journal %s, inside an event, or after events that the ledger does not have; the position was moved forward, or the rows of those events were removed"
            .formatted(position, journal)
        : "stands at %s in journal %s, before events that the ledger has; the position was moved back"
            .formatted(position, journal);
  }
}
