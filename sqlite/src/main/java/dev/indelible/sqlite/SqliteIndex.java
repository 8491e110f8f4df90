// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Counting;
import dev.indelible.ledger.EventQuery.Counts;
import dev.indelible.ledger.EventQuery.Coverage;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.EventQuery.Page;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Answers queries from the index of a ledger, in one read transaction. The index only selects rows:
 * each row of a page is read from the ledger and compared with the filter again, so a page never
 * has a row that does not match the filter. Used by one thread.
 */
public final class SqliteIndex implements AutoCloseable {
  private static final int BUSY_TIMEOUT_MILLIS = 1_000;

  /** Rows read from the ledger between two checks of the time limit. */
  static final int SLICE_ROWS = 32;

  /** A page ends after this many bytes of rows, even if it has fewer rows than its limit. */
  private static final long PAGE_BYTES = 4 << 20;

  /**
   * A slice is read as one range of the ledger if at most this many rows are read for each row that
   * is used.
   */
  private static final int DENSE = 4;

  private final Path file;
  private final Optional<Object> identity;
  private final Connection connection;
  private final LedgerReader ledger;
  private final IndexSchema.State state;
  private final Coverage coverage;

  private SqliteIndex(
      Path file,
      Optional<Object> identity,
      Connection connection,
      LedgerReader ledger,
      IndexSchema.State state)
      throws LedgerException {
    this.file = file;
    this.identity = identity;
    this.connection = connection;
    this.ledger = ledger;
    this.state = state;
    this.coverage =
        new Coverage(state.reached(), ledger.lastRow().map(ChainRow::sequence).orElse(0L));
  }

  /**
   * Opens an index for reading.
   *
   * @param ledger the ledger, open until the index is closed
   * @return empty if there is no index of this ledger, or it is damaged, or was deleted or replaced
   *     meanwhile
   */
  public static Optional<SqliteIndex> open(Path file, LedgerReader ledger) throws LedgerException {
    SqliteLibrary.load();
    IndexWriter.FILES.readLock().lock();
    try {
      return openUnreplaced(file, ledger);
    } finally {
      IndexWriter.FILES.readLock().unlock();
    }
  }

  private static Optional<SqliteIndex> openUnreplaced(Path file, LedgerReader ledger)
      throws LedgerException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Optional<Object> identity = SqliteFile.identity(file);
    Connection connection = null;
    boolean opened = false;
    try {
      connection = SqliteReading.connect(SqliteFile.url(file), BUSY_TIMEOUT_MILLIS);
      connection.setAutoCommit(false);
      Optional<IndexSchema.State> state = IndexSchema.state(connection);
      if (state.isEmpty() || !state.get().isOf(ledger)) {
        return Optional.empty();
      }
      SqliteIndex index = new SqliteIndex(file, identity, connection, ledger, state.get());
      opened = true;
      return Optional.of(index);
    } catch (SQLException e) {
      if (IndexWriter.isRepairable(e) || isReplaced(file, identity, e)) {
        return Optional.empty();
      }
      throw IndexWriter.failure(file, SqliteFault.describe(e), e);
    } finally {
      if (!opened && connection != null) {
        close(connection);
      }
    }
  }

  /** Returns the rows that every result covers. */
  public Coverage coverage() {
    return coverage;
  }

  /** Returns the event types of the rows. */
  public List<String> types() throws LedgerException {
    List<String> found = new ArrayList<>();
    return reading(
        () -> {
          Statements.forEach(
              connection,
              "SELECT name FROM names WHERE id IN (SELECT type FROM facets) ORDER BY name",
              row -> found.add(row.getString(1)));
          return found;
        });
  }

  /**
   * Returns a page.
   *
   * @throws IllegalArgumentException if the cursor is malformed, or is one of another query or
   *     ledger
   */
  public Page find(EventQuery query) throws LedgerException {
    Optional<Long> after = query.cursor().map(text -> cursor(query).position(text));
    return reading(() -> new Search(query, after).page());
  }

  private PageCursor cursor(EventQuery query) {
    return PageCursor.of(query, state.ledger());
  }

  /** Returns the selection of a filter; empty if no row matches. */
  private Optional<IndexSelection> selection(Filter filter) throws SQLException {
    return IndexSelection.of(filter, connection);
  }

  /** One search for a page. */
  private final class Search {
    private final EventQuery query;
    private final Optional<Long> after;
    private final long deadline;
    private final Predicate<ChainRow> predicate;
    private final List<ChainRow> rows = new ArrayList<>();

    /** The bytes of the rows. */
    private long bytes;

    /** The last row examined. */
    private long reached;

    Search(EventQuery query, Optional<Long> after) {
      this.query = query;
      this.after = after;
      this.deadline = System.nanoTime() + query.atMost().toNanos();
      this.predicate = query.filter().predicate();
    }

    Page page() throws SQLException, LedgerException {
      Optional<IndexSelection> selection = selection(query.filter());
      boolean complete = selection.isEmpty() || search(selection.get());
      if (complete) {
        reached =
            query.newestFirst()
                ? state.first().map(IndexSchema.Mark::sequence).orElse(0L)
                : state.reached();
        return new Page(rows, Optional.empty(), reached, coverage);
      }
      return new Page(rows, Optional.of(cursor(query).text(reached)), reached, coverage);
    }

    /** Searches block by block; returns true if there are no more rows. */
    private boolean search(IndexSelection selection) throws SQLException, LedgerException {
      boolean newest = query.newestFirst();
      long from = newest ? Long.MIN_VALUE : after.map(last -> last + 1).orElse(Long.MIN_VALUE);
      long to = newest ? after.map(last -> last - 1).orElse(Long.MAX_VALUE) : Long.MAX_VALUE;
      try (IndexSelection.Blocks blocks = selection.blocks(from, to, newest)) {
        for (IndexSelection.Block block = blocks.next(); block != null; block = blocks.next()) {
          if (block.mayHave(selection) && !examine(selection.sequences(block, from, to, newest))) {
            return false;
          }
          reached = newest ? block.first() : block.last();
          // The last block of the index may get more rows later; a cursor at its end would skip
          // them.
          boolean isEnd = !newest && reached >= state.reached();
          if (isLate() && !isEnd) {
            return false;
          }
        }
      }
      return true;
    }

    /**
     * Adds the rows that match the filter; returns false if the page is full or its time limit is
     * reached.
     */
    private boolean examine(List<Long> sequences) throws LedgerException {
      for (int at = 0; at < sequences.size(); at += SLICE_ROWS) {
        if (at > 0 && isLate()) {
          return false;
        }
        List<Long> slice = sequences.subList(at, Math.min(sequences.size(), at + SLICE_ROWS));
        Map<Long, ChainRow> found = new HashMap<>();
        forEachRow(
            slice,
            row -> {
              if (predicate.test(row)) {
                found.put(row.sequence(), row);
              }
            });
        for (long sequence : slice) {
          reached = sequence;
          ChainRow row = found.get(sequence);
          if (row != null) {
            rows.add(row);
            bytes += row.bytes();
            if (rows.size() == query.limit() || bytes >= PAGE_BYTES) {
              return false;
            }
          }
        }
      }
      return true;
    }

    private boolean isLate() {
      return System.nanoTime() - deadline >= 0;
    }
  }

  /**
   * Reads rows from the ledger, one by one if they are far apart. Keeps one row in memory at a
   * time.
   */
  private void forEachRow(List<Long> sequences, Consumer<ChainRow> consumer)
      throws LedgerException {
    long low = Collections.min(sequences);
    long high = Collections.max(sequences);
    if (high - low < (long) DENSE * sequences.size()) {
      Set<Long> wanted = new HashSet<>(sequences);
      ledger.forEachRow(
          RowQuery.from(low),
          row -> {
            if (wanted.contains(row.sequence())) {
              consumer.accept(row);
            }
            return row.sequence() < high;
          });
    } else {
      for (long sequence : sequences) {
        ledger.row(sequence).ifPresent(consumer);
      }
    }
  }

  /**
   * Counts rows, the newest first.
   *
   * @throws IllegalArgumentException if there would be too many buckets
   */
  public Counts count(Counting counting) throws LedgerException {
    return reading(() -> new IndexCount(this, counting).counts());
  }

  /** Returns the given sequences whose rows match a filter. Keeps one row in memory at a time. */
  List<Long> found(List<Long> sequences, Predicate<ChainRow> filter) throws LedgerException {
    List<Long> found = new ArrayList<>();
    forEachRow(
        sequences,
        row -> {
          if (filter.test(row)) {
            found.add(row.sequence());
          }
        });
    return found;
  }

  Connection connection() {
    return connection;
  }

  private <T> T reading(Reading<T> reading) throws LedgerException {
    try {
      T found = reading.read();
      if (!SqliteFile.identity(file).equals(identity)) {
        throw new ReplacedIndexException(file);
      }
      return found;
    } catch (SQLException e) {
      if (IndexWriter.isRepairable(e)) {
        throw new DamagedIndexException(file, e);
      }
      if (isReplaced(file, identity, e)) {
        throw new ReplacedIndexException(file);
      }
      throw IndexWriter.failure(file, SqliteFault.describe(e), e);
    }
  }

  /**
   * Returns true if a failure is that of a file that was deleted, or that a writer deleted to build
   * the index again: another file has its name, or SQLite finds its write-ahead log gone.
   */
  private static boolean isReplaced(Path file, Optional<Object> identity, SQLException e) {
    return SqliteFault.isOfADeletedFile(e)
        || !Files.exists(file)
        || !SqliteFile.identity(file).equals(identity);
  }

  @Override
  public void close() {
    close(connection);
  }

  private static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      // The connection only read; nothing can be lost.
    }
  }

  /** Thrown if the index is damaged and must be rebuilt. */
  public static final class DamagedIndexException extends LedgerException {
    private static final long serialVersionUID = 1;

    DamagedIndexException(Path file, SQLException cause) {
      super(file + ": the index is damaged: " + SqliteFault.describe(cause), false, cause);
    }
  }

  /** The file of the index was deleted or replaced while it was open, and must be opened again. */
  public static final class ReplacedIndexException extends LedgerException {
    private static final long serialVersionUID = 1;

    ReplacedIndexException(Path file) {
      super(file + ": the index was deleted or replaced while it was read; ask again");
    }
  }

  /** Reads a value from the index. */
  @FunctionalInterface
  private interface Reading<T> {
    T read() throws SQLException, LedgerException;
  }
}
