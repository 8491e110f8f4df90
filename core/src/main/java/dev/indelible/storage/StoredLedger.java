// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Reads the ledger of a {@link LedgerEngine}, with the positions of its journals and with queries
 * that the engine answers from its own indexes. Used by one thread at a time.
 */
public interface StoredLedger extends VerifiableLedger {
  /** Returns the position up to which the ledger has committed a journal; 0 if it has none. */
  long settled(UUID journal) throws LedgerException;

  /**
   * Returns true if an event is in a row or in a dead letter that was not {@linkplain
   * dev.indelible.ledger.DeadLetter#isRefused refused}, or was a dead letter whose purge is
   * recorded.
   */
  boolean isRecorded(UUID event) throws LedgerException;

  /** Returns true if any row has a valid signature of this key. Reads every row of the key. */
  boolean hasRowSignedBy(VerificationKey key) throws LedgerException;

  /** Returns the last rows of a type, the last one first. Reads no row of another type. */
  List<ChainRow> lastRows(String eventType, int most) throws LedgerException;

  /** Returns the last row of a type. Reads no row of another type. */
  default Optional<ChainRow> lastRow(String eventType) throws LedgerException {
    return lastRows(eventType, 1).stream().findFirst();
  }

  /** Counts the rows from one sequence to another. Reads these rows. */
  RowCounter.Counts count(long from, long to) throws LedgerException;

  /** Returns true if a row from one sequence to another records an erasure. */
  boolean hasErasure(long from, long to) throws LedgerException;
}
