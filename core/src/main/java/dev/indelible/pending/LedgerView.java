// SPDX-License-Identifier: Apache-2.0
package dev.indelible.pending;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Reads positions of journals and events from a ledger. Used by the drainer's thread. */
public interface LedgerView {
  /**
   * Returns the committed positions of journals; 0 for a journal that the ledger does not have.
   *
   * @return empty if there are no positions, or they cannot be read now
   */
  default Optional<Map<UUID, Long>> positions(Set<UUID> journals) {
    return Optional.empty();
  }

  /**
   * Returns true if the ledger has an event, as a row or a waiting dead letter.
   *
   * @return empty if that cannot be read now
   */
  default Optional<Boolean> has(UUID event) {
    return Optional.empty();
  }
}
