// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.Optional;

/**
 * Reads a ledger and never changes it. Every method throws {@link LedgerException} when it cannot
 * tell; none answers "none" or 0 instead (D11).
 */
public interface LedgerReader extends AutoCloseable {
  /** Shows the rows to a visitor, in the order of their sequence, as they were at one moment. */
  void forEachRow(RowQuery query, Visitor<ChainRow> visitor) throws LedgerException;

  /** The row at that sequence. */
  Optional<ChainRow> row(long sequence) throws LedgerException;

  /** The row of that event. */
  Optional<ChainRow> row(String id) throws LedgerException;

  /** The last row. */
  Optional<ChainRow> lastRow() throws LedgerException;

  /** How many rows there are. */
  long size() throws LedgerException;

  /** How many rows there are of that type. */
  long size(String eventType) throws LedgerException;

  /** How many dead letters there are that were not replayed. */
  long dlqSize() throws LedgerException;

  /** Shows the dead letters to a visitor, oldest first. */
  void forEachDeadLetter(Visitor<DeadLetter> visitor) throws LedgerException;

  @Override
  void close();

  /** Looks at what is read, one after another. */
  @FunctionalInterface
  interface Visitor<T> {
    /**
     * Looks at one.
     *
     * @return whether to go on
     */
    boolean visit(T item);
  }
}
