// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import java.util.Optional;

/** A ledger that can be verified: several threads can read it, and its tables can be compared. */
public interface VerifiableLedger extends LedgerReader {
  /**
   * Returns a snapshot of the rows that several threads can read.
   *
   * @param readers the maximum number of threads
   * @return empty if this ledger can only be read sequentially
   */
  default Optional<RowRanges> ranges(int readers) throws LedgerException {
    return Optional.empty();
  }

  /**
   * Compares the ledger's tables with those that its writers create: their structure, the type of
   * every value, and the entries of each index. Returns empty if the ledger has no tables.
   *
   * @param everyRow true to compare every row of the chain; false to compare only the other tables
   *     and the structures, in a time that does not grow with the chain
   */
  default Optional<StorageState> storage(boolean everyRow) throws LedgerException {
    return Optional.empty();
  }
}
