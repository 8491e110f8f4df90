// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Reads a ledger and never changes it (D11). Every method throws {@link LedgerException} if it
 * cannot read; none returns an empty result or 0 instead.
 */
public interface LedgerReader extends AutoCloseable {
  /** Passes the rows of one snapshot to a visitor, in the order of their sequence. */
  void forEachRow(RowQuery query, Visitor<ChainRow> visitor) throws LedgerException;

  /** Returns the row with a sequence. */
  Optional<ChainRow> row(long sequence) throws LedgerException;

  /** Returns the row of an event. */
  Optional<ChainRow> row(String id) throws LedgerException;

  /** Returns the last row. */
  Optional<ChainRow> lastRow() throws LedgerException;

  /** Returns the ledger's id; empty if the source has none, for example a file of rows. */
  default Optional<UUID> id() throws LedgerException {
    return Optional.empty();
  }

  /**
   * Returns true if this source has payloads and dead letters. A copy for disclosure has records
   * only.
   */
  default boolean hasPayloads() {
    return true;
  }

  /** Returns the number of rows. */
  long size() throws LedgerException;

  /** Returns the number of rows of a type. */
  long size(String eventType) throws LedgerException;

  /**
   * Returns the number of leaves of the Merkle tree over the rows; empty if there is no tree yet.
   */
  OptionalLong treeSize() throws LedgerException;

  /**
   * Returns the concatenated hashes of a tile of that tree, unchecked.
   *
   * @param level the tile's level, from 0
   * @param index the tile's index in the level, from 0
   */
  Optional<byte[]> tile(int level, long index) throws LedgerException;

  /** Returns the checkpoint over the most rows, with its stored cosignatures. */
  Optional<StoredCheckpoint> lastCheckpoint() throws LedgerException;

  /** Passes the checkpoints in a range of sizes to a visitor, in the order of size. */
  void forEachCheckpoint(long fromSize, long toSize, Visitor<StoredCheckpoint> visitor)
      throws LedgerException;

  /**
   * Passes the checkpoints that have a cosignature to a visitor, unchecked, the largest first. By
   * default there are none.
   */
  default void forEachCosigned(Visitor<StoredCheckpoint> visitor) throws LedgerException {}

  /** Returns the number of dead letters that were not replayed. */
  long dlqSize() throws LedgerException;

  /** Passes the dead letters to a visitor, oldest first. */
  default void forEachDeadLetter(Visitor<DeadLetter> visitor) throws LedgerException {
    forEachDeadLetter(Long.MIN_VALUE, visitor);
  }

  /**
   * Passes the dead letters from a number on to a visitor, oldest first. Does not read earlier
   * ones.
   */
  void forEachDeadLetter(long from, Visitor<DeadLetter> visitor) throws LedgerException;

  @Override
  void close();

  /** Receives the items that are read, one by one. */
  @FunctionalInterface
  interface Visitor<T> {
    /**
     * Receives an item.
     *
     * @return true to continue
     */
    boolean visit(T item);
  }
}
