// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader.Visitor;
import dev.indelible.ledger.StoredRow;
import java.util.OptionalLong;

/**
 * A snapshot of the rows, which several threads read in parts. Rows appended later are not in it.
 */
public interface RowRanges extends AutoCloseable {
  /** Returns the number of threads that can read at once; a further thread waits. */
  int readers();

  /** Returns the first sequence, from the given one on, that has a row; empty if there is none. */
  OptionalLong next(long from) throws LedgerException;

  /**
   * Passes the rows of a range to a visitor, in the order of their sequence.
   *
   * @param from the first sequence
   * @param to the last sequence
   */
  void forEachRow(long from, long to, Visitor<StoredRow> visitor) throws LedgerException;

  /** Releases the snapshot. Call this only after every reader has returned. */
  @Override
  void close();
}
