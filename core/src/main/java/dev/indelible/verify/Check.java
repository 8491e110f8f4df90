// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.LedgerException;

/**
 * One property of a log. It is shown every row in order and says at once what it finds wrong; what
 * holds of all of them it says at the end. Used by one thread.
 *
 * <p>A new property is a class of its own, added to {@link Verifier#checks}.
 */
interface Check {
  /** Looks at the next row. */
  void row(CheckedRow row) throws LedgerException;

  /**
   * Says the rest; called once, after the last row, and not at all if the rows could not be read.
   */
  void end() throws LedgerException;
}
