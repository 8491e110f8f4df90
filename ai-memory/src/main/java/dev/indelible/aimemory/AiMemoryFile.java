// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.adopt.AiMemoryRow;
import dev.indelible.ledger.LedgerException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An SQLite file of ai-memory 0.7, for reading its table {@code signed_events}. All is read as of
 * one moment, the first reading. The file is opened for reading only, and where nobody has it open
 * nothing is put beside it. One thread.
 */
public final class AiMemoryFile implements AutoCloseable {
  private static final String TABLE = "signed_events";
  private static final String LETTERS = "signed_events_dlq";

  /** The columns and the type of value that each has in what the other system writes. */
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

  /** SQLite file format, section 1.3: where the header says if the file is in WAL mode. */
  private static final int READ_VERSION_AT = 19;

  private static final int WAL_VERSION = 2;

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
   * @throws LedgerException if there is none, or it is no database, or has no such table
   */
  public static AiMemoryFile open(Path file) throws LedgerException {
    if (!Files.isRegularFile(file)) {
      throw new LedgerException(file + ": no such file");
    }
    SqliteLibrary.load();
    // Merely to read it, SQLite would put two files beside a database in WAL mode.
    boolean immutable = isWal(file) && !Files.exists(wal(file));
    String url = SqliteFile.url(file) + (immutable ? "?immutable=1" : "");
    try {
      Connection connection = DriverManager.getConnection(url, SqliteLedger.readOnly());
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
      throw SqliteLedger.unreadable(file, e);
    }
  }

  /**
   * Whether some of what is in the database is not in its file: a digest of the file would not be
   * one of what is read.
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
      throw new LedgerException(file + ": no table signed_events in it; is this the right file?");
    }
    List<String> columns = columnNames();
    if (columns.contains("payload")) {
      throw new LedgerException(
          file + ": an Indelible ledger; check it without --format, with --data");
    }
    List<String> missing =
        COLUMNS.keySet().stream().filter(name -> !columns.contains(name)).sorted().toList();
    if (!missing.isEmpty()) {
      throw new LedgerException(
          "%s: its table signed_events has no column %s; a chain has been kept since schema 34 of ai-memory"
              .formatted(file, missing.get(0)));
    }
    if (!texts("PRAGMA encoding").equals(List.of("UTF-8"))) {
      throw new LedgerException(file + ": its text is not in UTF-8, in which it would be hashed");
    }
  }

  private List<String> columnNames() throws SQLException {
    List<String> names = new ArrayList<>();
    Statements.forEach(
        connection,
        SqliteStructure.pragma("table_info", TABLE),
        row -> names.add(row.getString("name")));
    return names;
  }

  /** Whether there is a table of that name that has its rows in this file, as no view has. */
  private boolean hasTable(String name) throws SQLException {
    return count(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name = '"
                + name
                + "'")
        > 0;
  }

  /**
   * What is wrong with the table and its indexes as SQLite keeps them, as far as it can be told
   * from reading all of both; a row that only one of them has would be read or not as the query
   * goes.
   */
  public List<String> damage() throws LedgerException {
    return reading(
        () -> {
          List<String> found = texts("PRAGMA integrity_check(signed_events)");
          return found.equals(List.of("ok")) ? List.of() : found;
        });
  }

  /** Shows every row that has a place in the chain, in order of sequence. */
  public void forEachRow(Consumer<AiMemoryRow> visitor) throws LedgerException {
    reading(
        () -> {
          Statements.forEach(
              connection,
              """
              SELECT sequence, id, agent_id, event_type, payload_hash, signature, attest_level,
                timestamp, prev_hash, typeof(id), typeof(agent_id), typeof(event_type),
                typeof(payload_hash), typeof(signature), typeof(attest_level), typeof(timestamp),
                typeof(prev_hash)
              FROM signed_events WHERE typeof(sequence) = 'integer' ORDER BY sequence""",
              row -> {
                visitor.accept(read(row));
                return true;
              });
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

  /** The bytes as they are stored; none for NULL. */
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

  /** The columns of the table that ai-memory 0.7 does not have. */
  public List<String> laterColumns() throws LedgerException {
    return reading(
        () -> columnNames().stream().filter(name -> !COLUMNS.containsKey(name)).sorted().toList());
  }

  /** How many rows have no number, and so no place in the chain. */
  public long unchained() throws LedgerException {
    return reading(
        () -> count("SELECT count(*) FROM signed_events WHERE typeof(sequence) <> 'integer'"));
  }

  /**
   * The first row whose id an earlier row has; empty if each row has an id of its own. Reads the
   * table itself where no index has the ids in order.
   */
  public OptionalLong repeatedId() throws LedgerException {
    return reading(
        () ->
            Statements.first(
                    connection,
                    """
                    SELECT min(last) FROM (SELECT max(sequence) AS last FROM signed_events
                      WHERE typeof(sequence) = 'integer' GROUP BY id HAVING count(*) > 1)""",
                    row -> row.getObject(1) == null ? -1L : row.getLong(1))
                .filter(sequence -> sequence >= 0)
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty()));
  }

  /** How many events were refused a row, and lie in a table beside the chain. */
  public long deadLetters() throws LedgerException {
    return reading(() -> hasTable(LETTERS) ? count("SELECT count(*) FROM " + LETTERS) : 0L);
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // It was only read from; there is nothing to lose.
    }
  }

  private <T> T reading(SqliteLedger.Reading<T> reading) throws LedgerException {
    try {
      T read = reading.read();
      if (immutable && Files.exists(wal(file))) {
        throw new LedgerException(
            file + ": was opened by its writer while it was read; run this again");
      }
      return read;
    } catch (SQLException e) {
      throw SqliteLedger.unreadable(file, e);
    }
  }

  private long count(String sql) throws SQLException {
    return Statements.first(connection, sql, row -> row.getLong(1)).orElseThrow();
  }

  /** The first column of every row. */
  private List<String> texts(String sql) throws SQLException {
    List<String> texts = new ArrayList<>();
    Statements.forEach(connection, sql, row -> texts.add(row.getString(1)));
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
