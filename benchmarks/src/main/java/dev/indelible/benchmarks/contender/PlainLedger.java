// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.sqlite.SqliteDeferredAudit;
import dev.indelible.sqlite.SqliteTuning;
import java.io.IOException;
import java.nio.file.Files;
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
 * The ledger's tables and indexes written with plain JDBC, nothing computed and nothing checked.
 * One thread.
 */
public final class PlainLedger implements AutoCloseable {
  /** What a commit waits for; all else is set as the product sets it for itself. */
  public enum Synchronous {
    /** The disk, as the product does. */
    FULL,
    /** Nothing but now and then the disk, as the original design does. */
    NORMAL,
    /** Nothing: to fill a ledger in a hurry, before anything is measured. */
    OFF
  }

  private static final String COLUMNS =
      "sequence, id, agent_id, event_type, payload_hash, signature, attest_level, timestamp,"
          + " prev_hash, key_id, payload";

  private final Connection connection;
  private final Statement statement;
  private final PreparedStatement insert;
  private final PreparedStatement last;

  private PlainLedger(Connection connection) throws SQLException {
    this.connection = connection;
    this.statement = connection.createStatement();
    this.insert =
        connection.prepareStatement(
            "INSERT INTO signed_events ("
                + COLUMNS
                + ") VALUES (?,?,?,?,?,?,?,?,?,?,CAST(? AS TEXT))");
    this.last =
        connection.prepareStatement(
            "SELECT " + COLUMNS + " FROM signed_events ORDER BY sequence DESC LIMIT 1");
  }

  /** A new file with the tables, indexes and page size that the product makes. */
  public static PlainLedger create(Path file, Synchronous synchronous)
      throws SQLException, IOException {
    Path template = Files.createTempFile(file.toAbsolutePath().getParent(), "template", ".db");
    Files.delete(template);
    letProductMake(template);
    try (Connection source = connect(template);
        Connection target = connect(file)) {
      execute(target, "PRAGMA page_size = " + pageSize(source));
      copySchema(source, target);
    }
    return open(file, synchronous);
  }

  /** A file that is there. */
  public static PlainLedger open(Path file, Synchronous synchronous) throws SQLException {
    Connection connection = connect(file);
    SqliteTuning.apply(connection);
    execute(connection, "PRAGMA synchronous = " + synchronous);
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
    insert.setLong(1, row.sequence());
    insert.setString(2, row.id());
    insert.setString(3, row.agentId());
    insert.setString(4, row.eventType());
    insert.setBytes(5, row.payloadHash());
    insert.setBytes(6, row.signature().orElse(null));
    insert.setString(7, row.attestLevel());
    insert.setString(8, row.timestamp());
    insert.setBytes(9, row.prevHash());
    insert.setString(10, row.keyId().orElse(null));
    insert.setBytes(11, row.payload().orElse(null));
    insert.executeUpdate();
  }

  /** The end of the chain, read from the last row. */
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

  private static void letProductMake(Path file) {
    SigningKey key = SigningKey.generate();
    try (DeferredAudit audit =
        SqliteDeferredAudit.install(file, key, KeyRing.of(List.of(key.verificationKey())))) {
      audit.queue().submit(new EventStream(0, 1, 0).next());
    }
  }

  private static Connection connect(Path file) throws SQLException {
    return DriverManager.getConnection("jdbc:sqlite:" + file, SqliteTuning.properties());
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static int pageSize(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("PRAGMA page_size")) {
      return row.getInt(1);
    }
  }

  private static void copySchema(Connection from, Connection to) throws SQLException {
    try (Statement select = from.createStatement();
        Statement create = to.createStatement();
        ResultSet schema =
            select.executeQuery(
                "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")) {
      while (schema.next()) {
        create.execute(schema.getString(1));
      }
    }
  }
}
