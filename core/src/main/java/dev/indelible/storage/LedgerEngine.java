// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The place of one ledger: a file, or a schema of a database server. Opens the ledger to read and
 * to write. Holds no connection, and is safe for use by any number of threads.
 *
 * <p>Contract, for every implementation:
 *
 * <ul>
 *   <li>A method that only reads creates nothing.
 *   <li>The methods of <i>brief</i> reads answer or fail within seconds, whatever the server or
 *       another process does, because a gate calls them before its first decision.
 *   <li>No message and no name has a secret.
 * </ul>
 */
public interface LedgerEngine {
  /** Returns the place in messages: a file, or an address without a secret. */
  String name();

  /**
   * Returns the files that change whenever the ledger changes, the ledger itself first; empty if
   * the ledger is not in files.
   */
  default List<Path> files() {
    return List.of();
  }

  /**
   * Loads what this engine needs on this machine, for example a native library.
   *
   * @throws LedgerException if this machine cannot use the engine
   */
  default void prepare() throws LedgerException {}

  /**
   * Returns the time for which a journal retains events after this ledger has them, because an
   * older copy of the ledger may take its place; zero if none can while a journal is in use.
   */
  default Duration retain() {
    return Duration.ZERO;
  }

  /**
   * Returns the id of the ledger, by a brief read; empty if there is no ledger.
   *
   * @throws LedgerException if the ledger cannot be read now, or this is not the place of a ledger
   */
  Optional<UUID> identify() throws LedgerException;

  /**
   * Returns the position up to which the ledger has committed a journal, by a brief read; 0 if
   * there is no ledger, or it does not have the journal.
   */
  long settled(UUID journal) throws LedgerException;

  /**
   * Returns true if the ledger has an event, as {@link StoredLedger#isRecorded} does, by a brief
   * read; false if there is no ledger.
   */
  boolean isRecorded(UUID event) throws LedgerException;

  /**
   * Opens the ledger for brief reads; empty if there is none.
   *
   * @throws LedgerException if the ledger cannot be read now, or this is not the place of a ledger
   */
  Optional<StoredLedger> openIfThere() throws LedgerException;

  /**
   * Opens the ledger for reading.
   *
   * @throws LedgerException if there is no ledger, or it cannot be read now
   */
  StoredLedger open() throws LedgerException;

  /**
   * Returns a factory that opens the ledger for a drainer, which retries while another writer holds
   * the ledger.
   *
   * @param ledger the id that the ledger must have, and that a new ledger gets; null for any
   */
  LedgerFactory drainer(@Nullable UUID ledger);

  /**
   * Opens the ledger for a command run by hand, which waits for other writers.
   *
   * @throws LedgerException if the ledger cannot be written to
   */
  LedgerWriter openWriter() throws LedgerException;

  /** Returns a store of cosignatures of this ledger's checkpoints. */
  CosignatureStore cosignatures();

  /**
   * Returns a sentence for a person who erased a payload and whose bytes may be left: where they
   * are, and how they are removed.
   */
  String remains();
}
