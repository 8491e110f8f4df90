// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.CosignatureStore;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Stores cosignatures, each over a new connection. Used by any thread. A checkpoint has at most as
 * many cosignatures as a note can have; further ones are dropped.
 *
 * @param address the ledger
 */
record PostgresCosignatures(PostgresAddress address) implements CosignatureStore {
  @Override
  public void keep(long size, String witness, String line) throws LedgerException {
    try (Connection connection = address.connect()) {
      Sql.change(
          connection,
          address.sql(
              "INSERT INTO @indelible_cosignatures (size, witness, line)"
                  + " SELECT c.size, ?, ? FROM @indelible_checkpoints AS c WHERE c.size = ? AND"
                  + " (SELECT count(*) FROM @indelible_cosignatures AS o"
                  + " WHERE o.size = c.size AND o.witness <> ?) < "
                  + SignedCheckpoint.MAX_COSIGNATURES
                  + " ON CONFLICT (size, witness) DO UPDATE SET line = excluded.line"),
          witness,
          line,
          size,
          witness);
    } catch (SQLException e) {
      throw new LedgerException(
          address.name() + ": a cosignature cannot be stored: " + PostgresFault.describe(e),
          false,
          e);
    }
  }
}
