// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Opens a ledger for reading. */
@FunctionalInterface
public interface LedgerSource {
  /** Returns a reader, which the caller closes; empty if there is no ledger yet. */
  Optional<? extends LedgerReader> open() throws LedgerException;

  /**
   * Returns the files that change whenever the ledger changes; a reader need not read again while
   * they are unchanged. Empty if files do not show changes.
   */
  default List<Path> files() {
    return List.of();
  }
}
