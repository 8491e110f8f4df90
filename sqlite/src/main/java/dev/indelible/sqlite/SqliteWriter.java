// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.base.ThrowingSupplier;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.LedgerSchemaException;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.RefusedException;
import dev.indelible.storage.RefusedException.Refusal;
import dev.indelible.storage.VerifiableLedger;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes to a ledger in an SQLite file, over its own connection. A refused row affects no other
 * row: SQLite undoes that statement and keeps the transaction. The class is long because {@link
 * LedgerWriter} has many methods, each beside its SQL.
 */
public final class SqliteWriter implements LedgerWriter {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteWriter.class);

  /**
   * Time that SQLite itself waits for a lock on behalf of a drainer, which then retries. While
   * SQLite waits, the drainer does not notice a shutdown, for which it has half a second.
   */
  private static final Duration DRAINER_BUSY_TIMEOUT = Duration.ofMillis(250);

  /** Time that SQLite itself waits for a lock on behalf of a command run by hand. */
  private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(5);

  /** Rows in one commit that indicate load and justify a thread for WAL checkpoints. */
  private static final int MANY_ROWS = 256;

  private final Path file;
  private final Connection connection;

  /** Identity of the file in the file system, read before the connection opens it. */
  private final Optional<Object> identity;

  /** Version of the SQLite that the application brought, if it is too old; null if not. */
  private final @Nullable String oldSqlite;

  private final Statements statements;
  private final PreparedStatement insertRow;

  /** Value of {@code data_version} when {@link #isChangedByOthers} was last called. */
  private long dataVersion;

  /** True if a transaction is open. */
  private boolean begun;

  /** Rows inserted in this transaction. */
  private int inserted;

  /** Runs WAL checkpoints on another thread; null until there is load. */
  private @Nullable WalCheckpointer checkpointer;

  private SqliteWriter(Path file, Connection connection, Optional<Object> identity)
      throws SQLException {
    this.file = file;
    this.connection = connection;
    this.identity = identity;
    String version =
        Statements.first(connection, "SELECT sqlite_version()", row -> row.getString(1))
            .orElseThrow();
    this.oldSqlite = WalCheckpointer.isSafeWith(version) ? null : version;
    this.statements = new Statements(connection);
    this.insertRow = statements.prepared(SqliteRows.INSERT);
  }

  /**
   * Opens a ledger for a command run by hand; creates the ledger if there is none.
   *
   * @throws LedgerException if the ledger cannot be written to
   */
  public static SqliteWriter open(Path file) throws LedgerException {
    return open(file, null, BUSY_TIMEOUT);
  }

  /**
   * Returns a factory that opens a ledger for a drainer.
   *
   * @param ledger the id that the file's ledger must have, and a new ledger gets; null for any
   */
  public static LedgerFactory drainer(Path file, @Nullable UUID ledger) {
    return () -> open(file, ledger, DRAINER_BUSY_TIMEOUT);
  }

  private static SqliteWriter open(Path file, @Nullable UUID ledger, Duration busyTimeout)
      throws LedgerException {
    SqliteLibrary.load();
    try {
      SqliteFile.create(file);
      // The identity is read before the file is opened: if the file is replaced in between, the new
      // file counts as another file, never as this one.
      Optional<Object> identity = SqliteFile.identity(file);
      Connection connection =
          DriverManager.getConnection(SqliteFile.url(file), SqliteTuning.properties());
      try {
        return open(file, ledger, busyTimeout, connection, identity);
      } catch (SQLException e) {
        LedgerException failure = failure(file, connection, e);
        connection.close();
        throw failure;
      } catch (RuntimeException | Error e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw failure(file, null, e);
    }
  }

  private static SqliteWriter open(
      Path file,
      @Nullable UUID ledger,
      Duration busyTimeout,
      Connection connection,
      Optional<Object> identity)
      throws SQLException {
    execute(connection, "PRAGMA busy_timeout = " + busyTimeout.toMillis());
    SqliteSchema.requireFit(connection);
    SqliteTuning.apply(connection);
    if (SqliteSchema.version(connection).orElse(0) != SqliteSchema.VERSION) {
      execute(connection, "BEGIN IMMEDIATE");
      SqliteSchema.migrate(connection, Objects.requireNonNullElseGet(ledger, UUID::randomUUID));
      execute(connection, "COMMIT");
    }
    if (ledger != null) {
      requireLedger(connection, ledger);
    }
    return new SqliteWriter(file, connection, identity);
  }

  private static void requireLedger(Connection connection, UUID ledger) throws SQLException {
    Optional<UUID> found = SqliteSchema.ledger(connection);
    if (!found.equals(Optional.of(ledger))) {
      throw new SqliteSchema.UnfitDatabaseException(
          "the database has ledger %s in place of ledger %s; restore the right file"
              .formatted(found.map(UUID::toString).orElse("(none)"), ledger));
    }
  }

  @Override
  public String name() {
    return file.toString();
  }

  @Override
  public Optional<Warning> warning() {
    return Optional.ofNullable(oldSqlite)
        .map(
            version ->
                new Warning(
                    HealthEntry.SQLITE,
                    "SQLite "
                        + version
                        + " may damage a database that two connections write to; use version 3.51.3 or later"));
  }

  @Override
  public boolean isStillThere() {
    return SqliteFile.identity(file).equals(identity);
  }

  @Override
  public VerifiableLedger reader() throws LedgerException {
    return SqliteLedger.open(file);
  }

  @Override
  public UUID ledger() throws LedgerException {
    return query(
        () ->
            SqliteSchema.ledger(connection)
                .orElseThrow(
                    () -> new SQLException("the database no longer has the ledger's id", "", 11)));
  }

  @Override
  public void begin() throws LedgerException {
    execute("BEGIN IMMEDIATE");
    begun = true;
    inserted = 0;
  }

  @Override
  public void commit() throws LedgerException {
    execute("COMMIT");
    begun = false;
    if (inserted >= MANY_ROWS && checkpointer == null && oldSqlite == null) {
      execute("PRAGMA wal_autocheckpoint = " + WalCheckpointer.WRITERS_PAGES);
      checkpointer = WalCheckpointer.start(file);
    }
    if (checkpointer != null) {
      checkpointer.committed();
    }
  }

  @Override
  public void rollback() throws LedgerException {
    begun = false;
    execute("ROLLBACK");
  }

  /** Inserts rows one by one: SQLite undoes a failed statement by itself. */
  @Override
  public void insert(List<ChainRow> rows) throws LedgerException {
    for (int i = 0; i < rows.size(); i++) {
      try {
        SqliteRows.bind(insertRow, rows.get(i));
        if (insertRow.executeUpdate() != 1) {
          throw new SQLException("the insert was suppressed by a trigger", "", 19);
        }
        inserted++;
      } catch (SQLException e) {
        throw insertFailure(e, i);
      }
    }
  }

  private LedgerException insertFailure(SQLException e, int before) {
    Optional<Refusal> refusal = SqliteFault.refusal(e);
    if (refusal.isPresent() && begun && !isInTransaction()) {
      // Without a transaction, each further row would be committed at once, before those that must
      // be written again.
      return new LedgerException(
          file
              + ": a trigger or constraint rolled back the transaction: "
              + SqliteFault.describe(e),
          false,
          e);
    }
    LedgerException failure = failure(e);
    return refusal.isEmpty() || failure instanceof LedgerSchemaException
        ? failure
        : new RefusedException(name(), refusal.get(), SqliteFault.describe(e), before, e);
  }

  /**
   * Returns true if a transaction is open. Tries to begin one, which SQLite rejects if one is open;
   * there is no other way to find out.
   */
  private boolean isInTransaction() {
    try {
      execute(connection, "BEGIN");
    } catch (SQLException e) {
      return true;
    }
    return false;
  }

  @Override
  public Optional<ChainRow> lastRow() throws LedgerException {
    return first(SqliteRows.SELECT + "ORDER BY sequence DESC LIMIT 1", SqliteRows::read);
  }

  @Override
  public Optional<ChainRow> lastRowBelow(long sequence) throws LedgerException {
    return first(
        SqliteRows.SELECT + "WHERE sequence < ? ORDER BY sequence DESC LIMIT 1",
        SqliteRows::read,
        sequence);
  }

  @Override
  public Optional<ChainRow> row(String id) throws LedgerException {
    return first(SqliteRows.SELECT + "WHERE id = ?", SqliteRows::read, id);
  }

  @Override
  public Optional<ChainRow> lastOfType(String eventType, long below, Predicate<ChainRow> holds)
      throws LedgerException {
    List<ChainRow> found = new ArrayList<>();
    query(
        () -> {
          statements.forEach(
              SqliteRows.SELECT + "WHERE event_type = ? AND sequence < ? ORDER BY sequence DESC",
              row -> {
                ChainRow read = SqliteRows.read(row);
                return !(holds.test(read) && found.add(read));
              },
              eventType,
              below);
          return true;
        });
    return found.stream().findFirst();
  }

  @Override
  public List<ChainRow> rowsOfType(String eventType) throws LedgerException {
    return all(
        SqliteRows.SELECT + "WHERE event_type = ? ORDER BY sequence", SqliteRows::read, eventType);
  }

  @Override
  public List<ChainRow> rowsBetween(long after, long to, int limit) throws LedgerException {
    return all(
        SqliteRows.SELECT + "WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
        SqliteRows::read,
        after,
        to,
        limit);
  }

  @Override
  public OptionalLong firstRowSince(String timestamp) throws LedgerException {
    return first(
            "SELECT sequence FROM signed_events WHERE timestamp >= ? ORDER BY sequence LIMIT 1",
            row -> OptionalLong.of(row.getLong(1)),
            timestamp)
        .orElse(OptionalLong.empty());
  }

  @Override
  public long size() throws LedgerException {
    return count("SELECT count(*) FROM signed_events");
  }

  @Override
  public long count(String eventType, long from, long to) throws LedgerException {
    return count(
        "SELECT count(*) FROM signed_events"
            + " WHERE event_type = ? AND sequence >= ? AND sequence <= ?",
        eventType,
        from,
        to);
  }

  @Override
  public boolean erasePayload(ChainRow row) throws LedgerException {
    return change(
            "UPDATE signed_events SET payload = NULL"
                + " WHERE sequence = ? AND id = ? AND payload IS NOT NULL",
            row.sequence(),
            row.id())
        == 1;
  }

  /** Runs a WAL checkpoint that empties the log; {@code secure_delete} overwrites the rest. */
  @Override
  public Remains purgeTraces() throws LedgerException {
    return first("PRAGMA wal_checkpoint(TRUNCATE)", row -> row.getInt(1) == 0).orElse(false)
        ? Remains.NONE
        : Remains.READ_BY_OTHERS;
  }

  @Override
  public long position(UUID journal) throws LedgerException {
    return first(
            "SELECT position FROM indelible_journals WHERE journal = ?",
            row -> row.getLong(1),
            journal.toString())
        .orElse(0L);
  }

  @Override
  public void advance(UUID journal, long position) throws LedgerException {
    change(
        "INSERT INTO indelible_journals (journal, position) VALUES (?, ?)"
            + " ON CONFLICT (journal) DO UPDATE SET position = excluded.position",
        journal.toString(),
        position);
  }

  @Override
  public void insertDeadLetter(ChainRow row, String reason, String failedAt, int attempts)
      throws LedgerException {
    int changed =
        change(
            "INSERT INTO signed_events_dlq (id, agent_id, event_type, payload_hash, timestamp,"
                + " payload, failure_reason, failed_at, attempts)"
                + " VALUES (?, ?, ?, ?, ?, CAST(? AS TEXT), ?, ?, ?)",
            row.id(),
            row.agentId(),
            row.eventType(),
            row.payloadHash(),
            row.timestamp(),
            row.payload().orElseThrow(),
            reason,
            failedAt,
            attempts);
    if (changed != 1) {
      throw failure(new SQLException("a trigger prevented the insert of the dead letter"));
    }
  }

  @Override
  public List<DeadLetter> waitingDeadLetters() throws LedgerException {
    return all(
        "SELECT "
            + SqliteLedger.LETTER_COLUMNS
            + " FROM signed_events_dlq WHERE replayed_as IS NULL"
            + " AND substr(failure_reason, 1, length(?1)) <> ?1 ORDER BY letter",
        SqliteLedger::deadLetter,
        DeadLetter.REFUSED);
  }

  @Override
  public long countWaitingDeadLetters() throws LedgerException {
    return count("SELECT count(*) FROM signed_events_dlq WHERE replayed_as IS NULL");
  }

  @Override
  public Set<UUID> deadLettered(Collection<UUID> events) throws LedgerException {
    // To read them all costs less than a search for each event, unless there are more of them.
    List<String> ids =
        all("SELECT id FROM signed_events_dlq LIMIT ?", row -> row.getString(1), events.size() + 1);
    if (ids.size() > events.size()) {
      ids =
          all(
              "SELECT value FROM json_each(?)"
                  + " WHERE EXISTS (SELECT 1 FROM signed_events_dlq WHERE id = value)",
              row -> row.getString(1),
              events.stream()
                  .map(event -> "\"" + event + "\"")
                  .collect(Collectors.joining(",", "[", "]")));
    }
    return LedgerWriter.among(events, ids);
  }

  @Override
  public List<DeadLetter> deadLetters(String id, boolean withRefused) throws LedgerException {
    return all(
        "SELECT "
            + SqliteLedger.LETTER_COLUMNS
            + " FROM signed_events_dlq WHERE id = ?1 AND replayed_as IS NULL"
            + " AND (?2 OR substr(failure_reason, 1, length(?3)) <> ?3)"
            + " ORDER BY letter DESC LIMIT ?4",
        SqliteLedger::deadLetter,
        id,
        withRefused ? 1 : 0,
        DeadLetter.REFUSED,
        MOST_OF_ONE_EVENT);
  }

  @Override
  public boolean markReplayed(DeadLetter deadLetter) throws LedgerException {
    return change(
            "UPDATE signed_events_dlq SET replayed_as = id"
                + " WHERE replayed_as IS NULL AND letter = ?",
            deadLetter.number())
        == 1;
  }

  @Override
  public boolean removeDeadLetter(DeadLetter deadLetter) throws LedgerException {
    return change("DELETE FROM signed_events_dlq WHERE letter = ?", deadLetter.number()) == 1;
  }

  @Override
  public int removeReplayed(String id) throws LedgerException {
    return change("DELETE FROM signed_events_dlq WHERE id = ? AND replayed_as IS NOT NULL", id);
  }

  @Override
  public Optional<TreeState> treeState() throws LedgerException {
    return first(
        "SELECT size, sequence FROM indelible_tree",
        row -> new TreeState(row.getLong(1), row.getLong(2)));
  }

  @Override
  public void storeTreeState(TreeState state) throws LedgerException {
    change("UPDATE indelible_tree SET size = ?, sequence = ?", state.size(), state.sequence());
  }

  @Override
  public Optional<byte[]> tile(int level, long index) throws LedgerException {
    return first(SqliteRows.SELECT_TILE, row -> row.getBytes(1), level, index);
  }

  @Override
  public void storeTile(int level, long index, byte[] hashes) throws LedgerException {
    change(
        "INSERT INTO indelible_tiles (level, tile, hashes) VALUES (?, ?, ?)"
            + " ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes",
        level,
        index,
        hashes);
  }

  @Override
  public Optional<StoredCheckpoint> lastCheckpoint() throws LedgerException {
    return first(
        "SELECT size, note FROM indelible_checkpoints ORDER BY size DESC LIMIT 1",
        SqliteLedger::checkpoint);
  }

  @Override
  public void insertCheckpoint(StoredCheckpoint checkpoint) throws LedgerException {
    change(
        "INSERT INTO indelible_checkpoints (size, note) VALUES (?, CAST(? AS TEXT))",
        checkpoint.size(),
        checkpoint.note());
  }

  @Override
  public boolean isChangedByOthers() {
    try {
      long version =
          Statements.first(connection, "PRAGMA data_version", row -> row.getLong(1)).orElseThrow();
      boolean changed = version != dataVersion;
      dataVersion = version;
      return changed;
    } catch (SQLException e) {
      return true;
    }
  }

  /**
   * Closes the connection after a WAL checkpoint, so that the database file has all rows even if
   * readers are connected: SQLite would leave the rows in the log until a later writer closes.
   */
  @Override
  public void close() {
    if (checkpointer != null) {
      checkpointer.close();
    }
    try {
      try (Statement statement = connection.createStatement()) {
        statement.execute("PRAGMA wal_checkpoint(PASSIVE)");
      } finally {
        connection.close();
      }
    } catch (SQLException e) {
      // Committed rows stay committed.
      LOG.warn("closing the ledger failed: {}", SqliteFault.describe(e));
    }
  }

  private <T> T query(ThrowingSupplier<T, SQLException> query) throws LedgerException {
    try {
      return query.get();
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  private <T> Optional<T> first(String sql, Statements.Reading<T> reading, Object... parameters)
      throws LedgerException {
    return query(() -> statements.first(sql, reading, parameters));
  }

  private <T> List<T> all(String sql, Statements.Reading<T> reading, Object... parameters)
      throws LedgerException {
    return query(() -> statements.all(sql, reading, parameters));
  }

  private long count(String sql, Object... parameters) throws LedgerException {
    return first(sql, row -> row.getLong(1), parameters).orElseThrow();
  }

  private int change(String sql, Object... parameters) throws LedgerException {
    return query(() -> statements.change(sql, parameters));
  }

  private void execute(String sql) throws LedgerException {
    query(
        () -> {
          execute(connection, sql);
          return true;
        });
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private LedgerException failure(SQLException e) {
    return failure(file, connection, e);
  }

  /** Returns the exception for an error of SQLite during an append (D6). */
  private static LedgerException failure(
      Path file, @Nullable Connection connection, SQLException error) {
    SQLException e = connection == null ? error : SqliteSchema.explain(connection, error);
    String message = file + ": " + SqliteFault.describe(e);
    if (e instanceof SqliteSchema.ForeignSchemaException) {
      return new LedgerSchemaException(message, e);
    }
    return e instanceof SqliteSchema.UnfitDatabaseException || SqliteFault.refusal(e).isPresent()
        ? new LedgerException(message, false, e)
        : new LedgerUnavailableException(message, SqliteFault.isLock(e), e);
  }
}
