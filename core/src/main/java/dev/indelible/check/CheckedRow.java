// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.StoredRow;
import dev.indelible.note.RowCheck;
import dev.indelible.note.RowFault;
import java.util.List;
import java.util.Optional;

/**
 * Row with the results of the checks that need no other row. These checks run on all cores.
 *
 * @param stored the row as it was read
 * @param head its sequence and its record hash
 * @param faults the faults of its payload and of its signature
 * @param idKey a key of its event id, see {@link StoredRow#idKey}
 * @param policy the digest of the policy that decided, see {@link StoredRow#policy}
 */
record CheckedRow(
    StoredRow stored, Head head, List<RowFault> faults, long idKey, Optional<String> policy) {
  static CheckedRow of(StoredRow row, RowCheck check) {
    return new CheckedRow(row, row.head(), check.content(row), row.idKey(), row.policy());
  }

  /** Returns true if an accepted key signed the row, and its payload is present and unchanged. */
  boolean isSound() {
    return faults.isEmpty();
  }

  /**
   * Returns true if an accepted key signed this row with this sequence. Any other row proves only
   * that it exists.
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
   * Returns the number of rows up to this one. A planted row can have any sequence; an unsigned row
   * counts as at most one row.
   *
   * @param before the number of rows up to the one before
   */
  long count(long before) {
    return isSigned() ? sequence() : Math.min(sequence(), before + 1);
  }

  /**
   * Returns the decoded row. Decodes on each call, which is too slow for every row of a long chain.
   */
  ChainRow row() {
    return stored.decoded();
  }
}
