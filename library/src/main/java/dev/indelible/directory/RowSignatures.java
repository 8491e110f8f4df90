// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.crypto.KeyRing;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.RowCheck;
import dev.indelible.note.RowFault;
import dev.indelible.note.RowSignatureNote;
import java.util.List;
import java.util.Locale;

/** State of row signatures at the end of a chain, as signed rows of the chain record it. */
public enum RowSignatures {
  /** Every row is signed. */
  ON,
  /** The last valid note states that new rows are unsigned. */
  OFF,
  /** The notes cannot be read, or the key that signed the last one is unknown. */
  UNKNOWN;

  /** Reads the notes of a ledger. A note that is proven to be forged is ignored. */
  static RowSignatures read(LedgerReader ledger, KeyRing keys) throws LedgerException {
    RowCheck check = new RowCheck(keys);
    RowSignatures[] last = {ON};
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.ROW_SIGNATURES),
        row -> {
          last[0] = after(row, check.content(row), last[0]);
          return true;
        });
    return last[0];
  }

  private static RowSignatures after(ChainRow row, List<RowFault> faults, RowSignatures before) {
    if (faults.stream().anyMatch(RowFault::proven)) {
      return before;
    }
    return !faults.isEmpty()
        ? UNKNOWN
        : RowSignatureNote.read(row).map(note -> note.everyRow() ? ON : OFF).orElse(before);
  }

  /** Returns the name in JSON. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
