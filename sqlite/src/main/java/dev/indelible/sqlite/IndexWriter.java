// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.base.DurableFiles;
import dev.indelible.base.ExclusiveLock;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery.Facets;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ErasureNote;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.sqlite.ProgressHandler;

/**
 * Writes the index of a ledger, only from the ledger's rows, while it has the lock of the index.
 * Each chunk of rows is one transaction, which also stores the last row's sequence and hash: after
 * a crash the index may be behind the ledger, but never contradicts it. An index is rebuilt from
 * the first row if it is missing or damaged, is ahead of its ledger, or belongs to another version
 * or ledger. Used by one thread.
 *
 * <p>The class is long because everything that changes the index is here: adding, checking,
 * rebuilding and purging.
 */
public final class IndexWriter implements AutoCloseable {
  /** Maximum number of rows in a transaction: a few milliseconds of work. */
  private static final int CHUNK_ROWS = 2 * IndexBlock.ROWS;

  /** Maximum bytes of rows in memory at once. */
  private static final long CHUNK_BYTES = 8 << 20;

  /** Maximum number of names and facets in the cache, which is cleared beyond that. */
  private static final int REMEMBERED = 20_000;

  /** Pages or instructions of a check between two looks at the clock. */
  private static final int CHECK_STEPS = 1_000;

  /** Time to wait for a reader that keeps erased bytes in the write-ahead log. */
  private static final int BUSY_TIMEOUT_MILLIS = 1_000;

  /**
   * Keeps the files of an index from being replaced while a connection of this process is opened. A
   * connection maps the file {@code -shm} at its first read. If that were the one of a later file
   * of the name, SQLite would take it for its own, because locks of one process do not conflict,
   * and cut it off under the connection that uses it, which ends the process.
   */
  static final ReadWriteLock FILES = new ReentrantReadWriteLock(true);

  private static final List<String> PRAGMAS =
      List.of(
          "busy_timeout = " + BUSY_TIMEOUT_MILLIS,
          "journal_mode = WAL",
          // A power cut may lose the last commits of the index, but must not damage it.
          "synchronous = NORMAL",
          // Erased values are overwritten, so that they are gone from every page.
          "secure_delete = ON",
          "journal_size_limit = 4194304",
          "cache_size = -8192");

  private static final String INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?)";

  private static final String SELECT_FACETS =
      "SELECT id FROM facets WHERE type = ? AND verdict = ? AND rule = ? AND kind = ?";

  private final Path file;
  private final ExclusiveLock lock;
  private final LedgerReader ledger;
  private Connection connection;
  private Statements statements;

  /** The identity of the open file. */
  private Optional<Object> identity;

  /** The last row of the index; null for none. */
  private @Nullable Long reached;

  private final Map<String, Integer> names = new HashMap<>();
  private final Map<String, Map<Facets, Integer>> facets = new HashMap<>();
  private int remembered;

  private IndexWriter(Path file, ExclusiveLock lock, LedgerReader ledger) throws SQLException {
    this.file = file;
    this.lock = lock;
    this.ledger = ledger;
    connect();
  }

  /**
   * Opens an index for writing, and creates it if there is none.
   *
   * @param file the file of the index; the file beside it with the suffix {@code -lock} is its lock
   * @param ledger the ledger, open until the writer is closed
   * @param check the time for which SQLite checks the file first; zero for no check
   * @return empty if another thread or process writes the index
   */
  public static Optional<IndexWriter> open(Path file, LedgerReader ledger, Duration check)
      throws LedgerException {
    SqliteLibrary.load();
    Optional<ExclusiveLock> lock = lock(file);
    if (lock.isEmpty()) {
      return Optional.empty();
    }
    boolean opened = false;
    try {
      IndexWriter writer = open(file, lock.get(), ledger, check);
      opened = true;
      return Optional.of(writer);
    } catch (SQLException e) {
      throw failure(file, SqliteFault.describe(e), e);
    } finally {
      if (!opened) {
        lock.get().close();
      }
    }
  }

  private static IndexWriter open(
      Path file, ExclusiveLock lock, LedgerReader ledger, Duration check)
      throws SQLException, LedgerException {
    IndexWriter writer = new IndexWriter(file, lock, ledger);
    boolean usable = false;
    try {
      if (!writer.isUsable(check)) {
        writer.rebuild();
      }
      usable = true;
      return writer;
    } finally {
      if (!usable) {
        writer.connection.close();
      }
    }
  }

  /** Connects to the file, and creates it if there is none. */
  private void connect() throws SQLException {
    FILES.writeLock().lock();
    try {
      if (!Files.exists(file)) {
        // The write-ahead log of a deleted index belongs to no other.
        delete(file);
      }
      SqliteFile.create(file);
      identity = SqliteFile.identity(file);
      connection = DriverManager.getConnection(SqliteFile.url(file), SqliteTuning.properties());
    } finally {
      FILES.writeLock().unlock();
    }
    statements = new Statements(connection);
    forget();
  }

  /**
   * Builds the index again if its file was deleted or replaced since this writer opened it: nobody
   * finds what it adds to the old file.
   *
   * @return true if the file was deleted or replaced
   */
  private boolean rebuildIfReplaced() throws LedgerException {
    if (SqliteFile.identity(file).equals(identity)) {
      return false;
    }
    try {
      rebuild();
      return true;
    } catch (SQLException e) {
      throw failure(file, SqliteFault.describe(e), e);
    }
  }

  /** Returns true if the file is an index of this ledger, and sets {@link #reached}. */
  private boolean isUsable(Duration check) throws SQLException, LedgerException {
    try {
      for (String pragma : PRAGMAS) {
        execute("PRAGMA " + pragma);
      }
      Optional<IndexSchema.State> state = IndexSchema.state(connection);
      if (state.isEmpty() || !state.get().isOf(ledger) || !isSound(check)) {
        return false;
      }
      reached = state.get().last().map(IndexSchema.Mark::sequence).orElse(null);
      return true;
    } catch (SQLException e) {
      if (isRepairable(e)) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Returns false if SQLite finds damage within a time. The rest of a large file is not checked:
   * the read that meets damage there fails, and the index is then built again.
   */
  private boolean isSound(Duration atMost) throws SQLException {
    if (atMost.isZero()) {
      return true;
    }
    long start = System.nanoTime();
    ProgressHandler.setHandler(
        connection,
        CHECK_STEPS,
        new ProgressHandler() {
          @Override
          protected int progress() {
            return System.nanoTime() - start < atMost.toNanos() ? 0 : 1;
          }
        });
    try {
      return Statements.first(connection, "PRAGMA quick_check(1)", row -> row.getString(1))
          .filter("ok"::equals)
          .isPresent();
    } catch (SQLException e) {
      if (SqliteFault.isInterrupt(e)) {
        return true;
      }
      throw e;
    } finally {
      ProgressHandler.clearHandler(connection);
    }
  }

  /**
   * Returns true if the tables of the index are damaged or changed, or its rows contradict each
   * other, so that it is built again.
   */
  static boolean isRepairable(SQLException e) {
    return SqliteFault.isDamage(e)
        || SqliteFault.isOfTheSchema(e)
        || SqliteFault.isOfAConstraint(e);
  }

  /**
   * Deletes the index and creates an empty one. A reader can use the deleted file until it closes
   * it. Readers create no files, so this writer creates the new one.
   */
  private void rebuild() throws SQLException, LedgerException {
    FILES.writeLock().lock();
    try {
      connection.close();
      delete(file);
      connect();
    } finally {
      FILES.writeLock().unlock();
    }
    for (String pragma : PRAGMAS) {
      execute("PRAGMA " + pragma);
    }
    reached = null;
    Optional<UUID> id = ledger.id();
    inTransaction(() -> IndexSchema.create(connection, id));
  }

  private static void delete(Path file) throws SQLException {
    FILES.writeLock().lock();
    try {
      for (String suffix : List.of("", "-wal", "-shm")) {
        Files.deleteIfExists(Path.of(file + suffix));
      }
    } catch (IOException e) {
      throw new SQLException(DurableFiles.reason(e), e);
    } finally {
      FILES.writeLock().unlock();
    }
  }

  /** Deletes a damaged index, unless another thread or process writes it. */
  public static void discard(Path file) throws LedgerException {
    Optional<ExclusiveLock> lock = lock(file);
    if (lock.isPresent()) {
      try {
        delete(file);
      } catch (SQLException e) {
        throw failure(file, SqliteFault.describe(e), e);
      } finally {
        lock.get().close();
      }
    }
  }

  private static Optional<ExclusiveLock> lock(Path file) throws LedgerException {
    try {
      return ExclusiveLock.tryLock(Path.of(file + "-lock"));
    } catch (IOException e) {
      throw failure(file, DurableFiles.reason(e), e);
    }
  }

  /** Returns the last row of the index; 0 if it has none. */
  public long reached() {
    return reached == null ? 0 : reached;
  }

  /**
   * Adds the next rows of the ledger.
   *
   * @return false if there were none
   */
  public boolean append() throws LedgerException {
    List<ChainRow> rows = new ArrayList<>();
    long[] bytes = {0};
    ledger.forEachRow(
        reached == null ? RowQuery.all() : RowQuery.from(reached + 1),
        row -> {
          rows.add(row);
          bytes[0] += row.bytes();
          return rows.size() < CHUNK_ROWS && bytes[0] < CHUNK_BYTES;
        });
    if (rows.isEmpty()) {
      return false;
    }
    List<ErasureNote> erasures = erasures(rows);
    changing(() -> add(rows, erasures));
    if (!rebuildIfReplaced()) {
      reached = rows.get(rows.size() - 1).sequence();
    }
    return true;
  }

  /**
   * Returns the erasure notes in these rows, except notes about a payload that is still in the
   * ledger.
   */
  private List<ErasureNote> erasures(List<ChainRow> rows) throws LedgerException {
    List<ErasureNote> found = new ArrayList<>();
    for (ChainRow row : rows) {
      Optional<ErasureNote> note =
          row.is(SystemEvent.PAYLOAD_ERASED) ? ErasureNote.read(row) : Optional.empty();
      if (note.isPresent()
          && ledger.row(note.get().sequence()).filter(erased -> !erased.hasPayload()).isPresent()) {
        found.add(note.get());
      }
    }
    return found;
  }

  private void add(List<ChainRow> rows, List<ErasureNote> erasures) throws SQLException {
    IndexBlock block = new IndexBlock();
    long number = IndexBlock.of(rows.get(0).sequence());
    load(block, number);
    PreparedStatement insert = statements.prepared(INSERT_EVENT);
    for (ChainRow row : rows) {
      if (IndexBlock.of(row.sequence()) != number) {
        store(block, number);
        block = new IndexBlock();
        number = IndexBlock.of(row.sequence());
      }
      Facets found = Facets.of(row);
      long time = Timestamps.micros(row.timestamp());
      int agent = name(row.agentId());
      int combined = facets(row.eventType(), found);
      int session = name(found.session());
      insert.setLong(1, row.sequence());
      insert.setLong(2, time);
      insert.setInt(3, agent);
      insert.setInt(4, combined);
      insert.setInt(5, session);
      insert.executeUpdate();
      block.add(time, agent, combined, session);
    }
    store(block, number);
    for (ErasureNote note : erasures) {
      erase(note.sequence());
    }
    ChainRow first = rows.get(0);
    ChainRow last = rows.get(rows.size() - 1);
    statements.change(
        "UPDATE state SET first_hash = coalesce(first_hash, ?),"
            + " first_sequence = coalesce(first_sequence, ?), sequence = ?, hash = ?",
        reached == null ? first.recordHash() : null,
        reached == null ? first.sequence() : null,
        last.sequence(),
        last.recordHash());
  }

  private void load(IndexBlock block, long number) throws SQLException {
    statements.forEach(
        "SELECT low, high, content FROM blocks WHERE block = ?",
        row -> {
          block.addAll(
              row.getLong(1),
              row.getLong(2),
              Objects.requireNonNullElse(row.getBytes(3), new byte[0]));
          return false;
        },
        number);
  }

  private void store(IndexBlock block, long number) throws SQLException {
    statements.change(
        "INSERT INTO blocks VALUES (?1, ?2, ?3, ?4) ON CONFLICT (block) DO UPDATE SET"
            + " low = excluded.low, high = excluded.high, content = excluded.content",
        number,
        block.low(),
        block.high(),
        block.content());
  }

  private int name(String text) throws SQLException {
    if (text.isEmpty()) {
      return 0;
    }
    Integer known = names.get(text);
    if (known != null) {
      return known;
    }
    remember();
    Optional<Integer> stored =
        statements.first("SELECT id FROM names WHERE name = ?", row -> row.getInt(1), text);
    int id =
        stored.isPresent()
            ? stored.get()
            : statements
                .first(
                    "INSERT INTO names (name) VALUES (?) RETURNING id", row -> row.getInt(1), text)
                .orElseThrow();
    names.put(text, id);
    return id;
  }

  private int facets(String type, Facets found) throws SQLException {
    // The session is not part of a combination of facets.
    Facets key = new Facets(found.verdict(), found.rule(), found.kind(), "");
    Map<Facets, Integer> ofType = facets.get(type);
    Integer known = ofType == null ? null : ofType.get(key);
    if (known != null) {
      return known;
    }
    remember();
    Object[] values = {name(type), name(key.verdict()), name(key.rule()), name(key.kind())};
    Optional<Integer> stored = statements.first(SELECT_FACETS, row -> row.getInt(1), values);
    int id =
        stored.isPresent()
            ? stored.get()
            : statements
                .first(
                    "INSERT INTO facets (type, verdict, rule, kind) VALUES (?, ?, ?, ?)"
                        + " RETURNING id",
                    row -> row.getInt(1),
                    values)
                .orElseThrow();
    facets.computeIfAbsent(type, any -> new HashMap<>()).put(key, id);
    return id;
  }

  private void remember() {
    if (++remembered > REMEMBERED) {
      forget();
    }
  }

  private void forget() {
    names.clear();
    facets.clear();
    remembered = 0;
  }

  /**
   * Removes the values of an erased payload from the index's tables and from its write-ahead log.
   *
   * @return true if the bytes are gone; false while a reader uses an earlier state, or if the file
   *     was replaced
   */
  public boolean purge(long sequence) throws LedgerException {
    changing(() -> erase(sequence));
    try {
      boolean isEmpty =
          Statements.first(connection, "PRAGMA wal_checkpoint(TRUNCATE)", row -> row.getInt(1) == 0)
              .orElse(false);
      return !rebuildIfReplaced() && isEmpty;
    } catch (SQLException e) {
      throw failure(file, SqliteFault.describe(e), e);
    }
  }

  /** Replaces the facets of a row with those of a row without a payload. */
  private void erase(long sequence) throws SQLException {
    Optional<long[]> found =
        statements.first(
            "SELECT e.facets, e.session, f.type, f.rule, f.kind FROM events AS e"
                + " JOIN facets AS f ON f.id = e.facets WHERE e.sequence = ?"
                + " AND (f.verdict, f.rule, f.kind, e.session) <> (0, 0, 0, 0)",
            row ->
                new long[] {
                  row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4), row.getLong(5)
                },
            sequence);
    if (found.isEmpty()) {
      return;
    }
    long[] row = found.get();
    String type =
        statements
            .first("SELECT name FROM names WHERE id = ?", each -> each.getString(1), row[2])
            .orElseThrow(IndexBlock::damaged);
    statements.change(
        "UPDATE events SET facets = ?, session = 0 WHERE sequence = ?",
        facets(type, Facets.NONE),
        sequence);
    summarize(IndexBlock.of(sequence));
    removeUnused(row[0], List.of(row[1], row[3], row[4]));
    forget();
  }

  /** Computes the summary of a block from its rows. */
  private void summarize(long number) throws SQLException {
    IndexBlock block = new IndexBlock();
    statements.forEach(
        "SELECT time, agent, facets, session FROM events WHERE sequence BETWEEN ? AND ?",
        row -> {
          block.add(row.getLong(1), row.getInt(2), row.getInt(3), row.getLong(4));
          return true;
        },
        IndexBlock.first(number),
        IndexBlock.last(number));
    store(block, number);
  }

  /** Deletes facets and names that no row has any more. Reads every block. */
  private void removeUnused(long combined, List<Long> texts) throws SQLException {
    List<Long> unused = new ArrayList<>(texts);
    boolean[] isUsed = {false};
    statements.forEach(
        "SELECT content FROM blocks",
        row -> {
          IndexBlock.Content content =
              new IndexBlock.Content(Objects.requireNonNullElse(row.getBytes(1), new byte[0]));
          while (content.nextAgent()) {
            unused.remove(Long.valueOf(content.agent()));
            while (content.nextCell()) {
              isUsed[0] |= content.facets() == combined;
            }
          }
          for (long session : content.sessions()) {
            unused.remove(Long.valueOf(session));
          }
          return true;
        });
    if (!isUsed[0]) {
      statements.change("DELETE FROM facets WHERE id = ?", combined);
    }
    for (long name : unused) {
      statements.change(
          "DELETE FROM names WHERE id = ?1 AND id <> 0 AND NOT EXISTS (SELECT 1 FROM facets"
              + " WHERE ?1 IN (type, verdict, rule, kind))",
          name);
    }
  }

  /** Changes the index; rebuilds it if the change finds it damaged. */
  private void changing(Change change) throws LedgerException {
    try {
      try {
        inTransaction(change);
      } catch (SQLException e) {
        if (!isRepairable(e)) {
          throw e;
        }
        rebuild();
        throw failure(file, "it was damaged, and is built again", e);
      }
    } catch (SQLException e) {
      throw failure(file, SqliteFault.describe(e), e);
    }
  }

  private void inTransaction(Change change) throws SQLException {
    execute("BEGIN IMMEDIATE");
    boolean committed = false;
    try {
      change.run();
      execute("COMMIT");
      committed = true;
    } finally {
      if (!committed) {
        forget();
        rollback();
      }
    }
  }

  private void rollback() {
    try {
      execute("ROLLBACK");
    } catch (SQLException e) {
      // The failure that is being thrown ended the transaction.
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  static LedgerException failure(Path file, String reason, Exception cause) {
    return new LedgerException(file + ": the index cannot be used: " + reason, false, cause);
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // The next writer adds the rows that were not committed.
    } finally {
      lock.close();
    }
  }

  /** Changes the index in a transaction. */
  @FunctionalInterface
  private interface Change {
    void run() throws SQLException;
  }
}
