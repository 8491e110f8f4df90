// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;
import java.util.Optional;

/** Finds ledgers by their URLs; a service that {@link java.util.ServiceLoader} loads. */
public interface LedgerProvider {
  /**
   * Returns the ledger at a URL; empty if the URL is of another kind. Does not connect.
   *
   * @throws LedgerException if the URL is of this kind but malformed; the message has no secret
   */
  Optional<LedgerEngine> at(String url) throws LedgerException;
}
