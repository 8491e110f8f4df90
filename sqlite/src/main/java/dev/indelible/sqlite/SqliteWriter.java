// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.queue.JournalMark;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ledger's own connection to its file, with the statements the drainer needs. One thread. */
final class SqliteWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteWriter.class);

  /**
   * How long SQLite itself waits for a lock. The drainer tries again after that; until then it does
   * not hear that it is to stop, and has half a second for that.
   */
  private static final Duration DRAINERS_PATIENCE = Duration.ofMillis(250);

  /** The same for what is done once, by hand, and gives up after that. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Path file;
  private final Connection connection;

  /** As the file was when {@link #isChangedByOthers} was last asked. */
  private long dataVersion;

  /** Which file the connection is on, as the file system knows it. */
  private final Optional<Object> identity;

  private final PreparedStatement insertRow;
  private final PreparedStatement rowById;
  private final PreparedStatement lastRow;
  private final PreparedStatement lastRowBelow;
  private final PreparedStatement size;
  private final PreparedStatement typeBelow;
  private final PreparedStatement countOfType;
  private final PreparedStatement waitingIds;
  private final PreparedStatement lettersById;
  private final PreparedStatement insertLetter;
  private final PreparedStatement advance;

  private final PreparedStatement lastCheckpoint;
  private final PreparedStatement insertCheckpoint;
  private final SqliteTree tree;

  private final Optional<String> oldSqlite;

  /** Whether {@link #begin} was called and its end was not. */
  private boolean begun;

  /** Carries over the write-ahead log; null until there is much to carry. */
  private @Nullable WalCheckpointer checkpointer;

  private SqliteWriter(Path file, Connection connection, Optional<Object> identity)
      throws SQLException {
    this.file = file;
    this.connection = connection;
    this.identity = identity;
    this.oldSqlite =
        Optional.of(sqliteVersion(connection))
            .filter(version -> !WalCheckpointer.isSafeWith(version));
    String select = SqliteRows.SELECT;
    insertRow = connection.prepareStatement(SqliteRows.INSERT);
    rowById = connection.prepareStatement(select + "WHERE id = ?");
    lastRow = connection.prepareStatement(select + "ORDER BY sequence DESC LIMIT 1");
    lastRowBelow =
        connection.prepareStatement(select + "WHERE sequence < ? ORDER BY sequence DESC LIMIT 1");
    size = connection.prepareStatement("SELECT count(*) FROM signed_events");
    typeBelow =
        connection.prepareStatement(
            select + "WHERE event_type = ? AND sequence < ? ORDER BY sequence DESC");
    countOfType =
        connection.prepareStatement(
            "SELECT count(*) FROM signed_events"
                + " WHERE event_type = ? AND sequence >= ? AND sequence <= ?");
    waitingIds =
        connection.prepareStatement(
            "SELECT DISTINCT id FROM signed_events_dlq WHERE replayed_as IS NULL LIMIT ?");
    lettersById =
        connection.prepareStatement(
            "SELECT payload FROM signed_events_dlq WHERE id = ? AND replayed_as IS NULL");
    advance =
        connection.prepareStatement(
            "INSERT INTO indelible_journals (journal, position) VALUES (?, ?)"
                + " ON CONFLICT (journal) DO UPDATE SET position = excluded.position");
    lastCheckpoint =
        connection.prepareStatement(
            "SELECT size, note FROM indelible_checkpoints ORDER BY size DESC LIMIT 1");
    insertCheckpoint =
        connection.prepareStatement(
            "INSERT INTO indelible_checkpoints (size, note) VALUES (?, CAST(? AS TEXT))");
    tree = new SqliteTree(connection);
    insertLetter =
        connection.prepareStatement(
            "INSERT INTO signed_events_dlq (id, agent_id, event_type, payload_hash, timestamp,"
                + " payload, failure_reason, failed_at, attempts)"
                + " VALUES (?, ?, ?, ?, ?, CAST(? AS TEXT), ?, ?, ?)");
  }

  /**
   * Opens the file for a drainer, made first if there is none, and brings its tables up to date.
   *
   * @param ledger the ledger it must hold, and a new one becomes; if it is all the same, empty
   */
  static SqliteWriter open(Path file, Optional<UUID> ledger) throws SQLException {
    return open(file, ledger, DRAINERS_PATIENCE);
  }

  /** The same for something that is done once, whichever ledger it holds. */
  static SqliteWriter openOnce(Path file) throws SQLException {
    return open(file, Optional.empty(), PATIENCE);
  }

  private static SqliteWriter open(Path file, Optional<UUID> ledger, Duration patience)
      throws SQLException {
    SqliteFile.create(file);
    // Before it is opened: a file that is replaced on the way is then taken for another, and never
    // the other way round.
    Optional<Object> identity = SqliteFile.identity(file);
    Connection connection =
        DriverManager.getConnection(SqliteFile.url(file), SqliteTuning.properties());
    try {
      execute(connection, "PRAGMA busy_timeout = " + patience.toMillis());
      SqliteSchema.requireFit(connection);
      SqliteTuning.apply(connection);
      if (SqliteSchema.version(connection).orElse(0) != SqliteSchema.VERSION) {
        execute(connection, "BEGIN IMMEDIATE");
        SqliteSchema.migrate(connection, ledger.orElseGet(UUID::randomUUID));
        execute(connection, "COMMIT");
      }
      if (ledger.isPresent()) {
        requireLedger(connection, ledger.get());
      }
      return new SqliteWriter(file, connection, identity);
    } catch (SQLException e) {
      SQLException cause = SqliteSchema.explain(connection, e);
      connection.close();
      throw cause;
    } catch (RuntimeException | Error e) {
      connection.close();
      throw e;
    }
  }

  /** As {@link SqliteSchema#explain}, of the ledger that is written to. */
  SQLException explain(SQLException error) {
    return SqliteSchema.explain(connection, error);
  }

  /** Whether the file of that name is still the one this is connected to. */
  boolean isOn(Path file) {
    return SqliteFile.identity(file).equals(identity);
  }

  /** Whether the file it was opened as is still the one this is connected to. */
  boolean isOnItsFile() {
    return isOn(file);
  }

  private static void requireLedger(Connection connection, UUID ledger) throws SQLException {
    Optional<UUID> found = SqliteSchema.ledger(connection);
    if (!found.equals(Optional.of(ledger))) {
      throw new SqliteSchema.UnfitDatabaseException(
          "the database holds ledger %s where ledger %s was; put the right file back"
              .formatted(found.map(UUID::toString).orElse("(none)"), ledger));
    }
  }

  /** Notes how far a journal is taken in. */
  void advance(JournalMark mark) throws SQLException {
    advance.setString(1, mark.journal().toString());
    advance.setLong(2, mark.position());
    advance.executeUpdate();
  }

  /** The dead letters that wait, oldest first. */
  List<DeadLetter> waitingLetters() throws SQLException {
    List<DeadLetter> letters = new ArrayList<>();
    Statements.forEach(
        connection,
        "SELECT "
            + SqliteLedger.LETTER_COLUMNS
            + " FROM signed_events_dlq WHERE replayed_as IS NULL ORDER BY letter",
        row -> letters.add(SqliteLedger.letter(row)));
    return letters;
  }

  /** Marks a letter as appended after all; returns whether it was waiting. */
  boolean markReplayed(DeadLetter letter) throws SQLException {
    return Statements.change(
            connection,
            "UPDATE signed_events_dlq SET replayed_as = id"
                + " WHERE replayed_as IS NULL AND letter = ?",
            letter.letter())
        == 1;
  }

  /** Removes a letter; returns whether it was there. */
  boolean removeLetter(DeadLetter letter) throws SQLException {
    return Statements.change(
            connection, "DELETE FROM signed_events_dlq WHERE letter = ?", letter.letter())
        == 1;
  }

  void begin() throws SQLException {
    execute(connection, "BEGIN IMMEDIATE");
    begun = true;
    tree.begun();
  }

  void commit() throws SQLException {
    execute(connection, "COMMIT");
    begun = false;
    tree.committed();
    if (checkpointer != null) {
      checkpointer.committed();
    }
  }

  /**
   * Lets another thread carry over the write-ahead log from now on, if SQLite is {@linkplain
   * #oldSqlite not too old} for that.
   */
  void carryOverAside() throws SQLException {
    if (checkpointer == null && oldSqlite.isEmpty()) {
      execute(connection, "PRAGMA wal_autocheckpoint = " + WalCheckpointer.WRITERS_PAGES);
      checkpointer = WalCheckpointer.start(file);
    }
  }

  /** The version of an SQLite that the application brought, if it is too old to be relied upon. */
  Optional<String> oldSqlite() {
    return oldSqlite;
  }

  private static String sqliteVersion(Connection connection) throws SQLException {
    return Statements.first(connection, "SELECT sqlite_version()", row -> row.getString(1))
        .orElseThrow();
  }

  /**
   * Undoes what was begun, as far as that is not done already.
   *
   * @param cause why; it stays the error that is told of
   */
  void rollback(Throwable cause) {
    try {
      rollback();
    } catch (SQLException e) {
      // SQLite may have rolled back by itself; if not, closing the connection does.
      cause.addSuppressed(e);
    }
  }

  private void rollback() throws SQLException {
    begun = false;
    execute(connection, "ROLLBACK");
  }

  /** What is done in one transaction; nothing is left of it if it gives nothing, or fails. */
  @FunctionalInterface
  interface Work<T, X extends Exception> {
    Optional<T> run() throws SQLException, X;
  }

  /** Does something in one transaction, and commits it if it gives something. */
  <T, X extends Exception> Optional<T> inTransaction(Work<T, X> work) throws SQLException, X {
    begin();
    try {
      Optional<T> result = work.run();
      if (result.isPresent()) {
        commit();
      } else {
        rollback();
      }
      return result;
    } catch (Throwable e) {
      rollback(e);
      throw e;
    }
  }

  /**
   * Inserts a row of the chain.
   *
   * @throws RolledBackException if a trigger ended the transaction
   * @throws SQLException if it was not inserted; the transaction goes on without it
   */
  void insert(ChainRow row) throws SQLException {
    SqliteRows.bind(insertRow, row);
    try {
      if (insertRow.executeUpdate() != 1) {
        throw new SQLException("the insert was swallowed by a trigger", "", 19);
      }
    } catch (SQLException e) {
      if (begun && SqliteFault.of(e) != SqliteFault.WEATHER && !isInTransaction()) {
        throw new RolledBackException(e);
      }
      throw e;
    }
  }

  /** Asks the only way there is: SQLite begins no transaction within another. */
  private boolean isInTransaction() {
    try {
      execute(connection, "BEGIN");
    } catch (SQLException e) {
      return true;
    }
    return false;
  }

  /** Which ledger this is. */
  UUID ledger() throws SQLException {
    return SqliteSchema.ledger(connection)
        .orElseThrow(() -> new SQLException("the ledger's id is gone from the database", "", 11));
  }

  Optional<StoredCheckpoint> lastCheckpoint() throws SQLException {
    try (ResultSet row = lastCheckpoint.executeQuery()) {
      return row.next()
          ? Optional.of(new StoredCheckpoint(row.getLong(1), row.getBytes(2)))
          : Optional.empty();
    }
  }

  void insertCheckpoint(StoredCheckpoint checkpoint) throws SQLException {
    insertCheckpoint.setLong(1, checkpoint.size());
    insertCheckpoint.setBytes(2, checkpoint.note());
    insertCheckpoint.executeUpdate();
  }

  /** The Merkle tree over the rows. */
  SqliteTree tree() {
    return tree;
  }

  /** The row of the highest sequence. */
  Optional<ChainRow> lastRow() throws SQLException {
    return first(lastRow);
  }

  /** The last row below a sequence. */
  Optional<ChainRow> lastRowBelow(long sequence) throws SQLException {
    lastRowBelow.setLong(1, sequence);
    return first(lastRowBelow);
  }

  /** How many rows there are; looks at every one. */
  long size() throws SQLException {
    try (ResultSet row = size.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  Optional<ChainRow> row(String id) throws SQLException {
    rowById.setString(1, id);
    return first(rowById);
  }

  /** The last row of that type below a sequence of which that holds; answered from an index. */
  Optional<ChainRow> lastOfType(String eventType, long below, Predicate<ChainRow> holds)
      throws SQLException {
    typeBelow.setString(1, eventType);
    typeBelow.setLong(2, below);
    try (ResultSet rows = typeBelow.executeQuery()) {
      while (rows.next()) {
        ChainRow row = SqliteRows.read(rows);
        if (holds.test(row)) {
          return Optional.of(row);
        }
      }
    }
    return Optional.empty();
  }

  /** The rows of that type, oldest first. */
  List<ChainRow> rowsOfType(String eventType) throws SQLException {
    List<ChainRow> found = new ArrayList<>();
    Statements.forEach(
        connection,
        SqliteRows.SELECT + "WHERE event_type = ? ORDER BY sequence",
        row -> found.add(SqliteRows.read(row)),
        eventType);
    return found;
  }

  /** The first row that says it was not written before that time; looks at every one. */
  OptionalLong firstRowSince(String timestamp) throws SQLException {
    return Statements.first(
            connection,
            "SELECT sequence FROM signed_events WHERE timestamp >= ? ORDER BY sequence LIMIT 1",
            row -> OptionalLong.of(row.getLong(1)),
            timestamp)
        .orElse(OptionalLong.empty());
  }

  /** Removes the payload of a row, and nothing else of it; returns whether it had one. */
  boolean erasePayload(ChainRow row) throws SQLException {
    return Statements.change(
            connection,
            "UPDATE signed_events SET payload = NULL"
                + " WHERE sequence = ? AND id = ? AND payload IS NOT NULL",
            row.sequence(),
            row.id())
        == 1;
  }

  /** Removes the letters that became the row of that id; returns how many there were. */
  int removeReplayedLetters(String id) throws SQLException {
    return Statements.change(
        connection, "DELETE FROM signed_events_dlq WHERE id = ? AND replayed_as IS NOT NULL", id);
  }

  /**
   * Carries the WAL over into the file and empties it, so that what was overwritten is in neither.
   *
   * @return whether that could be done; it cannot while another connection reads an earlier state
   */
  boolean emptyWal() throws SQLException {
    return Statements.first(
            connection, "PRAGMA wal_checkpoint(TRUNCATE)", row -> row.getInt(1) == 0)
        .orElse(false);
  }

  /** How many rows of a type there are from a sequence up to another; answered from an index. */
  long count(String eventType, long from, long to) throws SQLException {
    countOfType.setString(1, eventType);
    countOfType.setLong(2, from);
    countOfType.setLong(3, to);
    try (ResultSet row = countOfType.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Whether another connection wrote to the file since this was last asked, or it is not known. */
  boolean isChangedByOthers() {
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

  /** How many dead letters wait. */
  long countWaitingLetters() throws SQLException {
    return Statements.first(
            connection,
            "SELECT count(*) FROM signed_events_dlq WHERE replayed_as IS NULL",
            row -> row.getLong(1))
        .orElseThrow();
  }

  /**
   * The ids of the dead letters that wait, in one query.
   *
   * @param most how many are read
   * @return empty if there are more
   */
  Optional<Set<String>> waitingIds(int most) throws SQLException {
    Set<String> ids = new HashSet<>();
    waitingIds.setInt(1, most + 1);
    try (ResultSet rows = waitingIds.executeQuery()) {
      while (rows.next()) {
        ids.add(rows.getString(1));
      }
    }
    return ids.size() > most ? Optional.empty() : Optional.of(ids);
  }

  /** The payloads of the dead letters of that event id. */
  List<byte[]> letters(String id) throws SQLException {
    lettersById.setString(1, id);
    List<byte[]> payloads = new ArrayList<>();
    try (ResultSet rows = lettersById.executeQuery()) {
      while (rows.next()) {
        payloads.add(rows.getBytes(1));
      }
    }
    return payloads;
  }

  void insertLetter(ChainRow row, String reason, String failedAt, int attempts)
      throws SQLException {
    insertLetter.setString(1, row.id());
    insertLetter.setString(2, row.agentId());
    insertLetter.setString(3, row.eventType());
    insertLetter.setBytes(4, row.payloadHash());
    insertLetter.setString(5, row.timestamp());
    insertLetter.setBytes(6, row.payload().orElseThrow());
    insertLetter.setString(7, reason);
    insertLetter.setString(8, failedAt);
    insertLetter.setInt(9, attempts);
    if (insertLetter.executeUpdate() != 1) {
      throw new SQLException("the dead letter was swallowed by a trigger");
    }
  }

  @Override
  public void close() {
    if (checkpointer != null) {
      checkpointer.close();
    }
    try {
      connection.close();
    } catch (SQLException e) {
      // What was committed is committed.
      LOG.warn("closing the ledger failed: {}", SqliteFault.describe(e));
    }
  }

  private static Optional<ChainRow> first(PreparedStatement query) throws SQLException {
    try (ResultSet rows = query.executeQuery()) {
      return rows.next() ? Optional.of(SqliteRows.read(rows)) : Optional.empty();
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /**
   * The transaction is gone, and all that was written in it. Going on would write each row by
   * itself, in front of those that are to be written again.
   */
  static final class RolledBackException extends SQLException {
    private static final long serialVersionUID = 1;

    RolledBackException(SQLException cause) {
      super("the transaction was rolled back from within: " + SqliteFault.describe(cause), cause);
    }
  }
}
