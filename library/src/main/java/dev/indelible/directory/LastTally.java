// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.crypto.KeyRing;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.RowCheck;
import dev.indelible.note.Tally;
import dev.indelible.storage.StoredLedger;
import java.util.List;
import java.util.Optional;

/**
 * The last tally that an accepted key signed.
 *
 * @param sequence its row; 0 if there is none
 * @param tally its content; empty if there is none
 */
public record LastTally(long sequence, Optional<Tally> tally) {
  /** Number of tallies at the end of the chain that are checked, the last one first. */
  private static final int CHECKED = 16;

  /**
   * Reads the last valid tally. Empty if it is unknown, because none of the last {@value #CHECKED}
   * tallies is valid.
   */
  static Optional<LastTally> read(StoredLedger ledger, KeyRing keys) throws LedgerException {
    RowCheck check = new RowCheck(keys);
    List<ChainRow> last = ledger.lastRows(SystemEvent.TALLY, CHECKED);
    if (last.isEmpty()) {
      return Optional.of(new LastTally(0, Optional.empty()));
    }
    return last.stream()
        .filter(row -> check.content(row).isEmpty())
        .map(row -> new LastTally(row.sequence(), Tally.read(row)))
        .filter(valid -> valid.tally().isPresent())
        .findFirst();
  }

  /** Writes the members of the tally. */
  void write(CanonicalWriter out) {
    tally.ifPresent(
        found ->
            out.member("attempts", found.attempts().total())
                .member("closed", found.closed())
                .member("pending", found.pending())
                .member("run", found.run()));
    out.member("sequence", sequence);
  }
}
