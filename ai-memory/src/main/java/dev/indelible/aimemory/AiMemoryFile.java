// SPDX-License-Identifier: Apache-2.0
package dev.indelible.aimemory;

import dev.indelible.base.ThrowingSupplier;
import dev.indelible.ledger.LedgerException;
import dev.indelible.sqlite.SqliteLibrary;
import dev.indelible.sqlite.SqliteReading;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteOpenMode;

/**
 * The table {@code signed_events} in an SQLite file of ai-memory 0.7, read in one transaction that
 * begins with the first query. Opens the file for reading only. SQLite creates no file beside the
 * database unless a writer has the database open. Used by one thread.
 */
public final class AiMemoryFile implements AutoCloseable {
  private static final String TABLE = "signed_events";
  private static final String DEAD_LETTERS = "signed_events_dlq";

  /** The columns of the table, each with the SQLite types that ai-memory writes into it. */
  private static final Map<String, List<String>> COLUMNS =
      Map.of(
          "id", List.of("text"),
          "agent_id", List.of("text"),
          "event_type", List.of("text"),
          "payload_hash", List.of("blob"),
          "signature", List.of("blob", "null"),
          "attest_level", List.of("text"),
          "timestamp", List.of("text"),
          "prev_hash", List.of("blob", "null"),
          "sequence", List.of("integer"));

  /**
   * Offset of the read version in the file. The value is 2 in WAL mode (SQLite file format, section
   * 1.3).
   */
  private static final int READ_VERSION_AT = 19;

  private static final int WAL_VERSION = 2;

  private static final int BUSY_TIMEOUT_MILLIS = 5_000;

  private final Path file;
  private final Connection connection;
  private final boolean immutable;

  private AiMemoryFile(Path file, Connection connection, boolean immutable) {
    this.file = file;
    this.connection = connection;
    this.immutable = immutable;
  }

  /**
   * Opens a file.
   *
   * @throws LedgerException if there is no file, it is not a database, or it has no table {@code
   *     signed_events}
   */
  public static AiMemoryFile open(Path file) throws LedgerException {
    if (!Files.isRegularFile(file)) {
      throw new LedgerException(file + ": no such file");
    }
    SqliteLibrary.load();
    // Opens a WAL database without a -wal file as immutable; otherwise SQLite would create two
    // files beside it, even for a read.
    boolean immutable = isWal(file) && !Files.exists(wal(file));
    try {
      Connection connection = connect(file, immutable);
      try {
        connection.setAutoCommit(false);
        AiMemoryFile opened = new AiMemoryFile(file, connection, immutable);
        opened.requireFormat();
        return opened;
      } catch (SQLException | LedgerException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw SqliteReading.unreadable(file, e);
    }
  }

  private static Connection connect(Path file, boolean immutable) throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.setReadOnly(true);
    config.setOpenMode(SQLiteOpenMode.NOMUTEX);
    config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
    String path = file.toAbsolutePath().toUri().getRawPath();
    return DriverManager.getConnection(
        "jdbc:sqlite:file:" + path + (immutable ? "?immutable=1" : ""), config.toProperties());
  }

  /**
   * Returns true if a file beside the database contains a part of its content. A digest of the
   * database file would not cover that part.
   */
  public static boolean isInUse(Path file) throws LedgerException {
    try {
      return size(wal(file)) + size(Path.of(file + "-journal")) > 0;
    } catch (IOException e) {
      throw new LedgerException(file + ": cannot be read: " + e.getMessage());
    }
  }

  private static long size(Path beside) throws IOException {
    return Files.exists(beside) ? Files.size(beside) : 0;
  }

  private void requireFormat() throws SQLException, LedgerException {
    if (!hasTable(TABLE)) {
      throw new LedgerException(
          file + ": has no table signed_events; pass the path of an ai-memory database");
    }
    List<String> columns = columnNames();
    if (columns.contains("payload")) {
      throw new LedgerException(file + ": is an Indelible ledger; omit --format and pass --data");
    }
    List<String> missing =
        COLUMNS.keySet().stream().filter(name -> !columns.contains(name)).sorted().toList();
    if (!missing.isEmpty()) {
      throw new LedgerException(
          "%s: its table signed_events has no column %s; only schema 34 of ai-memory and later have a chain"
              .formatted(file, missing.get(0)));
    }
    if (!texts("PRAGMA encoding").equals(List.of("UTF-8"))) {
      throw new LedgerException(
          file + ": its text encoding is not UTF-8; ai-memory hashes text as UTF-8");
    }
  }

  private List<String> columnNames() throws SQLException {
    return texts("SELECT name FROM pragma_table_info('" + TABLE + "')");
  }

  /**
   * Returns true if the file has a table with this name. Views, which have no root page, do not
   * count.
   */
  private boolean hasTable(String name) throws SQLException {
    return count(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name = '"
                + name
                + "'")
        > 0;
  }

  /**
   * Returns the findings of SQLite's integrity check for the table and its indexes. The check also
   * detects rows that are in the table but not in an index, or the reverse. Some queries find these
   * rows and others do not.
   */
  public List<String> damage() throws LedgerException {
    return reading(
        () -> {
          List<String> found = texts("PRAGMA integrity_check(signed_events)");
          return found.equals(List.of("ok")) ? List.of() : found;
        });
  }

  /** Passes every row that has a sequence number to {@code visitor}, in order. */
  public void forEachRow(Consumer<AiMemoryRow> visitor) throws LedgerException {
    reading(
        () -> {
          try (Statement statement = connection.createStatement();
              ResultSet rows =
                  statement.executeQuery(
                      """
              SELECT sequence, id, agent_id, event_type, payload_hash, signature, attest_level,
                timestamp, prev_hash, typeof(id), typeof(agent_id), typeof(event_type),
                typeof(payload_hash), typeof(signature), typeof(attest_level), typeof(timestamp),
                typeof(prev_hash)
              FROM signed_events WHERE typeof(sequence) = 'integer' ORDER BY sequence""")) {
            while (rows.next()) {
              visitor.accept(read(rows));
            }
          }
          return "";
        });
  }

  private static AiMemoryRow read(ResultSet row) throws SQLException {
    return new AiMemoryRow(
        row.getLong("sequence"),
        bytes(row, "id"),
        bytes(row, "agent_id"),
        bytes(row, "event_type"),
        bytes(row, "payload_hash"),
        bytes(row, "signature"),
        bytes(row, "attest_level"),
        bytes(row, "timestamp"),
        bytes(row, "prev_hash"),
        mistyped(row));
  }

  /** Returns the stored bytes; an empty array for NULL. */
  private static byte[] bytes(ResultSet row, String column) throws SQLException {
    byte @Nullable [] bytes = row.getBytes(column);
    return bytes == null ? new byte[0] : bytes;
  }

  private static Optional<String> mistyped(ResultSet row) throws SQLException {
    for (String column : COLUMNS.keySet()) {
      if (!column.equals("sequence")) {
        String type = Objects.requireNonNull(row.getString("typeof(" + column + ")"));
        if (!Objects.requireNonNull(COLUMNS.get(column)).contains(type)) {
          return Optional.of("its %s is of type %s".formatted(column, type));
        }
      }
    }
    return Optional.empty();
  }

  /** Returns the columns that ai-memory 0.7 does not have. */
  public List<String> laterColumns() throws LedgerException {
    return reading(
        () -> columnNames().stream().filter(name -> !COLUMNS.containsKey(name)).sorted().toList());
  }

  /** Returns the number of rows without a sequence number, which are not part of the chain. */
  public long unchained() throws LedgerException {
    return reading(
        () -> count("SELECT count(*) FROM signed_events WHERE typeof(sequence) <> 'integer'"));
  }

  /**
   * Returns the first row that repeats the id of an earlier row; empty if there is none. If no
   * index orders the ids, SQLite sorts the rows for this query.
   */
  public OptionalLong repeatedId() throws LedgerException {
    return reading(
        () -> {
          long sequence =
              count(
                  """
                  SELECT coalesce(min(last), -1) FROM (SELECT max(sequence) AS last
                    FROM signed_events
                    WHERE typeof(sequence) = 'integer' GROUP BY id HAVING count(*) > 1)""");
          return sequence < 0 ? OptionalLong.empty() : OptionalLong.of(sequence);
        });
  }

  /** Returns the number of dead letters, which are not part of the chain. */
  public long deadLetters() throws LedgerException {
    return reading(
        () -> hasTable(DEAD_LETTERS) ? count("SELECT count(*) FROM " + DEAD_LETTERS) : 0L);
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // Nothing was written, so nothing is lost.
    }
  }

  private <T> T reading(ThrowingSupplier<T, SQLException> query) throws LedgerException {
    try {
      T read = query.get();
      if (immutable && Files.exists(wal(file))) {
        throw new LedgerException(file + ": a writer opened it during the check; run this again");
      }
      return read;
    } catch (SQLException e) {
      throw SqliteReading.unreadable(file, e);
    }
  }

  private long count(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.getLong(1);
    }
  }

  /** Returns the first column of every row. */
  private List<String> texts(String sql) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
    }
    return texts;
  }

  private static Path wal(Path file) {
    return Path.of(file + "-wal");
  }

  private static boolean isWal(Path file) throws LedgerException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] header = Arrays.copyOf(in.readNBytes(READ_VERSION_AT + 1), READ_VERSION_AT + 1);
      return header[READ_VERSION_AT] == WAL_VERSION;
    } catch (IOException e) {
      throw new LedgerException(file + ": cannot be read: " + e.getMessage());
    }
  }
}
