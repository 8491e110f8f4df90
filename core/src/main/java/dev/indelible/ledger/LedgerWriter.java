// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Writes to a ledger over one connection, by one thread. Holds the statements that the logic of
 * package {@code dev.indelible.append} needs and decides nothing itself.
 *
 * <p>Contract, for every implementation:
 *
 * <ul>
 *   <li>A transaction is exclusive: from {@link #begin} to its end no other writer changes the
 *       ledger, so the end of the chain, the tree and the last checkpoint read within it stay as
 *       they are. {@code begin} waits only briefly for another writer and then throws {@link
 *       LedgerUnavailableException}.
 *   <li>{@link #commit} is durable when it returns, and all or nothing whatever fails. If it
 *       throws, the transaction may or may not be committed.
 *   <li>A refused {@link #insert} MUST leave the transaction usable. It MAY lose the rows inserted
 *       since the last {@link #savepoint}, and then reports it. Whatever else was written in the
 *       transaction stays.
 *   <li>A statement that fails with another exception MAY end the transaction; the caller rolls
 *       back and begins again.
 *   <li>Queries see what the transaction has written so far. Outside of a transaction they see what
 *       is committed.
 *   <li>Every method throws {@link LedgerUnavailableException} for a transient fault, {@link
 *       LedgerSchemaException} for tables that are not those of a ledger, and another {@link
 *       LedgerException} for anything else that is wrong (D6).
 * </ul>
 */
public interface LedgerWriter extends AutoCloseable {
  /** Returns the ledger's name in messages, for example its file. */
  String name();

  /** Returns a warning about the software under the ledger; empty if there is none. */
  default Optional<String> warning() {
    return Optional.empty();
  }

  /** Returns the ledger's id. */
  UUID ledger() throws LedgerException;

  /** Begins an exclusive transaction. */
  void begin() throws LedgerException;

  /** Commits the transaction, durably. */
  void commit() throws LedgerException;

  /** Undoes the transaction, as far as it is not undone already. */
  void rollback() throws LedgerException;

  /** Limits what a refused insert may lose to the rows inserted after this call. */
  void savepoint() throws LedgerException;

  /**
   * Rolls back because of a failure, which stays the one that is reported.
   *
   * @param cause the failure; gets a second one as suppressed
   */
  default void rollback(Throwable cause) {
    try {
      rollback();
    } catch (LedgerException e) {
      // The ledger may have rolled back by itself; if not, closing the connection does.
      cause.addSuppressed(e);
    }
  }

  /**
   * Work of one transaction.
   *
   * @param <T> what it returns
   * @param <X> what it may throw besides
   */
  @FunctionalInterface
  interface Work<T, X extends Exception> {
    /** Returns the result; empty if nothing of the transaction is to stay. */
    Optional<T> run() throws LedgerException, X;
  }

  /** Runs work in one transaction; commits if it returns a result and rolls back otherwise. */
  default <T, X extends Exception> Optional<T> inTransaction(Work<T, X> work)
      throws LedgerException, X {
    begin();
    try {
      Optional<T> result = work.run();
      if (result.isPresent()) {
        commit();
      } else {
        rollback();
      }
      return result;
    } catch (Throwable e) {
      rollback(e);
      throw e;
    }
  }

  /**
   * Inserts a row of the chain.
   *
   * @throws RefusedException if the ledger does not take this row; see the contract
   */
  void insert(ChainRow row) throws LedgerException;

  /** Returns the row of the highest sequence. */
  Optional<ChainRow> lastRow() throws LedgerException;

  /** Returns the last row below a sequence. */
  Optional<ChainRow> lastRowBelow(long sequence) throws LedgerException;

  /** Returns the row of an event. */
  Optional<ChainRow> row(String id) throws LedgerException;

  /** Returns the last row of a type below a sequence that satisfies a predicate. */
  Optional<ChainRow> lastOfType(String eventType, long below, Predicate<ChainRow> holds)
      throws LedgerException;

  /** Returns the rows of a type, oldest first. */
  List<ChainRow> rowsOfType(String eventType) throws LedgerException;

  /**
   * Returns rows in order.
   *
   * @param after the sequence before the first of them
   * @param to the sequence of the last of them
   * @param limit most rows
   */
  List<ChainRow> rowsBetween(long after, long to, int limit) throws LedgerException;

  /** Returns the sequence of the first row with this timestamp or a later one; reads every row. */
  OptionalLong firstRowSince(String timestamp) throws LedgerException;

  /** Counts the rows; may read every one. */
  long size() throws LedgerException;

  /** Counts the rows of a type from a sequence up to another. Takes an index, not every row. */
  long count(String eventType, long from, long to) throws LedgerException;

  /** Removes the payload of a row and nothing else; returns whether it had one. */
  boolean erasePayload(ChainRow row) throws LedgerException;

  /**
   * Overwrites what erased payloads leave behind in the ledger's storage.
   *
   * @return whether nothing is left; false while another connection reads an earlier state
   */
  boolean purgeTraces() throws LedgerException;

  /** Records up to where the ledger has the events of a journal. */
  void advance(UUID journal, long position) throws LedgerException;

  /** Inserts a dead letter: the columns of a row that has no place in the chain. */
  void insertDeadLetter(ChainRow row, String reason, String failedAt, int attempts)
      throws LedgerException;

  /** Returns the dead letters that were not replayed, oldest first. */
  List<DeadLetter> waitingDeadLetters() throws LedgerException;

  /** Counts the dead letters that were not replayed. */
  long countWaitingDeadLetters() throws LedgerException;

  /**
   * Returns the event ids of the dead letters that were not replayed, in one query.
   *
   * @return empty if there are more than {@code limit}
   */
  Optional<Set<String>> waitingIds(int limit) throws LedgerException;

  /** Returns the payloads of the dead letters of an event that were not replayed. */
  List<byte[]> deadLetters(String id) throws LedgerException;

  /** Marks a dead letter as replayed; returns whether it was waiting. */
  boolean markReplayed(DeadLetter letter) throws LedgerException;

  /** Removes a dead letter; returns whether it was there. */
  boolean removeDeadLetter(DeadLetter letter) throws LedgerException;

  /** Removes the replayed dead letters of an event; returns how many there were. */
  int removeReplayed(String id) throws LedgerException;

  /**
   * Extent of the stored tree.
   *
   * @param size the number of leaves
   * @param sequence the row of the last leaf
   */
  record TreeState(long size, long sequence) {}

  /** Returns the extent of the stored tree; empty if it is missing. */
  Optional<TreeState> treeState() throws LedgerException;

  /** Replaces the extent of the stored tree. */
  void storeTreeState(TreeState state) throws LedgerException;

  /** Returns the stored hashes of a tile, unchecked. */
  Optional<byte[]> tile(int level, long index) throws LedgerException;

  /** Stores a tile, or replaces a narrower one. */
  void storeTile(int level, long index, byte[] hashes) throws LedgerException;

  /** Returns the checkpoint over the most rows, without cosignatures. */
  Optional<StoredCheckpoint> lastCheckpoint() throws LedgerException;

  /** Stores a checkpoint. */
  void insertCheckpoint(StoredCheckpoint checkpoint) throws LedgerException;

  /**
   * Returns whether another connection has written since the last call, or this cannot be known.
   */
  boolean isChangedByOthers();

  /**
   * Returns whether the ledger under {@link #name} is still the one that this is connected to. A
   * file that was removed or replaced while open still takes rows, which nobody will ever see.
   */
  boolean isStillThere();

  /** Opens a reader of what is committed. */
  LedgerReader reader() throws LedgerException;

  /** Releases the connection; rolls back what is not committed. Does not throw. */
  @Override
  void close();
}
