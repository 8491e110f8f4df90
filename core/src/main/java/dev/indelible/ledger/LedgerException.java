// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import org.jspecify.annotations.Nullable;

/** A ledger that cannot be read. The message says which, what is wrong and what to do. */
public final class LedgerException extends Exception {
  private final boolean damaged;

  /**
   * A ledger that cannot be read.
   *
   * @param damaged whether its file is provably not what was written, rather than out of reach
   */
  public LedgerException(String message, boolean damaged, @Nullable Throwable cause) {
    super(message, cause);
    this.damaged = damaged;
  }

  public LedgerException(String message) {
    this(message, false, null);
  }

  /** Whether the file is provably not what was written, rather than out of reach. */
  public boolean isDamaged() {
    return damaged;
  }
}
