// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;

/**
 * Thrown if a ledger's tables are not those that this version writes, for example because a column
 * was dropped (D6). No event is at fault: events wait until a person has repaired the ledger.
 */
public final class LedgerSchemaException extends LedgerException {
  private static final long serialVersionUID = 1;

  public LedgerSchemaException(String message, Throwable cause) {
    super(message, false, cause);
  }
}
