// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if a ledger cannot be read or written. The message states which ledger, what is wrong and
 * what to do.
 */
public class LedgerException extends Exception {
  private final boolean damaged;

  /**
   * Creates an exception.
   *
   * @param damaged true if the ledger's content is provably damaged, rather than unavailable
   */
  public LedgerException(String message, boolean damaged, @Nullable Throwable cause) {
    super(message, cause);
    this.damaged = damaged;
  }

  public LedgerException(String message) {
    this(message, false, null);
  }

  /** Returns true if the ledger's content is provably damaged, rather than unavailable. */
  public final boolean isDamaged() {
    return damaged;
  }
}
