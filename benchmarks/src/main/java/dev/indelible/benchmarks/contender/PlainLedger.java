// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.sqlite.SqliteTuning;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;

/**
 * Writes the ledger's tables and indexes with plain JDBC, without computation and checks. Used by
 * one thread.
 */
public final class PlainLedger implements AutoCloseable {
  /** The durability of a commit. All other settings equal Indelible's. */
  public enum Synchronous {
    /** Waits for the disk at every commit, as Indelible does. */
    FULL,
    /** Waits for the disk only at WAL checkpoints, as the original design does. */
    NORMAL,
    /** Never waits for the disk; used to fill a ledger before a measurement. */
    OFF
  }

  private final Connection connection;
  private final Statement statement;
  private final PreparedStatement insert;
  private final PreparedStatement last;

  private PlainLedger(Connection connection) throws SQLException {
    this.connection = connection;
    this.statement = connection.createStatement();
    this.insert = SqliteTuning.prepareInsert(connection);
    this.last =
        connection.prepareStatement(
            "SELECT sequence, id, agent_id, event_type, payload_hash, signature, attest_level,"
                + " timestamp, prev_hash, key_id, payload"
                + " FROM signed_events ORDER BY sequence DESC LIMIT 1");
  }

  /** Creates a file with Indelible's tables, indexes and page size. */
  public static PlainLedger create(Path file, Synchronous synchronous) throws SQLException {
    try (Connection connection = connect(file)) {
      SqliteTuning.makeTables(connection);
    }
    return open(file, synchronous);
  }

  /** Opens an existing file. */
  public static PlainLedger open(Path file, Synchronous synchronous) throws SQLException {
    Connection connection = connect(file);
    SqliteTuning.apply(connection);
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA synchronous = " + synchronous);
    }
    return new PlainLedger(connection);
  }

  /** Inserts rows in one transaction. */
  public void append(List<ChainRow> rows) throws SQLException {
    begin();
    for (ChainRow row : rows) {
      insert(row);
    }
    commit();
  }

  void begin() throws SQLException {
    statement.execute("BEGIN IMMEDIATE");
  }

  void commit() throws SQLException {
    statement.execute("COMMIT");
  }

  void insert(ChainRow row) throws SQLException {
    SqliteTuning.bind(insert, row);
    insert.executeUpdate();
  }

  /** Returns the end of the chain, read from the last row. */
  public Head head() throws SQLException {
    try (ResultSet row = last.executeQuery()) {
      return row.next() ? read(row).head() : Head.EMPTY;
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }

  private static ChainRow read(ResultSet row) throws SQLException {
    return new ChainRow(
        row.getLong(1),
        row.getString(2),
        row.getString(3),
        row.getString(4),
        row.getBytes(5),
        Optional.ofNullable(row.getBytes(6)),
        row.getString(7),
        row.getString(8),
        row.getBytes(9),
        Optional.ofNullable(row.getString(10)),
        Optional.ofNullable(row.getBytes(11)));
  }

  private static Connection connect(Path file) throws SQLException {
    return DriverManager.getConnection("jdbc:sqlite:" + file, SqliteTuning.properties());
  }
}
