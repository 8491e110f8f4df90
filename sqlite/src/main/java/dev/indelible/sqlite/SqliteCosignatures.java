// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.CosignatureStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Stores cosignatures in the ledger's file, each over a new connection. Used by any thread.
 *
 * <p>A checkpoint has at most as many cosignatures as a note can have; further ones are dropped.
 *
 * <p>An insert holds the write lock for one row and does not sync. The next batch of events syncs
 * it. A cosignature that is lost in a power cut is requested again.
 *
 * @param file the database; never created here
 */
public record SqliteCosignatures(Path file) implements CosignatureStore {
  /** Time that an insert waits for the write lock before it fails. */
  private static final int BUSY_TIMEOUT_MILLIS = 1_000;

  @Override
  public void keep(long size, String witness, String line) throws LedgerException {
    if (!Files.exists(file)) {
      throw new LedgerException(file + ": the ledger and its checkpoints are missing");
    }
    try (Connection connection =
        DriverManager.getConnection(SqliteFile.url(file), SqliteFile.noneMade())) {
      set(connection);
      Statements.change(
          connection,
          "INSERT INTO indelible_cosignatures (size, witness, line)"
              + " SELECT size, ?, ? FROM indelible_checkpoints AS c WHERE size = ? AND"
              + " (SELECT count(*) FROM indelible_cosignatures"
              + " WHERE size = c.size AND witness <> ?) < "
              + SignedCheckpoint.MAX_COSIGNATURES
              + " ON CONFLICT (size, witness) DO UPDATE SET line = excluded.line",
          witness,
          line,
          size,
          witness);
    } catch (SQLException e) {
      throw new LedgerException(
          file + ": a cosignature cannot be stored: " + SqliteFault.describe(e),
          SqliteFault.isDamage(e),
          e);
    }
  }

  private static void set(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = " + BUSY_TIMEOUT_MILLIS);
      statement.execute("PRAGMA synchronous = NORMAL");
      // The drainer decides when to run WAL checkpoints.
      statement.execute("PRAGMA wal_autocheckpoint = 0");
    }
  }
}
