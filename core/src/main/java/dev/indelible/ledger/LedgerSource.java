// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Opens a ledger for one look at it. */
@FunctionalInterface
public interface LedgerSource {
  /** A reader that the caller closes; empty if there is no ledger yet. */
  Optional<? extends LedgerReader> open() throws LedgerException;

  /**
   * The files that change when the ledger does; whoever looked may skip a look while they stay as
   * they are. Empty if that cannot be seen from files.
   */
  default List<Path> files() {
    return List.of();
  }
}
