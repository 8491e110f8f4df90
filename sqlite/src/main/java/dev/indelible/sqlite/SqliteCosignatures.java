// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.ledger.CosignatureStore;
import dev.indelible.ledger.LedgerException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Keeps cosignatures in the ledger's file, over a connection of its own for each. Any thread.
 *
 * <p>A checkpoint keeps as many as a note can have; further ones are not kept.
 *
 * <p>It holds the write lock for one row and no sync: the next batch of events is synced with what
 * was written before it, and a cosignature that a power cut takes is asked for again.
 *
 * @param file the database; never made here
 */
public record SqliteCosignatures(Path file) implements CosignatureStore {
  /** How long a writer of events may keep it waiting before it gives up for now. */
  private static final int BUSY_TIMEOUT_MILLIS = 1_000;

  @Override
  public void keep(long size, String witness, String line) throws LedgerException {
    if (!Files.exists(file)) {
      throw new LedgerException(file + ": the ledger is gone, and its checkpoints with it");
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
          file + ": a cosignature cannot be kept: " + SqliteFault.describe(e),
          SqliteFault.isDamage(e),
          e);
    }
  }

  private static void set(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = " + BUSY_TIMEOUT_MILLIS);
      statement.execute("PRAGMA synchronous = NORMAL");
      // Carrying over the WAL is the drainer's, who has its own time for it.
      statement.execute("PRAGMA wal_autocheckpoint = 0");
    }
  }
}
