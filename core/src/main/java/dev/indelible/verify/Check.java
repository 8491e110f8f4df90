// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.LedgerException;

/**
 * Check of one property of a log. It sees every row in order and reports a fault at once; the rest
 * it reports at the end. Used by one thread.
 *
 * <p>A new property is a class of its own, added to {@link Verifier}'s list.
 */
interface Check {
  /** Checks the next row. */
  void row(CheckedRow row) throws LedgerException;

  /** Reports the rest; called once, after the last row, unless the rows could not be read. */
  void end() throws LedgerException;
}
