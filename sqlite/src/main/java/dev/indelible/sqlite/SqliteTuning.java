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
 * How a ledger's own connection is set, and what it writes rows with. Public for benchmarks, which
 * measure the limit under the same settings, in the same tables and by the same statement.
 */
public final class SqliteTuning {
  private static final List<String> PRAGMAS =
      List.of(
          "journal_mode = WAL",
          // Synced at every commit: settled means on disk.
          "synchronous = FULL",
          // Pages (8 MiB) that the WAL grows to before it is carried over into the file: a page
          // that is written again and again, as the ends of indexes are, is carried over once. No
          // more, because until then what is in it takes its room on the disk twice.
          "wal_autocheckpoint = 2048",
          // What is removed, or moved to another page, is overwritten with zeros where it stood: an
          // erased payload must be gone from every page, and not only from the row.
          "secure_delete = ON",
          // Bytes that the WAL's file is cut back to, after a long reader made it grow.
          "journal_size_limit = 16777216",
          // KiB of pages in memory: the end of every agent's part of the index, for many agents.
          "cache_size = -16384");

  private SqliteTuning() {}

  /** What a connection is opened with. */
  public static Properties properties() {
    SQLiteConfig config = new SQLiteConfig();
    // The driver lets one thread at a time use a connection; a lock in SQLite too is one too many.
    config.setOpenMode(SQLiteOpenMode.NOMUTEX);
    Properties properties = config.toProperties();
    // The driver otherwise asks for the last key after each insert, which is a query a row.
    properties.setProperty(SQLiteConfig.Pragma.JDBC_GET_GENERATED_KEYS.getPragmaName(), "false");
    return properties;
  }

  /** Sets an open connection. */
  public static void apply(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String pragma : PRAGMAS) {
        statement.execute("PRAGMA " + pragma);
      }
    }
  }

  /** Makes a ledger's tables and indexes in a database that has none; it is a ledger then. */
  public static void makeTables(Connection connection) throws SQLException {
    SqliteSchema.migrate(connection, UUID.randomUUID());
  }

  /** The statement that inserts a row, for {@link #bind} to say which. */
  public static PreparedStatement prepareInsert(Connection connection) throws SQLException {
    return connection.prepareStatement(SqliteRows.INSERT);
  }

  /** Says which row a statement of {@link #prepareInsert} inserts. */
  public static void bind(PreparedStatement insert, ChainRow row) throws SQLException {
    SqliteRows.bind(insert, row);
  }
}
