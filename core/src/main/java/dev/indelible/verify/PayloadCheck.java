// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ErasureNote;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowFault;
import dev.indelible.ledger.RowQuery;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether each payload has the hash that its row says, or was erased, as a sound event behind its
 * row says. Keeps the erasures in memory, and nothing of a payload that is missing without one.
 */
final class PayloadCheck implements Check {
  private final Findings findings;
  private final LedgerReader ledger;
  private final RowCheck content;
  private long present;
  private long erased;

  /** The sound erasures, by the row they are of; not read until a payload is missing. */
  private @Nullable Map<Long, Erasure> erasures;

  /**
   * A check of the rows of a ledger.
   *
   * @param content tells whether an erasure is sound
   */
  PayloadCheck(Findings findings, LedgerReader ledger, RowCheck content) {
    this.findings = findings;
    this.ledger = ledger;
    this.content = content;
  }

  @Override
  public void row(CheckedRow row) throws LedgerException {
    if (!row.stored().hasPayload() && isErased(row.row())) {
      erased++;
      return;
    }
    present++;
    for (RowFault fault : row.faults()) {
      if (fault.check().equals(RowCheck.PAYLOAD)) {
        findings.fault(row.sequence(), fault);
      }
    }
  }

  @Override
  public void end() {
    findings.holds(
        RowCheck.PAYLOAD,
        "holds for " + present + " rows" + (erased > 0 ? ", " + erased + " erased" : ""));
  }

  /** An erasure is said behind the row: one before it cannot have known its payload. */
  private boolean isErased(ChainRow row) throws LedgerException {
    if (!ErasureNote.isErasable(row.eventType())) {
      return false;
    }
    Map<Long, Erasure> known = erasures;
    if (known == null) {
      known = readErasures();
      erasures = known;
    }
    Erasure erasure = known.get(row.sequence());
    return erasure != null && erasure.at() > row.sequence() && erasure.note().isAbout(row);
  }

  private Map<Long, Erasure> readErasures() throws LedgerException {
    Map<Long, Erasure> sound = new HashMap<>();
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.PAYLOAD_ERASED),
        row -> {
          if (content.content(row).isEmpty()) {
            ErasureNote.read(row)
                .ifPresent(
                    note ->
                        sound.put(
                            note.sequence(), new Erasure(row.sequence(), note.withoutWords())));
          }
          return true;
        });
    return sound;
  }

  /**
   * A sound erasure, and not its words: there may be many.
   *
   * @param at the row that says so
   * @param note what it is about
   */
  private record Erasure(long at, ErasureNote note) {}
}
