// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.ledger.LedgerException;

/**
 * Check of one property of a log. A check receives every row in order and reports the fault of a
 * row at once. At the end it reports the result for the whole log. Used by one thread.
 *
 * <p>Each property has its own class; {@link Verifier} lists them.
 */
interface Check {
  /** Checks the next row. */
  void row(CheckedRow row) throws LedgerException;

  /**
   * Reports the result for the whole log. Called once, after the last row; not called if the rows
   * cannot be read.
   */
  void end() throws LedgerException;
}
