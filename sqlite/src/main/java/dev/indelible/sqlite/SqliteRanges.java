// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.base.ThrowingFunction;
import dev.indelible.base.ThrowingSupplier;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader.Visitor;
import dev.indelible.ledger.StoredRow;
import dev.indelible.storage.RowRanges;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Reads the rows of one state of the ledger over several connections, each with its own read
 * transaction. Used by any threads; a connection is used by one thread at a time.
 *
 * <p>Two connections read the same state if they see the same last row: every writer that changes
 * the chain also appends a row in that transaction.
 */
final class SqliteRanges implements RowRanges {
  /** Maximum number of attempts to make all connections see one state while a writer appends. */
  private static final int ATTEMPTS = 100;

  /** Query plan of SQLite for a search by the primary key. */
  private static final String BY_SEQUENCE =
      "SEARCH signed_events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";

  /**
   * Bytes of the separator: too many to guess. Its first byte does not occur at the end of any
   * text.
   */
  private static final int SEPARATOR_BYTES = 16;

  private final Function<SQLException, LedgerException> failure;
  private final List<Reader> readers = new ArrayList<>();
  private final Deque<Reader> idle = new ArrayDeque<>();
  private final byte[] separator = new byte[SEPARATOR_BYTES];

  private SqliteRanges(Function<SQLException, LedgerException> failure) {
    this.failure = failure;
    new SecureRandom().nextBytes(separator);
    separator[0] = 0;
  }

  /**
   * Opens up to {@code most} readers of one state of the ledger.
   *
   * @param failure maps a failed read to an exception
   */
  static SqliteRanges open(
      ThrowingSupplier<Connection, SQLException> opening,
      int most,
      Function<SQLException, LedgerException> failure)
      throws LedgerException {
    SqliteRanges ranges = new SqliteRanges(failure);
    try {
      for (int i = 0; i < most; i++) {
        ranges.readers.add(new Reader(opening.get()));
      }
      ranges.agree();
      ranges.idle.addAll(ranges.readers);
      return ranges;
    } catch (SQLException e) {
      ranges.close();
      throw failure.apply(e);
    }
  }

  /**
   * Returns true if SQLite finds a ledger's rows by their sequence, without a scan of the table.
   */
  static boolean areFound(Connection connection) throws SQLException {
    try (Statement explain = connection.createStatement();
        ResultSet plan = explain.executeQuery("EXPLAIN QUERY PLAN " + SqliteRows.SELECT_PACKED)) {
      return plan.next() && plan.getString("detail").equals(BY_SEQUENCE) && !plan.next();
    }
  }

  /** Makes all readers see one state of the ledger; closes readers that cannot. */
  private void agree() throws SQLException {
    List<Reader> apart = List.of();
    for (int attempt = 0; attempt == 0 || attempt < ATTEMPTS && !apart.isEmpty(); attempt++) {
      OptionalLong last = readers.get(0).begin();
      List<Reader> found = new ArrayList<>();
      for (Reader reader : readers.subList(1, readers.size())) {
        if (!reader.begin().equals(last)) {
          found.add(reader);
        }
      }
      apart = found;
    }
    for (Reader reader : apart) {
      reader.close();
    }
    readers.removeAll(apart);
  }

  @Override
  public int readers() {
    return readers.size();
  }

  @Override
  public OptionalLong next(long from) throws LedgerException {
    return with(reader -> reader.next(from));
  }

  @Override
  public void forEachRow(long from, long to, Visitor<StoredRow> visitor) throws LedgerException {
    with(
        reader -> {
          reader.forEachRow(from, to, separator, visitor);
          return true;
        });
  }

  private <T> T with(ThrowingFunction<Reader, T, SQLException> work) throws LedgerException {
    Reader reader = take();
    try {
      return work.apply(reader);
    } catch (SQLException e) {
      throw failure.apply(e);
    } finally {
      give(reader);
    }
  }

  private synchronized Reader take() throws LedgerException {
    while (idle.isEmpty()) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new LedgerException("interrupted before the ledger was read");
      }
    }
    return idle.pop();
  }

  private synchronized void give(Reader reader) {
    idle.push(reader);
    notifyAll();
  }

  @Override
  public void close() {
    for (Reader reader : readers) {
      try {
        reader.close();
      } catch (SQLException e) {
        // The connection only read; nothing can be lost.
      }
    }
  }

  /** One connection and its statements. */
  private static final class Reader {
    private final Connection connection;
    private final PreparedStatement next;
    private final PreparedStatement packed;
    private final PreparedStatement decoded;

    Reader(Connection connection) throws SQLException {
      this.connection = connection;
      next =
          connection.prepareStatement(
              "SELECT min(sequence) FROM signed_events WHERE sequence >= ?");
      packed = connection.prepareStatement(SqliteRows.SELECT_PACKED);
      decoded =
          connection.prepareStatement(
              SqliteRows.SELECT + "WHERE sequence BETWEEN ? AND ? ORDER BY sequence");
    }

    /** Begins a read transaction; returns the sequence of the last row. */
    OptionalLong begin() throws SQLException {
      try (Statement statement = connection.createStatement()) {
        if (!connection.getAutoCommit()) {
          connection.rollback();
        }
        connection.setAutoCommit(false);
        try (ResultSet row = statement.executeQuery("SELECT max(sequence) FROM signed_events")) {
          return number(row);
        }
      }
    }

    OptionalLong next(long from) throws SQLException {
      next.setLong(1, from);
      try (ResultSet row = next.executeQuery()) {
        return number(row);
      }
    }

    void forEachRow(long from, long to, byte[] separator, Visitor<StoredRow> visitor)
        throws SQLException {
      packed.setBytes(1, separator);
      packed.setLong(2, from);
      packed.setLong(3, to);
      long seen = from - 1;
      try (ResultSet rows = packed.executeQuery()) {
        while (rows.next()) {
          Optional<PackedRow> row =
              Optional.ofNullable(rows.getBytes(1)).flatMap(one -> PackedRow.of(one, separator));
          if (row.isEmpty()) {
            forEachDecoded(seen + 1, to, visitor);
            return;
          }
          if (!visitor.visit(row.get())) {
            return;
          }
          seen = row.get().sequence();
        }
      }
    }

    /** Reads the rest of a range column by column, after a row that cannot be packed. */
    private void forEachDecoded(long from, long to, Visitor<StoredRow> visitor)
        throws SQLException {
      decoded.setLong(1, from);
      decoded.setLong(2, to);
      try (ResultSet rows = decoded.executeQuery()) {
        boolean more = true;
        while (more && rows.next()) {
          more = visitor.visit(SqliteRows.read(rows));
        }
      }
    }

    void close() throws SQLException {
      connection.close();
    }

    private static OptionalLong number(ResultSet row) throws SQLException {
      long value = row.next() ? row.getLong(1) : 0;
      return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }
  }
}
