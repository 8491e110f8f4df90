// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown if a ledger cannot be used now because of its surroundings: locked, disk full, I/O error,
 * connection lost (D6). The fault is transient: a later call may succeed.
 */
public final class LedgerUnavailableException extends LedgerException {
  private static final long serialVersionUID = 1;

  private final boolean locked;

  /**
   * Creates an exception.
   *
   * @param locked true if another connection holds a lock on the ledger
   */
  public LedgerUnavailableException(String message, boolean locked, @Nullable Throwable cause) {
    super(message, false, cause);
    this.locked = locked;
  }

  /** Returns true if another connection holds a lock on the ledger, which it will release. */
  public boolean isLocked() {
    return locked;
  }
}
