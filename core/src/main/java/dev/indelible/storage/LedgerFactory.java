// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;

/** Opens connections for writing to one ledger. */
@FunctionalInterface
public interface LedgerFactory {
  /**
   * Opens the ledger; creates it if it does not exist.
   *
   * @throws LedgerUnavailableException if a later call may succeed
   * @throws LedgerException if this is not a ledger that can be written to
   */
  LedgerWriter open() throws LedgerException;

  /** Returns the number of events beyond which a larger batch is not faster. */
  default int maxBatch() {
    return Integer.MAX_VALUE;
  }
}
