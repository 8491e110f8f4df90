// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.base.ThrowingFunction;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader.Visitor;
import dev.indelible.ledger.StoredRow;
import dev.indelible.storage.RowRanges;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * Reads the rows of one snapshot over several connections. The first connection exports its
 * snapshot, and keeps it until the end; the others adopt it. Used by any threads; a connection is
 * used by one thread at a time.
 */
final class PostgresRanges implements RowRanges {
  private final PostgresAddress address;
  private final int readers;

  /** Exports the snapshot, and reads nothing else. */
  private final Connection exporter;

  private final String snapshot;

  /** Connections that read at the moment. Guarded by this. */
  private int reading;

  /** Connections that have the snapshot and are not in use. Guarded by this. */
  private final Deque<Connection> idle = new ArrayDeque<>();

  private PostgresRanges(PostgresAddress address, int readers, Connection exporter)
      throws SQLException {
    this.address = address;
    this.readers = readers;
    this.exporter = exporter;
    begin(exporter);
    this.snapshot =
        Sql.first(exporter, "SELECT pg_export_snapshot()", row -> row.getString(1)).orElseThrow();
  }

  static PostgresRanges open(PostgresAddress address, int readers) throws LedgerException {
    try {
      Connection exporter = address.connect();
      try {
        return new PostgresRanges(address, readers, exporter);
      } catch (SQLException | RuntimeException | Error e) {
        exporter.close();
        throw e;
      }
    } catch (SQLException e) {
      throw PostgresFault.reading(address.name(), e);
    }
  }

  private static void begin(Connection connection) throws SQLException {
    connection.setReadOnly(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(false);
  }

  @Override
  public int readers() {
    return readers;
  }

  @Override
  public OptionalLong next(long from) throws LedgerException {
    return with(
        connection -> {
          OptionalLong found =
              Sql.first(
                      connection,
                      address.sql("SELECT min(sequence) FROM @signed_events WHERE sequence >= ?"),
                      row -> {
                        long sequence = row.getLong(1);
                        return row.wasNull() ? null : OptionalLong.of(sequence);
                      },
                      from)
                  .orElse(OptionalLong.empty());
          return new Result<>(found, true);
        });
  }

  @Override
  public void forEachRow(long from, long to, Visitor<StoredRow> visitor) throws LedgerException {
    with(
        connection -> {
          CopyOut copy =
              connection
                  .unwrap(PGConnection.class)
                  .getCopyAPI()
                  .copyOut(
                      address.sql(
                          "COPY (%sWHERE sequence BETWEEN %s AND %s ORDER BY sequence) TO STDOUT (FORMAT BINARY)"
                              .formatted(PostgresRows.SELECT, from, to)));
          CopyFormat.Reader in = new CopyFormat.Reader();
          for (byte[] message = copy.readFromCopy();
              message != null;
              message = copy.readFromCopy()) {
            Optional<ChainRow> row = in.row(message);
            if (row.isPresent() && !visitor.visit(row.get())) {
              return new Result<>(false, false);
            }
          }
          return new Result<>(true, true);
        });
  }

  /**
   * A result of one reader.
   *
   * @param isComplete false if the connection still has rows that nobody reads, and is closed
   */
  private record Result<T>(T value, boolean isComplete) {}

  private <T> T with(ThrowingFunction<Connection, Result<T>, SQLException> work)
      throws LedgerException {
    awaitTurn();
    boolean complete = false;
    Connection connection = null;
    try {
      connection = connection();
      Result<T> result = work.apply(connection);
      complete = result.isComplete();
      return result.value();
    } catch (SQLException e) {
      throw PostgresFault.reading(address.name(), e);
    } finally {
      if (connection != null && !complete) {
        close(connection);
      }
      giveBack(complete ? connection : null);
    }
  }

  private synchronized void awaitTurn() throws LedgerException {
    while (reading == readers) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new LedgerException("interrupted before the ledger was read");
      }
    }
    reading++;
  }

  private synchronized void giveBack(@Nullable Connection connection) {
    reading--;
    if (connection != null) {
      idle.push(connection);
    }
    notifyAll();
  }

  /** Returns an idle connection, or a new one that adopts the snapshot. */
  private Connection connection() throws SQLException {
    synchronized (this) {
      if (!idle.isEmpty()) {
        return idle.pop();
      }
    }
    Connection connection = address.connect();
    try {
      begin(connection);
      Sql.run(connection, "SET TRANSACTION SNAPSHOT '" + snapshot + "'");
      return connection;
    } catch (SQLException | RuntimeException | Error e) {
      connection.close();
      throw e;
    }
  }

  private static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      // The connection only read; nothing can be lost.
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      idle.forEach(PostgresRanges::close);
      idle.clear();
    }
    close(exporter);
  }
}
