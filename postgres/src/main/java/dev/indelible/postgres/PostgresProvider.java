// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.LedgerEngine;
import dev.indelible.storage.LedgerProvider;
import java.util.Optional;

/** Finds the ledgers in PostgreSQL. */
public final class PostgresProvider implements LedgerProvider {
  /** Creates a provider, for the service loader. */
  public PostgresProvider() {}

  @Override
  public Optional<LedgerEngine> at(String url) throws LedgerException {
    return PostgresAddress.isOne(url) ? Optional.of(PostgresLedger.at(url)) : Optional.empty();
  }
}
