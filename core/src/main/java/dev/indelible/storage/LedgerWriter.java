// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Writes to a ledger over one connection, by one thread (D6). Executes the statements that package
 * {@code dev.indelible.append} needs, and makes no decisions.
 *
 * <p>Contract, for every implementation:
 *
 * <ul>
 *   <li>A transaction is exclusive: from {@link #begin} to its end no other writer changes the
 *       ledger, so the end of the chain, the tree and the last checkpoint read within it stay as
 *       they are. {@code begin} waits only briefly for another writer and then throws {@link
 *       LedgerUnavailableException}.
 *   <li>{@link #commit} is durable when it returns, and atomic under any failure. If it throws, the
 *       transaction may or may not be committed.
 *   <li>A refused {@link #insert} MUST leave the transaction usable. The rows before the refused
 *       one and everything else written in the transaction are kept.
 *   <li>A statement that fails with another exception MAY end the transaction; the caller rolls
 *       back and begins again.
 *   <li>Queries see what the transaction has written so far. Outside of a transaction they see what
 *       is committed.
 *   <li>Every method throws {@link LedgerUnavailableException} for a transient fault, {@link
 *       LedgerSchemaException} for tables that are not those of a ledger, and another {@link
 *       LedgerException} for any other fault.
 * </ul>
 */
public interface LedgerWriter extends AutoCloseable {
  /** Returns the ledger's name in messages, for example its file. */
  String name();

  /**
   * A warning about the software under the ledger.
   *
   * @param source the source of its health entry
   * @param reason the risk, and what to do
   */
  record Warning(String source, String reason) {}

  /** Returns a warning about the software under the ledger; empty if there is none. */
  default Optional<Warning> warning() {
    return Optional.empty();
  }

  /** Returns the ledger's id. */
  UUID ledger() throws LedgerException;

  /** Begins an exclusive transaction. */
  void begin() throws LedgerException;

  /** Commits the transaction, durably. */
  void commit() throws LedgerException;

  /** Rolls back the transaction; does nothing if none is open. */
  void rollback() throws LedgerException;

  /**
   * Rolls back because of a failure. A failure of the rollback is added to {@code cause} as
   * suppressed.
   *
   * @param cause the failure
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
   * @param <T> the type of the result
   * @param <X> the type of an additional exception
   */
  @FunctionalInterface
  interface Work<T, X extends Exception> {
    /** Returns the result; empty to roll back the transaction. */
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
   * Inserts rows of the chain, in order, up to the first that the ledger refuses.
   *
   * @throws RefusedException if the ledger refuses a row; the rows before it are inserted
   */
  void insert(List<ChainRow> rows) throws LedgerException;

  /**
   * Returns the number of rows that one {@link #insert} should have at least, if there are as many:
   * more than 1 if each insert costs an exchange with a server.
   */
  default int rowsAtOnce() {
    return 1;
  }

  /** Returns the row of the highest sequence. */
  Optional<ChainRow> lastRow() throws LedgerException;

  /** Returns the last row below a sequence. */
  Optional<ChainRow> lastRowBelow(long sequence) throws LedgerException;

  /** Returns the row of an event. */
  Optional<ChainRow> row(String id) throws LedgerException;

  /**
   * Returns the event ids that have a row, or a dead letter that was neither replayed nor
   * {@linkplain DeadLetter#isRefused refused}: anyone enrolled can have an id refused. A ledger on
   * a server answers in one exchange.
   */
  default Set<String> known(Collection<String> ids) throws LedgerException {
    Set<String> known = new HashSet<>();
    for (String id : ids) {
      if (row(id).isPresent() || !deadLetters(id, false).isEmpty()) {
        known.add(id);
      }
    }
    return known;
  }

  /** Returns the last row of a type that is below a sequence and satisfies a predicate. */
  Optional<ChainRow> lastOfType(String eventType, long below, Predicate<ChainRow> holds)
      throws LedgerException;

  /** Returns the rows of a type, oldest first. */
  List<ChainRow> rowsOfType(String eventType) throws LedgerException;

  /**
   * Returns rows in order.
   *
   * @param after the sequence before the first row
   * @param to the sequence of the last row
   * @param limit the maximum number of rows
   */
  List<ChainRow> rowsBetween(long after, long to, int limit) throws LedgerException;

  /** Returns the sequence of the first row with this timestamp or a later one; reads every row. */
  OptionalLong firstRowSince(String timestamp) throws LedgerException;

  /** Counts the rows; may read every one. */
  long size() throws LedgerException;

  /**
   * Counts the rows of a type from a sequence up to another. Uses an index and does not read every
   * row.
   */
  long count(String eventType, long from, long to) throws LedgerException;

  /**
   * Removes the payload of a row and nothing else. The transaction has inserted the row that
   * records the erasure; a ledger may require it.
   *
   * @return true if the row had a payload
   */
  boolean erasePayload(ChainRow row) throws LedgerException;

  /** The remains of erased payloads in a ledger's storage. */
  enum Remains {
    /** There are none. */
    NONE,
    /** Another connection reads an earlier state; a later call may remove the rest. */
    READ_BY_OTHERS,
    /** The storage may have copies that no writer can remove, for example in a server's own log. */
    LEFT
  }

  /** Overwrites the remains of erased payloads in the ledger's storage, and returns the rest. */
  Remains purgeTraces() throws LedgerException;

  /**
   * Returns the present time in milliseconds from 1970, by the clock that all writers of the ledger
   * share: that of the database server, or of this host for a ledger that only this host writes.
   */
  default long now() throws LedgerException {
    return System.currentTimeMillis();
  }

  /** Returns the position up to which the ledger has the events of a journal; 0 if it has none. */
  long position(UUID journal) throws LedgerException;

  /** Records the position up to which the ledger has the events of a journal. */
  void advance(UUID journal, long position) throws LedgerException;

  /** Inserts a dead letter with the columns of a row that is not appended to the chain. */
  void insertDeadLetter(ChainRow row, String reason, String failedAt, int attempts)
      throws LedgerException;

  /**
   * Returns the dead letters that were not replayed, oldest first, without those that a replay
   * never appends, see {@link DeadLetter#REFUSED}.
   */
  List<DeadLetter> waitingDeadLetters() throws LedgerException;

  /** Counts the dead letters that were not replayed. */
  long countWaitingDeadLetters() throws LedgerException;

  /** Most dead letters of one event that are read: a hostile gate can send any number of them. */
  int MOST_OF_ONE_EVENT = 20;

  /**
   * Returns those of these events that have a dead letter, replayed or not, as a set that can be
   * changed. The cost depends on the number of events, not on that of dead letters, which a hostile
   * gate can raise.
   */
  Set<UUID> deadLettered(Collection<UUID> events) throws LedgerException;

  /** Returns those of some events whose ids are among these texts, as a set that can be changed. */
  static Set<UUID> among(Collection<UUID> events, Collection<String> ids) {
    Set<UUID> found = new HashSet<>();
    if (!ids.isEmpty()) {
      Set<String> stored = new HashSet<>(ids);
      events.stream().filter(event -> stored.contains(event.toString())).forEach(found::add);
    }
    return found;
  }

  /**
   * Returns the newest dead letters of an event that were not replayed, at most {@link
   * #MOST_OF_ONE_EVENT}, the last one first.
   *
   * @param withRefused false to leave out those that are {@linkplain DeadLetter#isRefused refused}
   */
  List<DeadLetter> deadLetters(String id, boolean withRefused) throws LedgerException;

  /** Marks a dead letter as replayed. Returns true if it was waiting. */
  boolean markReplayed(DeadLetter deadLetter) throws LedgerException;

  /** Removes a dead letter. Returns true if it existed. */
  boolean removeDeadLetter(DeadLetter deadLetter) throws LedgerException;

  /** Removes the replayed dead letters of an event. Returns their number. */
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
   * Rows that survive a fail-over of the ledger's server.
   *
   * @param size the number of these rows; at most the size that was asked for
   * @param reason the reason why it is smaller, and what to do; empty if all rows survive
   */
  record Confirmed(long size, Optional<String> reason) {
    /** Returns that all of so many rows survive a fail-over. */
    public static Confirmed all(long size) {
      return new Confirmed(size, Optional.empty());
    }
  }

  /**
   * Returns how many of the committed rows survive a fail-over. A checkpoint MUST NOT cover more:
   * it would contradict a log that lost the others. Called outside of a transaction. Storage
   * without standbys confirms every row.
   *
   * @param size the size of the stored tree, read before on this connection
   */
  default Confirmed confirmed(long size) throws LedgerException {
    return Confirmed.all(size);
  }

  /**
   * Returns true if another connection may have written since the last call; true if that is
   * unknown.
   */
  boolean isChangedByOthers();

  /**
   * Returns true if {@link #name} still refers to the ledger that this connection writes to. An
   * open file that was removed or replaced still accepts rows, which are then lost.
   */
  boolean isStillThere();

  /** Opens a reader of the committed state. */
  VerifiableLedger reader() throws LedgerException;

  /** Releases the connection, and rolls back an open transaction. Does not throw. */
  @Override
  void close();
}
