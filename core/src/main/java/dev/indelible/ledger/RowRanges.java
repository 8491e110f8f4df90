// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.ledger.LedgerReader.Visitor;
import java.util.OptionalLong;

/**
 * The rows of one moment, to be read in parts by several threads at once. What is appended
 * meanwhile is in none of them.
 */
public interface RowRanges extends AutoCloseable {
  /** How many threads can read at once; another one waits. */
  int readers();

  /** The sequence of the first row from that one on; empty if there is none. */
  OptionalLong next(long from) throws LedgerException;

  /**
   * Shows the rows of a range to a visitor, in the order of their sequence.
   *
   * @param from the first sequence
   * @param to the last sequence
   */
  void forEachRow(long from, long to, Visitor<StoredRow> visitor) throws LedgerException;

  /** Ends the moment; after every reader has returned. */
  @Override
  void close();
}
