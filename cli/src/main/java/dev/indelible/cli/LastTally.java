// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.crypto.KeyRing;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.Tally;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The last tally that an accepted key signed.
 *
 * @param sequence its row; 0 if there is none
 * @param tally what it says
 */
record LastTally(long sequence, Optional<Tally> tally) {
  /** Tallies that are read from the end before the last valid one counts as unknown. */
  private static final int LOOKED_AT = 16;

  /** Reads the last valid tally; empty if none of the last ones is valid, so that it is unknown. */
  static Optional<LastTally> read(LedgerReader ledger, KeyRing keys) throws LedgerException {
    RowCheck check = new RowCheck(keys);
    Deque<ChainRow> last = new ArrayDeque<>();
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.TALLY),
        row -> {
          last.addFirst(row);
          if (last.size() > LOOKED_AT) {
            last.removeLast();
          }
          return true;
        });
    if (last.isEmpty()) {
      return Optional.of(new LastTally(0, Optional.empty()));
    }
    return last.stream()
        .filter(row -> check.content(row).isEmpty())
        .map(row -> new LastTally(row.sequence(), Tally.read(row)))
        .filter(found -> found.tally().isPresent())
        .findFirst();
  }

  String describe() {
    return tally
        .map(
            said ->
                "row %d: %,d attempts of run %s, %,d pending%s"
                    .formatted(
                        sequence,
                        said.attempts().total(),
                        said.run(),
                        said.pending(),
                        said.closed() ? ", its last" : ""))
        .orElse("(none)");
  }

  void write(CanonicalWriter out) {
    out.beginObject();
    tally.ifPresent(said -> out.member("attempts", said.attempts().total()));
    tally.ifPresent(said -> out.member("closed", said.closed()));
    tally.ifPresent(said -> out.member("pending", said.pending()).member("run", said.run()));
    out.member("sequence", sequence).endObject();
  }
}
