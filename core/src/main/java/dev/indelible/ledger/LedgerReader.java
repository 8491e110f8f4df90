// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Reads a ledger and never changes it. Every method throws {@link LedgerException} when it cannot
 * tell; none answers "none" or 0 instead (D11).
 */
public interface LedgerReader extends AutoCloseable {
  /** Shows the rows to a visitor, in the order of their sequence, as they were at one moment. */
  void forEachRow(RowQuery query, Visitor<ChainRow> visitor) throws LedgerException;

  /**
   * The rows as they are now, for several threads to read.
   *
   * @param readers how many threads, at most
   * @return empty if this ledger can only be read from one end to the other
   */
  default Optional<RowRanges> ranges(int readers) throws LedgerException {
    return Optional.empty();
  }

  /** The row at that sequence. */
  Optional<ChainRow> row(long sequence) throws LedgerException;

  /** The row of that event. */
  Optional<ChainRow> row(String id) throws LedgerException;

  /** The last row. */
  Optional<ChainRow> lastRow() throws LedgerException;

  /** Which ledger this is; empty where that is not kept, as in rows alone. */
  default Optional<UUID> id() throws LedgerException {
    return Optional.empty();
  }

  /**
   * Whether it keeps what is beside the records: payloads, and dead letters. A copy that was made
   * to be shown to others has the records alone.
   */
  default boolean hasPayloads() {
    return true;
  }

  /** How many rows there are. */
  long size() throws LedgerException;

  /** How many rows there are of that type. */
  long size(String eventType) throws LedgerException;

  /** How many leaves the Merkle tree over the rows has; empty where there is none yet. */
  OptionalLong treeSize() throws LedgerException;

  /**
   * The hashes of a tile of that tree, one after another, whatever they are.
   *
   * @param level its level, from 0
   * @param index its place in the level, from 0
   */
  Optional<byte[]> tile(int level, long index) throws LedgerException;

  /** The checkpoint over the most rows, with the cosignatures that were kept of it. */
  Optional<StoredCheckpoint> lastCheckpoint() throws LedgerException;

  /** Shows the checkpoints over so many rows to a visitor, by size. */
  void forEachCheckpoint(long fromSize, long toSize, Visitor<StoredCheckpoint> visitor)
      throws LedgerException;

  /**
   * Shows the checkpoints of which cosignatures were kept to a visitor, the largest first. Nothing
   * of them is checked. A ledger that keeps no cosignatures shows none.
   */
  default void forEachCosigned(Visitor<StoredCheckpoint> visitor) throws LedgerException {}

  /** How many dead letters there are that were not replayed. */
  long dlqSize() throws LedgerException;

  /** Shows the dead letters to a visitor, oldest first. */
  void forEachDeadLetter(Visitor<DeadLetter> visitor) throws LedgerException;

  /**
   * Compares the tables that the ledger is kept in with those that its writers make: their
   * structure, the type of every value, and that each index has the entries of its table. Empty
   * where a ledger is not kept in tables.
   *
   * @param everyRow whether to look at every row of the chain; if not, the tables beside it and
   *     every structure are compared, in a time that does not grow with the chain
   */
  default Optional<StorageState> storage(boolean everyRow) throws LedgerException {
    return Optional.empty();
  }

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
