// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowFault;
import dev.indelible.ledger.StoredRow;
import java.util.List;

/**
 * A row as the checks are shown it, with all that can be told of it by itself, and so was, on all
 * cores.
 *
 * @param stored the row as it was read
 * @param head its sequence and its record hash
 * @param faults what is wrong between the row and its payload, and with its signature
 * @param idKey a key of its event id, see {@link StoredRow#idKey}
 */
record CheckedRow(StoredRow stored, Head head, List<RowFault> faults, long idKey) {
  static CheckedRow of(StoredRow row, RowCheck check) {
    return new CheckedRow(row, row.head(), check.content(row), row.idKey());
  }

  /** Whether it is what its signer wrote: its payload is there and unchanged, and it is signed. */
  boolean isSound() {
    return faults.isEmpty();
  }

  /**
   * Whether an accepted key signed it in its place, so that it says what that key's holder wrote.
   * Of any other row nothing is known but that it stands there.
   */
  boolean isSigned() {
    for (RowFault fault : faults) {
      if (!fault.check().equals(RowCheck.PAYLOAD)) {
        return false;
      }
    }
    return true;
  }

  boolean is(String eventType) {
    return stored.is(eventType);
  }

  long sequence() {
    return head.sequence();
  }

  /**
   * Its columns. They are decoded for it: not for every row of a long chain, if it can be helped.
   */
  ChainRow row() {
    return stored.decoded();
  }
}
