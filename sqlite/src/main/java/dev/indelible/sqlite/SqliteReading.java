// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.base.ThrowingFunction;
import dev.indelible.ledger.LedgerException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Optional;
import java.util.Properties;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteOpenMode;

/** Opens database files for reading only, and states why one cannot be read. */
public final class SqliteReading {
  /** Busy timeout of optional reads that a gate makes before its first decision. */
  static final int PEEK_BUSY_TIMEOUT_MILLIS = 1_000;

  /** First 16 bytes of a database (SQLite file format, section 1.3). */
  private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

  private SqliteReading() {}

  /** Opens a connection for reading that trusts nothing in the file. */
  static Connection connect(String url, int busyTimeoutMillis) throws SQLException {
    Connection connection = DriverManager.getConnection(url, readOnly(busyTimeoutMillis));
    try (Statement statement = connection.createStatement()) {
      // SQLite runs functions named in the schema only if they are harmless, and checks the size of
      // the cells of a page before it reads them.
      statement.execute("PRAGMA trusted_schema = OFF");
      statement.execute("PRAGMA cell_size_check = ON");
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  private static Properties readOnly(int busyTimeoutMillis) {
    SQLiteConfig config = new SQLiteConfig();
    config.setReadOnly(true);
    config.setOpenMode(SQLiteOpenMode.NOMUTEX);
    config.setBusyTimeout(busyTimeoutMillis);
    return config.toProperties();
  }

  /** Returns true if a database has a write-ahead log with content. */
  static boolean hasWal(Path file) {
    Path wal = Path.of(file + "-wal");
    try {
      return Files.exists(wal) && Files.size(wal) > 0;
    } catch (IOException e) {
      // The file existed before; assume that it has content.
      return true;
    }
  }

  /**
   * Runs a query on a file that may hold no ledger yet.
   *
   * @return empty if there is no file
   */
  static <T> Optional<T> peek(Path file, ThrowingFunction<Connection, T, SQLException> query)
      throws LedgerException {
    SqliteLibrary.load();
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(peek(SqliteFile.url(file), query));
    } catch (SQLException e) {
      // SQLite creates files beside a database in WAL mode to read it, and a full or read-only disk
      // has no space for them. If there is no WAL, the file alone is the whole database.
      if (!SqliteFault.isOfTheDisk(e) || hasWal(file)) {
        throw unreadable(file, e);
      }
      try {
        T found = peek(SqliteFile.url(file) + "?immutable=1", query);
        if (!hasWal(file)) {
          return Optional.of(found);
        }
      } catch (SQLException again) {
        e.addSuppressed(again);
      }
      throw unreadable(file, e);
    }
  }

  private static <T> T peek(String url, ThrowingFunction<Connection, T, SQLException> query)
      throws SQLException {
    try (Connection connection = connect(url, PEEK_BUSY_TIMEOUT_MILLIS)) {
      SqliteSchema.requireFit(connection);
      return query.apply(connection);
    }
  }

  /**
   * Returns true if a file begins as every SQLite database does, damaged or not. If it does not, it
   * is not a damaged database but another kind of file.
   */
  private static boolean beginsAsDatabase(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Returns an exception that states why a database file cannot be read, and whether it is damaged.
   */
  public static LedgerException unreadable(Path file, SQLException e) {
    if (e instanceof SqliteSchema.ComputedTableException) {
      return new LedgerException(file + ": " + e.getMessage(), true, e);
    }
    if (SqliteFault.isNotDatabase(e) && !beginsAsDatabase(file)) {
      return new LedgerException(
          file + ": not an SQLite database; is this the right data directory?", false, e);
    }
    String message =
        SqliteFault.isDamage(e)
            ? "the database file is damaged or truncated; keep it, and restore it from a copy"
            : SqliteFault.describe(e);
    return new LedgerException(file + ": " + message, SqliteFault.isDamage(e), e);
  }
}
