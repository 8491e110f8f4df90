// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.Optional;

/** Opens a ledger for one look at it. */
@FunctionalInterface
public interface LedgerSource {
  /** A reader that the caller closes; empty if there is no ledger yet. */
  Optional<? extends LedgerReader> open() throws LedgerException;
}
