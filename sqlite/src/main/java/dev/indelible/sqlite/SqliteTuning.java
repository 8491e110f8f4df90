// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.ledger.ChainRow;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteOpenMode;

/**
 * Settings of a ledger's own connection, and the statement that inserts rows. Public for
 * benchmarks, which measure SQLite's limit with the same settings, tables and statement.
 */
public final class SqliteTuning {
  private static final List<String> PRAGMAS =
      List.of(
          "journal_mode = WAL",
          // A commit is synced, because a settled event must be on disk.
          "synchronous = FULL",
          // Pages (8 MiB) in the WAL at which a commit runs a checkpoint. A page that is rewritten
          // often, as the ends of indexes are, is then copied only once. The limit is not higher,
          // because these pages use disk space twice until the checkpoint.
          "wal_autocheckpoint = 2048",
          // Deleted or moved content is overwritten with zeros, so that an erased payload is gone
          // from every page and not only from the row.
          "secure_delete = ON",
          // Bytes to which the WAL's file is truncated after a long reader made it grow.
          "journal_size_limit = 16777216",
          // KiB of pages in memory: enough for the end of each agent's part of the index, for many
          // agents.
          "cache_size = -16384");

  private SqliteTuning() {}

  /** Returns the properties with which a connection is opened. */
  public static Properties properties() {
    SQLiteConfig config = new SQLiteConfig();
    // The driver locks each connection itself, so that SQLite needs no second lock.
    config.setOpenMode(SQLiteOpenMode.NOMUTEX);
    Properties properties = config.toProperties();
    // By default the driver asks for the last key after each insert, which is one query per row.
    properties.setProperty(SQLiteConfig.Pragma.JDBC_GET_GENERATED_KEYS.getPragmaName(), "false");
    return properties;
  }

  /** Applies the settings to an open connection. */
  public static void apply(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String pragma : PRAGMAS) {
        statement.execute("PRAGMA " + pragma);
      }
    }
  }

  /** Creates a ledger's tables and indexes in a database that has none. */
  public static void makeTables(Connection connection) throws SQLException {
    SqliteSchema.migrate(connection, UUID.randomUUID());
  }

  /** Prepares the statement that inserts a row, for {@link #bind}. */
  public static PreparedStatement prepareInsert(Connection connection) throws SQLException {
    return connection.prepareStatement(SqliteRows.INSERT);
  }

  /** Binds a row to a statement of {@link #prepareInsert}. */
  public static void bind(PreparedStatement insert, ChainRow row) throws SQLException {
    SqliteRows.bind(insert, row);
  }
}
