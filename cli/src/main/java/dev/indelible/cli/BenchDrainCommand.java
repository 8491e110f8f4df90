// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.RowSealer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteTuning;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/**
 * Measures the drain. The run also measures, with these events, the design that the drain replaces
 * (for each row a transaction, a read of the head and a signature), and the limit (finished rows
 * inserted in bulk).
 */
@Command(
    name = "drain",
    description = "Measure how fast waiting events become signed rows on disk.",
    footer = {
      "",
      "For comparison, the run also measures the limit, which is a bulk insert of",
      "these rows, and a design that signs and commits row by row with",
      "synchronous=NORMAL, on a twentieth of the events."
    })
final class BenchDrainCommand extends BenchVerb {
  private static final int RAW_BATCH = 5_000;

  /** One event in this many is appended by the replaced design, which is slow. */
  private static final int ROW_BY_ROW_SHARE = 20;

  BenchDrainCommand() {
    super(200_000);
  }

  @Override
  void measure(TemporaryDirectory directory) throws Exception {
    SigningKey key = SigningKey.generate();
    List<AuditEvent> warmUp = make(events / 4);
    drain(warmUp, key, directory.resolve("warm-up.db"));
    List<AuditEvent> batch = make(events);
    Path drained = directory.resolve("drained.db");
    long drain = perSecond(events, drain(batch, key, drained));
    rowByRow(
        warmUp.subList(0, warmUp.size() / ROW_BY_ROW_SHARE), key, directory.resolve("warm-row.db"));
    List<AuditEvent> part = batch.subList(0, events / ROW_BY_ROW_SHARE);
    long rowByRow = perSecond(part.size(), rowByRow(part, key, directory.resolve("rows.db")));
    raw(directory.resolve("warm-up.db"), directory.resolve("warm-raw.db"));
    long raw = perSecond(events, raw(drained, directory.resolve("raw.db")));
    print(
        out ->
            out.member("events", events)
                .member("events_per_second", drain)
                .member("raw_insert_per_second", raw)
                .member("row_per_transaction_per_second", rowByRow),
        "events per second",
        new Rate("Indelible: queue to signed rows, synchronous=FULL", drain),
        new Rate("one transaction a row, synchronous=NORMAL", rowByRow),
        new Rate("the limit: those rows inserted in bulk", raw));
  }

  /** Appends as the replaced design does: reads the head, signs, inserts and commits each row. */
  private static long rowByRow(List<AuditEvent> batch, SigningKey key, Path file)
      throws SQLException {
    try (Connection connection = connect(file, "NORMAL")) {
      SqliteTuning.makeTables(connection);
      RowSealer sealer = new RowSealer(key);
      long start = System.nanoTime();
      try (Statement statement = connection.createStatement();
          PreparedStatement head =
              connection.prepareStatement(
                  "SELECT sequence, id, agent_id, event_type, payload_hash, signature,"
                      + " attest_level, timestamp, prev_hash, key_id, payload"
                      + " FROM signed_events ORDER BY sequence DESC LIMIT 1");
          PreparedStatement insert = SqliteTuning.prepareInsert(connection)) {
        for (AuditEvent event : batch) {
          statement.execute("BEGIN IMMEDIATE");
          SqliteTuning.bind(insert, sealer.seal(read(head), List.of(event)).get(0));
          insert.executeUpdate();
          statement.execute("COMMIT");
        }
      }
      return System.nanoTime() - start;
    }
  }

  /** Inserts finished rows in large transactions, into tables with the ledger's indexes. */
  private static long raw(Path from, Path file) throws Exception {
    List<ChainRow> rows = new ArrayList<>();
    try (LedgerReader ledger = SqliteLedger.open(from)) {
      ledger.forEachRow(RowQuery.all(), rows::add);
    }
    try (Connection connection = connect(file, "FULL")) {
      SqliteTuning.makeTables(connection);
      long start = System.nanoTime();
      try (Statement statement = connection.createStatement();
          PreparedStatement insert = SqliteTuning.prepareInsert(connection)) {
        for (int i = 0; i < rows.size(); i += RAW_BATCH) {
          statement.execute("BEGIN IMMEDIATE");
          for (ChainRow row : rows.subList(i, Math.min(rows.size(), i + RAW_BATCH))) {
            SqliteTuning.bind(insert, row);
            insert.executeUpdate();
          }
          statement.execute("COMMIT");
        }
      }
      return System.nanoTime() - start;
    }
  }

  private static Connection connect(Path file, String synchronous) throws SQLException {
    Connection connection =
        DriverManager.getConnection("jdbc:sqlite:" + file, SqliteTuning.properties());
    SqliteTuning.apply(connection);
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA synchronous = " + synchronous);
    }
    return connection;
  }

  private static Head read(PreparedStatement select) throws SQLException {
    try (ResultSet row = select.executeQuery()) {
      if (!row.next()) {
        return Head.EMPTY;
      }
      return new ChainRow(
              row.getLong(1),
              row.getString(2),
              row.getString(3),
              row.getString(4),
              row.getBytes(5),
              Optional.of(row.getBytes(6)),
              row.getString(7),
              row.getString(8),
              row.getBytes(9),
              Optional.of(row.getString(10)),
              Optional.of(row.getBytes(11)))
          .head();
    }
  }
}
