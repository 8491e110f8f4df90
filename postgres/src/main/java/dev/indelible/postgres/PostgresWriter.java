// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.base.ThrowingSupplier;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.storage.LedgerSchemaException;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.RefusedException;
import dev.indelible.storage.RefusedException.Refusal;
import dev.indelible.storage.VerifiableLedger;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes to a ledger in PostgreSQL, over its own connection.
 *
 * <p>Every transaction first updates the head, a table of one row. The lock on that row makes the
 * transaction exclusive, and orders the writers of all hosts. A lock of the session would not hold
 * behind a connection pool such as PgBouncer. The unique keys on sequence and id refuse a row that
 * was written without the lock.
 *
 * <p>The class is long because {@link LedgerWriter} has many methods, each beside its SQL.
 */
final class PostgresWriter implements LedgerWriter {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresWriter.class);

  /** Rows in a batch beyond which the server's buffers make a transaction slower. */
  static final int MAX_BATCH = 2_000;

  /** Rows of one COPY: enough to make its exchange with the server cheap. */
  private static final int ROWS_AT_ONCE = 500;

  /**
   * Time that a writer waits for the lock on the head. Long enough for the batches of many gates: a
   * writer that ends its wait loses its place among those that wait, and then its connection.
   */
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(5);

  /** Time after which the server ends the transaction of a writer that stopped, for the others. */
  private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(30);

  /** The only setting that waits for a standby longer than {@code on} does. */
  private static final String REMOTE_APPLY = "remote_apply";

  private final PostgresAddress address;
  private final Patience patience;

  /** The ledger that this writer writes to. */
  private final UUID ledger;

  /** Replaced in {@link #begin} if the server closed it. */
  private Connection connection;

  /** SQL that begins a transaction. */
  private String settings;

  /** Version of the head after the last transaction of this writer, or when it was last read. */
  private long version = -1;

  /** Last row inserted in this transaction; null if there is none. */
  private @Nullable ChainRow last;

  /** Size of the tree in this transaction. */
  private long treeSize;

  /** True if the commit of this transaction waits for a standby. */
  private boolean isSynchronous;

  private Replication replication = new Replication();

  private PostgresWriter(
      PostgresAddress address, Patience patience, Connection connection, UUID ledger)
      throws SQLException {
    this.address = address;
    this.patience = patience;
    this.connection = connection;
    this.ledger = ledger;
    this.settings = settings(connection);
  }

  /**
   * Opens a ledger.
   *
   * @param expected the id that the ledger must have; null for any
   */
  static PostgresWriter open(PostgresAddress address, @Nullable UUID expected, Patience patience)
      throws LedgerException {
    try {
      Connection connection = address.connect(patience);
      try {
        return new PostgresWriter(
            address, patience, connection, requireLedger(connection, address, expected));
      } catch (SQLException | LedgerException | RuntimeException | Error e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw PostgresFault.writing(address.name(), e);
    }
  }

  private static UUID requireLedger(
      Connection connection, PostgresAddress address, @Nullable UUID expected)
      throws SQLException, LedgerException {
    if (!PostgresSchema.isLedger(connection, address)) {
      throw PostgresSchema.absent(address);
    }
    PostgresSchema.requireWritable(connection, address);
    UUID found =
        Sql.first(
                connection,
                address.sql("SELECT ledger FROM @indelible_head"),
                row -> row.getObject(1, UUID.class))
            .orElseThrow(() -> headIsMissing(address));
    if (expected != null && !expected.equals(found)) {
      throw new LedgerException(
          "%s: the schema has ledger %s in place of ledger %s; connect to the right database"
              .formatted(address.name(), found, expected));
    }
    return found;
  }

  /**
   * Returns the settings of a transaction. They are local to it, because a pool may pass the
   * session to another program. A commit waits for the disk, and for a synchronous standby if there
   * is one.
   */
  private static String settings(Connection connection) throws SQLException {
    String commit =
        Sql.first(connection, "SHOW synchronous_commit", row -> row.getString(1))
            .filter(REMOTE_APPLY::equals)
            .orElse("on");
    return "SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; SET LOCAL lock_timeout = %s;"
            .formatted(LOCK_TIMEOUT.toMillis())
        + " SET LOCAL idle_in_transaction_session_timeout = %s; SET LOCAL synchronous_commit = %s;"
            .formatted(IDLE_TIMEOUT.toMillis(), commit)
        // A session that waits for the rows of a COPY is not idle. Without these settings, it would
        // hold the lock on the head for hours after its client vanished.
        + " SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 5;"
        + " SET LOCAL tcp_keepalives_count = 4; SET LOCAL tcp_user_timeout = %s;"
            .formatted(IDLE_TIMEOUT.toMillis())
        // A pool may ignore the search path of the connection.
        + " SET LOCAL search_path = pg_catalog";
  }

  private static LedgerSchemaException headIsMissing(PostgresAddress address) {
    return new LedgerSchemaException(
        address.name()
            + ": indelible_head no longer has the row of this ledger; restore the ledger from a copy",
        null);
  }

  @Override
  public String name() {
    return address.name();
  }

  @Override
  public Optional<Warning> warning() {
    try {
      return Sql.first(
              connection,
              "SELECT string_agg(name, ' and ') FROM pg_settings"
                  + " WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'",
              row -> row.getString(1))
          .map(
              off ->
                  new Warning(
                      HealthEntry.POSTGRESQL,
                      "PostgreSQL runs with %s off: a power cut can lose or damage recorded rows"
                          .formatted(off)));
    } catch (SQLException e) {
      // The settings cannot be read now; the next statement reports the fault.
      return Optional.empty();
    }
  }

  @Override
  public UUID ledger() {
    return ledger;
  }

  @Override
  public int rowsAtOnce() {
    return ROWS_AT_ONCE;
  }

  /**
   * Begins a transaction, and locks the head first. Every later statement sees the state that the
   * last holder of the lock committed, because each one takes a new snapshot (READ COMMITTED).
   */
  @Override
  public void begin() throws LedgerException {
    last = null;
    try {
      if (connection.isClosed()) {
        Connection replaced = address.connect(patience);
        try {
          requireLedger(replaced, address, ledger);
          settings = settings(replaced);
        } catch (SQLException | LedgerException | RuntimeException | Error e) {
          replaced.close();
          throw e;
        }
        connection = replaced;
        replication = new Replication();
      }
      connection.setAutoCommit(false);
      Sql.run(connection, settings);
      version =
          Sql.first(
                  connection,
                  sql(
                      "UPDATE @indelible_head SET version = version + 1 WHERE ledger = ?"
                          + " RETURNING version, tree_size,"
                          + " current_setting('synchronous_standby_names') <> ''"),
                  row -> {
                    treeSize = row.getLong(2);
                    isSynchronous = row.getBoolean(3);
                    return row.getLong(1);
                  },
                  ledger)
              .orElseThrow(() -> headIsMissing(address));
    } catch (SQLException e) {
      LedgerException failure = failure(e);
      rollback(failure);
      throw failure;
    } catch (LedgerException e) {
      rollback(e);
      throw e;
    }
  }

  /**
   * Moves the head to the last row of the transaction, and commits. If the wait for a synchronous
   * standby is cancelled, the server has committed, but the standby may lack the rows: that throws,
   * and the next commit of any writer confirms them.
   */
  @Override
  public void commit() throws LedgerException {
    run(
        () -> {
          ChainRow end = last;
          if (end != null) {
            Sql.change(
                connection,
                sql("UPDATE @indelible_head SET sequence = ?, hash = ? WHERE ledger = ?"),
                end.sequence(),
                end.recordHash(),
                ledger);
          }
          connection.clearWarnings();
          connection.commit();
          connection.setAutoCommit(true);
          return true;
        });
    if (isSynchronous) {
      requireReplicated();
      replication.replicated(treeSize);
    }
  }

  private void requireReplicated() throws LedgerException {
    try {
      for (SQLWarning warning = connection.getWarnings();
          warning != null;
          warning = warning.getNextWarning()) {
        if (PostgresFault.isUnreplicated(warning)) {
          throw new LedgerUnavailableException(
              name() + ": the wait for the synchronous standby was cancelled: it may lack rows",
              false,
              warning);
        }
      }
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  @Override
  public void rollback() throws LedgerException {
    run(
        () -> {
          if (!connection.isClosed() && !connection.getAutoCommit()) {
            // The version that this transaction gave the head is undone with it.
            version = -1;
            connection.rollback();
            connection.setAutoCommit(true);
          }
          return true;
        });
  }

  /**
   * Sends the rows in one COPY. If the server refuses it, the rows are inserted one by one up to
   * the refused one, because COPY does not say which row that is.
   */
  @Override
  public void insert(List<ChainRow> rows) throws LedgerException {
    if (rows.size() > 1) {
      try {
        savepoint();
        copy(rows);
        releaseSavepoint();
        last = rows.get(rows.size() - 1);
        return;
      } catch (SQLException e) {
        if (PostgresFault.refusal(e).isEmpty()) {
          throw failure(e);
        }
        undo();
      }
    }
    for (int i = 0; i < rows.size(); i++) {
      insert(rows.get(i), i);
    }
  }

  private void copy(List<ChainRow> rows) throws SQLException {
    CopyIn copy =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn(
                sql(
                    "COPY @signed_events ("
                        + PostgresRows.COLUMNS
                        + ") FROM STDIN (FORMAT BINARY)"));
    try {
      CopyFormat.Writer out = new CopyFormat.Writer(copy);
      for (ChainRow row : rows) {
        out.row(row);
      }
      if (out.end() != rows.size()) {
        throw suppressed();
      }
    } finally {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  private void insert(ChainRow row, int before) throws LedgerException {
    try {
      savepoint();
      if (Sql.change(connection, sql(PostgresRows.INSERT), PostgresRows.values(row)) != 1) {
        throw suppressed();
      }
      releaseSavepoint();
      last = row;
    } catch (SQLException e) {
      Optional<Refusal> refusal = PostgresFault.refusal(e);
      if (refusal.isEmpty()) {
        throw failure(e);
      }
      undo();
      throw new RefusedException(name(), refusal.get(), PostgresFault.describe(e), before, e);
    }
  }

  private static SQLException suppressed() {
    return new SQLException("the insert was suppressed by a trigger", "23000");
  }

  private void savepoint() throws SQLException {
    Sql.run(connection, "SAVEPOINT before_rows");
  }

  private void releaseSavepoint() throws SQLException {
    Sql.run(connection, "RELEASE SAVEPOINT before_rows");
  }

  private void undo() throws LedgerException {
    run(
        () -> {
          Sql.run(connection, "ROLLBACK TO SAVEPOINT before_rows");
          return true;
        });
  }

  @Override
  public Optional<ChainRow> lastRow() throws LedgerException {
    return first(PostgresRows.SELECT + "ORDER BY sequence DESC LIMIT 1", PostgresRows::row);
  }

  @Override
  public Optional<ChainRow> lastRowBelow(long sequence) throws LedgerException {
    return first(
        PostgresRows.SELECT + "WHERE sequence < ? ORDER BY sequence DESC LIMIT 1",
        PostgresRows::row,
        sequence);
  }

  @Override
  public Optional<ChainRow> row(String id) throws LedgerException {
    Optional<UUID> event = PostgresRows.id(id);
    return event.isEmpty()
        ? Optional.empty()
        : first(PostgresRows.SELECT + "WHERE id = ?", PostgresRows::row, event.get());
  }

  @Override
  public Set<String> known(Collection<String> ids) throws LedgerException {
    String list = list(ids.stream().flatMap(id -> PostgresRows.id(id).stream()).toList());
    return new HashSet<>(
        all(
            "SELECT id FROM @signed_events WHERE id = ANY (?::UUID[])"
                + " UNION SELECT id FROM @signed_events_dlq"
                + " WHERE id = ANY (?::UUID[]) AND replayed_as IS NULL"
                + " AND NOT starts_with(failure_reason, ?)",
            row -> row.getString(1),
            list,
            list,
            DeadLetter.REFUSED));
  }

  /** Returns an array of UUIDs as a parameter: the driver sends the array of their texts. */
  private static String list(Collection<UUID> events) {
    return events.stream().map(UUID::toString).collect(Collectors.joining(",", "{", "}"));
  }

  // Type and sequence are compared as one value, which only the index over both can serve. For two
  // conditions the server may plan to read the rows by their sequence, up to the whole chain.

  @Override
  public Optional<ChainRow> lastOfType(String eventType, long below, Predicate<ChainRow> holds)
      throws LedgerException {
    long before = below;
    while (true) {
      Optional<ChainRow> found =
          first(
                  PostgresRows.SELECT
                      + "WHERE (event_type, sequence) < (?, ?)"
                      + " ORDER BY event_type DESC, sequence DESC LIMIT 1",
                  PostgresRows::row,
                  eventType,
                  before)
              .filter(row -> row.is(eventType));
      if (found.isEmpty() || holds.test(found.get())) {
        return found;
      }
      before = found.get().sequence();
    }
  }

  @Override
  public List<ChainRow> rowsOfType(String eventType) throws LedgerException {
    return all(
        PostgresRows.SELECT
            + "WHERE (event_type, sequence) >= (?, ?) AND (event_type, sequence) <= (?, ?)"
            + " ORDER BY event_type, sequence",
        PostgresRows::row,
        eventType,
        Long.MIN_VALUE,
        eventType,
        Long.MAX_VALUE);
  }

  @Override
  public List<ChainRow> rowsBetween(long after, long to, int limit) throws LedgerException {
    return all(
        PostgresRows.SELECT + "WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
        PostgresRows::row,
        after,
        to,
        limit);
  }

  @Override
  public OptionalLong firstRowSince(String timestamp) throws LedgerException {
    return first(
            "SELECT min(sequence) FROM @signed_events WHERE timestamp >= ?",
            row -> {
              long sequence = row.getLong(1);
              return row.wasNull() ? null : OptionalLong.of(sequence);
            },
            timestamp)
        .orElse(OptionalLong.empty());
  }

  @Override
  public long size() throws LedgerException {
    return count("SELECT count(*) FROM @signed_events");
  }

  @Override
  public long count(String eventType, long from, long to) throws LedgerException {
    return count(
        "SELECT count(*) FROM @signed_events"
            + " WHERE (event_type, sequence) >= (?, ?) AND (event_type, sequence) <= (?, ?)",
        eventType,
        from,
        eventType,
        to);
  }

  /** Calls the function that may do it: this role may not update a row of the chain. */
  @Override
  public boolean erasePayload(ChainRow row) throws LedgerException {
    return first(
            "SELECT @indelible_erase(?, ?)",
            result -> result.getBoolean(1),
            row.sequence(),
            UUID.fromString(row.id()))
        .orElse(false);
  }

  /**
   * Does nothing. The earlier version of the row stays in its page until a vacuum, and in the
   * server's write-ahead log until that is recycled; a role that records can remove neither.
   */
  @Override
  public Remains purgeTraces() {
    return Remains.LEFT;
  }

  /** The time of this statement: that of the transaction is from before the wait for the lock. */
  @Override
  public long now() throws LedgerException {
    return count("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT");
  }

  @Override
  public long position(UUID journal) throws LedgerException {
    return first(
            "SELECT position FROM @indelible_journals WHERE journal = ?",
            row -> row.getLong(1),
            journal)
        .orElse(0L);
  }

  @Override
  public void advance(UUID journal, long position) throws LedgerException {
    change(
        "INSERT INTO @indelible_journals (journal, position) VALUES (?, ?)"
            + " ON CONFLICT (journal) DO UPDATE SET position = excluded.position",
        journal,
        position);
  }

  @Override
  public void insertDeadLetter(ChainRow row, String reason, String failedAt, int attempts)
      throws LedgerException {
    int changed =
        change(
            "INSERT INTO @signed_events_dlq (id, agent_id, event_type, payload_hash, timestamp,"
                + " payload, failure_reason, failed_at, attempts)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            UUID.fromString(row.id()),
            row.agentId(),
            row.eventType(),
            row.payloadHash(),
            row.timestamp(),
            PostgresRows.text(row.payload().orElseThrow()),
            reason,
            failedAt,
            attempts);
    if (changed != 1) {
      throw new LedgerUnavailableException(
          name() + ": a trigger prevented the insert of the dead letter", false, null);
    }
  }

  @Override
  public List<DeadLetter> waitingDeadLetters() throws LedgerException {
    return all(
        PostgresRows.SELECT_DEAD_LETTERS
            + "WHERE replayed_as IS NULL AND NOT starts_with(failure_reason, ?) ORDER BY letter",
        PostgresRows::deadLetter,
        DeadLetter.REFUSED);
  }

  @Override
  public long countWaitingDeadLetters() throws LedgerException {
    return count("SELECT count(*) FROM @signed_events_dlq WHERE replayed_as IS NULL");
  }

  @Override
  public Set<UUID> deadLettered(Collection<UUID> events) throws LedgerException {
    // To read them all costs less than a search for each event, unless there are more of them.
    List<String> ids =
        all(
            "SELECT id FROM @signed_events_dlq LIMIT ?",
            row -> row.getString(1),
            events.size() + 1);
    if (ids.size() > events.size()) {
      ids =
          all(
              "SELECT event FROM unnest(?::UUID[]) AS event"
                  + " WHERE EXISTS (SELECT 1 FROM @signed_events_dlq WHERE id = event)",
              row -> row.getString(1),
              list(events));
    }
    return LedgerWriter.among(events, ids);
  }

  @Override
  public List<DeadLetter> deadLetters(String id, boolean withRefused) throws LedgerException {
    Optional<UUID> event = PostgresRows.id(id);
    return event.isEmpty()
        ? List.of()
        : all(
            PostgresRows.SELECT_DEAD_LETTERS
                + "WHERE id = ? AND replayed_as IS NULL"
                + " AND (? OR NOT starts_with(failure_reason, ?)) ORDER BY letter DESC LIMIT ?",
            PostgresRows::deadLetter,
            event.get(),
            withRefused,
            DeadLetter.REFUSED,
            MOST_OF_ONE_EVENT);
  }

  @Override
  public boolean markReplayed(DeadLetter deadLetter) throws LedgerException {
    return change(
            "UPDATE @signed_events_dlq SET replayed_as = id"
                + " WHERE replayed_as IS NULL AND letter = ?",
            deadLetter.number())
        == 1;
  }

  @Override
  public boolean removeDeadLetter(DeadLetter deadLetter) throws LedgerException {
    return change("DELETE FROM @signed_events_dlq WHERE letter = ?", deadLetter.number()) == 1;
  }

  @Override
  public int removeReplayed(String id) throws LedgerException {
    Optional<UUID> event = PostgresRows.id(id);
    return event.isEmpty()
        ? 0
        : change(
            "DELETE FROM @signed_events_dlq WHERE id = ? AND replayed_as IS NOT NULL", event.get());
  }

  @Override
  public Optional<TreeState> treeState() throws LedgerException {
    return first(
        "SELECT tree_size, tree_sequence FROM @indelible_head WHERE ledger = ?",
        row -> new TreeState(row.getLong(1), row.getLong(2)),
        ledger);
  }

  @Override
  public void storeTreeState(TreeState state) throws LedgerException {
    treeSize = state.size();
    change(
        "UPDATE @indelible_head SET tree_size = ?, tree_sequence = ? WHERE ledger = ?",
        state.size(),
        state.sequence(),
        ledger);
  }

  @Override
  public Optional<byte[]> tile(int level, long index) throws LedgerException {
    return first(PostgresRows.SELECT_TILE, row -> row.getBytes(1), level, index);
  }

  @Override
  public void storeTile(int level, long index, byte[] hashes) throws LedgerException {
    change(
        "INSERT INTO @indelible_tiles (level, tile, hashes) VALUES (?, ?, ?)"
            + " ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes",
        level,
        index,
        hashes);
  }

  @Override
  public Optional<StoredCheckpoint> lastCheckpoint() throws LedgerException {
    return first(
        "SELECT size, note FROM @indelible_checkpoints ORDER BY size DESC LIMIT 1",
        PostgresRows::checkpoint);
  }

  @Override
  public void insertCheckpoint(StoredCheckpoint checkpoint) throws LedgerException {
    change(
        "INSERT INTO @indelible_checkpoints (size, note) VALUES (?, ?)",
        checkpoint.size(),
        PostgresRows.text(checkpoint.note()));
  }

  /**
   * Returns the number of rows that all standbys have. Asks the server, unless a commit of this
   * writer has waited for a synchronous standby since. With a synchronous standby, commits once
   * more if other writers may have appended rows since.
   */
  @Override
  public Confirmed confirmed(long size) throws LedgerException {
    if (size <= replication.confirmed()) {
      return Confirmed.all(size);
    }
    Standbys seen = run(() -> Standbys.read(connection));
    if (seen.isSynchronous()) {
      inTransaction(() -> Optional.of(true));
      return Confirmed.all(Math.min(size, replication.confirmed()));
    }
    return run(() -> replication.confirm(size, seen, connection));
  }

  @Override
  public boolean isChangedByOthers() {
    try {
      long now =
          Sql.number(
              connection, sql("SELECT version FROM @indelible_head WHERE ledger = ?"), ledger);
      boolean changed = now != version;
      version = now;
      return changed;
    } catch (SQLException e) {
      return true;
    }
  }

  /**
   * Returns true: each transaction finds the tables, and the row of this ledger, by their names.
   */
  @Override
  public boolean isStillThere() {
    return true;
  }

  @Override
  public VerifiableLedger reader() throws LedgerException {
    return PostgresReader.open(address);
  }

  /** Closes the connection; the server rolls back an open transaction. */
  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // Committed rows stay committed.
      LOG.warn("closing the ledger failed: {}", PostgresFault.describe(e));
    }
  }

  private <T> T run(ThrowingSupplier<T, SQLException> work) throws LedgerException {
    try {
      return work.get();
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  private String sql(String text) {
    return address.sql(text);
  }

  private <T> Optional<T> first(String text, Sql.Reading<T> reading, Object... parameters)
      throws LedgerException {
    return run(() -> Sql.first(connection, sql(text), reading, parameters));
  }

  private <T> List<T> all(String text, Sql.Reading<T> reading, Object... parameters)
      throws LedgerException {
    return run(() -> new ArrayList<>(Sql.all(connection, sql(text), reading, parameters)));
  }

  private long count(String text, Object... parameters) throws LedgerException {
    return first(text, row -> row.getLong(1), parameters).orElseThrow();
  }

  private int change(String text, Object... parameters) throws LedgerException {
    return run(() -> Sql.change(connection, sql(text), parameters));
  }

  private LedgerException failure(SQLException e) {
    return PostgresFault.writing(name(), e);
  }
}
