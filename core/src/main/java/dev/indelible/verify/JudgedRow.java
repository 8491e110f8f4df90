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
 */
record JudgedRow(StoredRow stored, Head head, List<RowFault> faults) {
  static JudgedRow of(StoredRow row, RowCheck check) {
    return new JudgedRow(row, row.head(), check.content(row));
  }

  /** Whether it is what its signer wrote: its payload is there and unchanged, and it is signed. */
  boolean isSound() {
    return faults.isEmpty();
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
