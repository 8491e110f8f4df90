// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.base.ThrowingSupplier;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.RowCounter;
import dev.indelible.storage.RowRanges;
import dev.indelible.storage.StorageState;
import dev.indelible.storage.StoredLedger;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Reads a ledger in an SQLite file, whether or not a log is writing to it. Opens the file for
 * reading only. The class is long because it has the queries of every reader, each beside its SQL,
 * including queries for a file that may have no ledger yet. Used by one thread at a time.
 */
public final class SqliteLedger implements StoredLedger {
  private static final int BUSY_TIMEOUT_MILLIS = 5_000;

  /** Offset of the write version (SQLite file format, section 1.3.3). */
  private static final int WRITE_VERSION_AT = 18;

  private static final int NEWEST_WRITE_VERSION = 2;

  static final String LETTER_COLUMNS =
      "letter, id, agent_id, event_type, timestamp, payload_hash, payload, failure_reason,"
          + " failed_at, attempts, replayed_as";

  /**
   * SQL for the number of bytes in all texts of a dead letter; SQLite reads only the row's header.
   */
  static final String LETTER_BYTES =
      "octet_length(id) + octet_length(agent_id) + octet_length(event_type)"
          + " + octet_length(timestamp) + octet_length(payload_hash) + octet_length(payload)"
          + " + octet_length(failure_reason) + octet_length(failed_at)"
          + " + coalesce(octet_length(replayed_as), 0)";

  /** Upper limit of the bytes of a dead letter: its payload fits into a segment of a journal. */
  static final int MOST_LETTER_BYTES = 4 << 20;

  /**
   * SQL for the dead letters from a number on, followed by their numbers and sizes. The columns of
   * a dead letter that is too large are NULL: they are not read.
   */
  private static final String SELECT_LETTERS =
      "SELECT "
          + LETTER_COLUMNS
          + ", number, bytes FROM (SELECT letter AS number, "
          + LETTER_BYTES
          + " AS bytes FROM signed_events_dlq NOT INDEXED WHERE letter >= ?)"
          + " LEFT JOIN signed_events_dlq ON letter = number AND ifnull(bytes, 0) <= "
          + MOST_LETTER_BYTES
          + " ORDER BY number";

  private static final String SELECT_CHECKPOINTS =
      "SELECT size, note FROM indelible_checkpoints AS c ";

  /**
   * SQL for the checkpoints with their cosignatures, which are further lines of the note, ordered
   * by witness. The table may have more cosignatures than a note can have; the rest is not read.
   */
  private static final String SELECT_COSIGNED =
      "SELECT size, note || coalesce((SELECT group_concat(line || char(10), '') FROM"
          + " (SELECT line FROM indelible_cosignatures WHERE size = c.size"
          + " AND octet_length(line) <= 4096 ORDER BY witness LIMIT "
          + SignedCheckpoint.MAX_COSIGNATURES
          + ")), '') FROM indelible_checkpoints AS c ";

  private final Path file;
  private final String url;
  private final Connection connection;

  /** Statements that are run once for each row of a search. */
  private final Statements statements;

  /** True if the ledger has a tree; one of an earlier version has none until it is migrated. */
  private final boolean hasTree;

  /**
   * True if the ledger has a table of cosignatures; a ledger of an earlier version has none until
   * it is migrated.
   */
  private final boolean hasCosignatures;

  private SqliteLedger(Path file, String url, Connection connection) throws SQLException {
    this.file = file;
    this.url = url;
    this.connection = connection;
    this.statements = new Statements(connection);
    this.hasTree = SqliteSchema.hasTree(connection);
    this.hasCosignatures = SqliteSchema.hasCosignatures(connection);
  }

  /**
   * Opens a ledger for reading.
   *
   * @throws LedgerException if there is no file, or if it has no ledger or a ledger of a newer
   *     version
   */
  public static SqliteLedger open(Path file) throws LedgerException {
    if (!Files.isRegularFile(file)) {
      throw new LedgerException(file + ": no ledger here; the first recorded decision creates one");
    }
    SqliteLibrary.load();
    try {
      return connect(file, SqliteFile.url(file));
    } catch (LedgerException e) {
      // On a read-only disk, SQLite reads a database in WAL mode only if it is declared immutable.
      if (e.isDamaged()
          || Files.isWritable(file.toAbsolutePath().getParent())
          || SqliteReading.hasWal(file)) {
        throw e;
      }
      return connect(file, SqliteFile.url(file) + "?immutable=1");
    }
  }

  /**
   * Opens a ledger for reading, if there is one.
   *
   * @return empty if there is no file, or no ledger in it yet
   * @throws LedgerException if the file cannot be read, or cannot be a ledger's file
   */
  public static Optional<SqliteLedger> openIfThere(Path file) throws LedgerException {
    if (Files.notExists(file)) {
      return Optional.empty();
    }
    SqliteLibrary.load();
    String url = SqliteFile.url(file);
    try {
      Connection connection = SqliteReading.connect(url, SqliteReading.PEEK_BUSY_TIMEOUT_MILLIS);
      try {
        SqliteSchema.requireFit(connection);
        if (SqliteSchema.version(connection).isPresent()) {
          return Optional.of(new SqliteLedger(file, url, connection));
        }
        connection.close();
        return Optional.empty();
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw SqliteReading.unreadable(file, e);
    }
  }

  @Override
  public boolean hasRowSignedBy(VerificationKey key) throws LedgerException {
    RowCheck check = RowCheck.ofRecords(KeyRing.of(List.of(key)));
    boolean[] found = {false};
    reading(
        () -> {
          Statements.forEach(
              connection,
              SqliteRows.SELECT + "WHERE key_id = ? ORDER BY sequence",
              row -> {
                found[0] = check.content(SqliteRows.read(row)).isEmpty();
                return !found[0];
              },
              key.keyId());
          return null;
        });
    return found[0];
  }

  /**
   * Returns the id of the ledger in a file. Checks that the file is a database, undamaged at its
   * start, and not of a newer version.
   *
   * @return empty if there is no file, or no ledger in it yet
   * @throws LedgerException if the file cannot be a ledger's file
   */
  public static Optional<UUID> identify(Path file) throws LedgerException {
    return SqliteReading.peek(file, SqliteSchema::ledger).flatMap(found -> found);
  }

  /**
   * Returns the position up to which a ledger has committed a journal.
   *
   * @return the position of the last mark committed; 0 if there is none
   */
  public static long settled(Path file, UUID journal) throws LedgerException {
    return SqliteReading.peek(
            file,
            connection ->
                SqliteSchema.version(connection).isEmpty() ? 0L : position(connection, journal))
        .orElse(0L);
  }

  @Override
  public long settled(UUID journal) throws LedgerException {
    return reading(() -> position(connection, journal));
  }

  @Override
  public boolean isRecorded(UUID event) throws LedgerException {
    return reading(() -> isRecorded(connection, event));
  }

  /**
   * Returns true if the ledger in a file has an event, as {@link #isRecorded(UUID)} does; false if
   * there is no ledger yet.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public static boolean isRecorded(Path file, UUID event) throws LedgerException {
    return SqliteReading.peek(
            file,
            connection ->
                SqliteSchema.version(connection).isPresent() && isRecorded(connection, event))
        .orElse(false);
  }

  private static boolean isRecorded(Connection connection, UUID event) throws SQLException {
    return Statements.first(
            connection,
            "SELECT EXISTS (SELECT 1 FROM signed_events WHERE id = ?1)"
                + " OR EXISTS (SELECT 1 FROM signed_events_dlq"
                + " WHERE id = ?1 AND substr(failure_reason, 1, length(?3)) <> ?3)"
                + " OR EXISTS (SELECT 1 FROM signed_events WHERE event_type = ?2 AND"
                + " CASE WHEN json_valid(payload) THEN"
                + " json_extract(payload, '$.details.event_id') = ?1 END)",
            row -> row.getBoolean(1),
            event.toString(),
            SystemEvent.DEAD_LETTER_PURGED,
            DeadLetter.REFUSED)
        .orElseThrow();
  }

  /** Counts the rows from one sequence to another, in one pass over the rows, not an index. */
  @Override
  public RowCounter.Counts count(long from, long to) throws LedgerException {
    return first(
            "SELECT count(*), coalesce(sum(blocks), 0), coalesce(sum(verdict = 'refuse'), 0),"
                + " coalesce(sum(verdict = 'escalate'), 0) FROM (SELECT event_type = ?1 AS blocks,"
                + " CASE WHEN event_type = ?1 AND json_valid(payload) THEN"
                + " json_extract(payload, '$.decision.decision') END AS verdict"
                + " FROM signed_events NOT INDEXED WHERE sequence BETWEEN ?2 AND ?3)",
            row ->
                new RowCounter.Counts(
                    row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4)),
            DeferredAuditEvent.REFUSAL,
            from,
            to)
        .orElseThrow();
  }

  /** Returns true if a row from one sequence to another records an erasure. Reads these rows. */
  @Override
  public boolean hasErasure(long from, long to) throws LedgerException {
    return count(
            "SELECT EXISTS (SELECT 1 FROM signed_events NOT INDEXED WHERE event_type = ?"
                + " AND sequence BETWEEN ? AND ?)",
            SystemEvent.PAYLOAD_ERASED,
            from,
            to)
        > 0;
  }

  private static long position(Connection connection, UUID journal) throws SQLException {
    return Statements.first(
            connection,
            "SELECT position FROM indelible_journals WHERE journal = ?",
            row -> row.getLong(1),
            journal.toString())
        .orElse(0L);
  }

  @Override
  public void forEachRow(RowQuery query, Visitor<ChainRow> visitor) throws LedgerException {
    StringBuilder sql = new StringBuilder(SqliteRows.SELECT).append("WHERE sequence >= ?");
    query.agentId().ifPresent(agent -> sql.append(" AND agent_id = ?"));
    query.eventType().ifPresent(type -> sql.append(" AND event_type = ?"));
    sql.append(" ORDER BY sequence");
    List<Object> parameters = new ArrayList<>(List.of(query.from()));
    query.agentId().ifPresent(parameters::add);
    query.eventType().ifPresent(parameters::add);
    forEach(sql.toString(), row -> visitor.visit(SqliteRows.read(row)), parameters.toArray());
  }

  @Override
  public Optional<RowRanges> ranges(int readers) throws LedgerException {
    return reading(() -> SqliteRanges.areFound(connection))
        ? Optional.of(
            SqliteRanges.open(
                () -> SqliteReading.connect(url, BUSY_TIMEOUT_MILLIS),
                readers,
                e -> SqliteReading.unreadable(file, e)))
        : Optional.empty();
  }

  @Override
  public Optional<ChainRow> row(long sequence) throws LedgerException {
    return reading(
        () ->
            statements.first(SqliteRows.SELECT + "WHERE sequence = ?", SqliteRows::read, sequence));
  }

  @Override
  public Optional<ChainRow> row(String id) throws LedgerException {
    return first(SqliteRows.SELECT + "WHERE id = ?", SqliteRows::read, id);
  }

  @Override
  public Optional<ChainRow> lastRow() throws LedgerException {
    return first(SqliteRows.SELECT + "ORDER BY sequence DESC LIMIT 1", SqliteRows::read);
  }

  /** Returns the last rows of a type, the last one first. Finds them in the index by event type. */
  @Override
  public List<ChainRow> lastRows(String eventType, int most) throws LedgerException {
    List<ChainRow> rows = new ArrayList<>();
    forEach(
        SqliteRows.SELECT + "WHERE event_type = ? ORDER BY sequence DESC LIMIT ?",
        row -> rows.add(SqliteRows.read(row)),
        eventType,
        most);
    return rows;
  }

  @Override
  public Optional<UUID> id() throws LedgerException {
    return reading(() -> SqliteSchema.ledger(connection));
  }

  // Counts are read from the tables themselves, because an index can lack entries.

  @Override
  public long size() throws LedgerException {
    return count("SELECT count(*) FROM signed_events NOT INDEXED");
  }

  @Override
  public long size(String eventType) throws LedgerException {
    return count("SELECT count(*) FROM signed_events NOT INDEXED WHERE event_type = ?", eventType);
  }

  @Override
  public OptionalLong treeSize() throws LedgerException {
    return hasTree
        ? OptionalLong.of(count("SELECT max(size) FROM indelible_tree WHERE size >= 0"))
        : OptionalLong.empty();
  }

  @Override
  public Optional<byte[]> tile(int level, long index) throws LedgerException {
    return first(SqliteRows.SELECT_TILE, row -> row.getBytes(1), level, index);
  }

  @Override
  public Optional<StoredCheckpoint> lastCheckpoint() throws LedgerException {
    return hasTree
        ? first(selectCheckpoints() + "ORDER BY size DESC LIMIT 1", SqliteLedger::checkpoint)
        : Optional.empty();
  }

  @Override
  public void forEachCheckpoint(long fromSize, long toSize, Visitor<StoredCheckpoint> visitor)
      throws LedgerException {
    if (hasTree) {
      forEach(
          selectCheckpoints() + "WHERE size >= ? AND size <= ? ORDER BY size",
          row -> visitor.visit(checkpoint(row)),
          fromSize,
          toSize);
    }
  }

  @Override
  public void forEachCosigned(Visitor<StoredCheckpoint> visitor) throws LedgerException {
    if (hasCosignatures) {
      forEach(
          selectCheckpoints()
              + "WHERE size IN (SELECT size FROM indelible_cosignatures) ORDER BY size DESC",
          row -> visitor.visit(checkpoint(row)));
    }
  }

  private String selectCheckpoints() {
    return hasCosignatures ? SELECT_COSIGNED : SELECT_CHECKPOINTS;
  }

  static StoredCheckpoint checkpoint(ResultSet row) throws SQLException {
    byte[] note = Objects.requireNonNullElse(row.getBytes(2), new byte[0]);
    return new StoredCheckpoint(row.getLong(1), note);
  }

  @Override
  public long dlqSize() throws LedgerException {
    return count("SELECT count(*) FROM signed_events_dlq NOT INDEXED WHERE replayed_as IS NULL");
  }

  @Override
  public void forEachDeadLetter(long from, Visitor<DeadLetter> visitor) throws LedgerException {
    List<Long> oversized = new ArrayList<>();
    forEach(
        SELECT_LETTERS,
        row -> {
          // The number and the size follow the columns of the dead letter.
          if (row.getLong(13) > MOST_LETTER_BYTES) {
            oversized.add(row.getLong(12));
            return false;
          }
          return visitor.visit(deadLetter(row));
        },
        from);
    if (!oversized.isEmpty()) {
      throw new LedgerException(
          "%s: dead letter %s has more bytes than a dead letter can have, and is not read; keep the file, and restore it from a copy"
              .formatted(file, oversized.get(0)),
          true,
          null);
    }
  }

  @Override
  public Optional<StorageState> storage(boolean everyRow) throws LedgerException {
    try (Connection moment = SqliteReading.connect(url, BUSY_TIMEOUT_MILLIS)) {
      // One read transaction, so that everything compared is of one moment.
      moment.setAutoCommit(false);
      StorageState state = new SqliteStorage(moment, everyRow).state();
      return Optional.of(header().map(state::withFault).orElse(state));
    } catch (SQLException e) {
      throw SqliteReading.unreadable(file, e);
    }
  }

  /** Returns a finding if the file's header has a value that no writer sets; empty if not. */
  private Optional<String> header() {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] header = in.readNBytes(WRITE_VERSION_AT + 1);
      int version = header.length > WRITE_VERSION_AT ? header[WRITE_VERSION_AT] & 0xff : 0;
      return version <= NEWEST_WRITE_VERSION
          ? Optional.empty()
          : Optional.of(
              "the file's header states write version %s, which no SQLite writes to: nothing can be recorded"
                  .formatted(version));
    } catch (IOException e) {
      // The connection reads the header too, and its failure is reported.
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // The connection only read; nothing can be lost.
    }
  }

  /** Reads a dead letter from the columns {@link #LETTER_COLUMNS}. */
  static DeadLetter deadLetter(ResultSet row) throws SQLException {
    return new DeadLetter(
        row.getLong(1),
        text(row, 2),
        text(row, 3),
        text(row, 4),
        text(row, 5),
        Objects.requireNonNullElse(row.getBytes(6), new byte[0]),
        text(row, 7),
        text(row, 8),
        text(row, 9),
        (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, row.getLong(10))),
        Optional.ofNullable(row.getString(11)));
  }

  private static String text(ResultSet row, int column) throws SQLException {
    return Objects.requireNonNullElse(row.getString(column), "");
  }

  private void forEach(String sql, Statements.Each each, Object... parameters)
      throws LedgerException {
    reading(
        () -> {
          Statements.forEach(connection, sql, each, parameters);
          return null;
        });
  }

  private <T> Optional<T> first(String sql, Statements.Reading<T> reading, Object... parameters)
      throws LedgerException {
    return reading(() -> Statements.first(connection, sql, reading, parameters));
  }

  private long count(String sql, Object... parameters) throws LedgerException {
    return first(sql, row -> row.getLong(1), parameters).orElseThrow();
  }

  private static SqliteLedger connect(Path file, String url) throws LedgerException {
    try {
      Connection connection = SqliteReading.connect(url, BUSY_TIMEOUT_MILLIS);
      try {
        requireLedger(connection, file);
        return new SqliteLedger(file, url, connection);
      } catch (SQLException | LedgerException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw SqliteReading.unreadable(file, e);
    }
  }

  private static void requireLedger(Connection connection, Path file)
      throws SQLException, LedgerException {
    if (SqliteSchema.isWithoutVersion(connection)) {
      throw new LedgerException(
          file
              + ": its table indelible_schema is missing; keep the file, and restore it from a copy",
          true,
          null);
    }
    if (!SqliteSchema.isLedger(connection)) {
      throw new LedgerException(file + ": a database without a ledger; is this the right file?");
    }
    SqliteSchema.requireFit(connection);
  }

  private <T> T reading(ThrowingSupplier<T, SQLException> reading) throws LedgerException {
    try {
      return reading.get();
    } catch (SQLException e) {
      if (SqliteFault.isOfTheSchema(e)) {
        throw new LedgerException(
            file + ": its content is not that of a ledger: " + SqliteFault.describe(e), true, e);
      }
      throw SqliteReading.unreadable(file, e);
    }
  }
}
