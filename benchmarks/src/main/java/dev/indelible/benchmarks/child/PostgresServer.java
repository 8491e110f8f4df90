// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.postgres.PostgresLedger;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** A PostgreSQL server with the durability of production, whose data is on the measured disk. */
final class PostgresServer implements AutoCloseable {
  private static final String WRITER = "indelible_writer";

  private final EmbeddedPostgres server;
  private int ledgers;

  private PostgresServer(EmbeddedPostgres server) {
    this.server = server;
  }

  static PostgresServer start(Path directory) throws IOException, SQLException {
    // The defaults of embedded servers do not wait for the disk.
    PostgresServer started =
        new PostgresServer(
            EmbeddedPostgres.builder()
                .setDataDirectory(directory)
                .setServerConfig("fsync", "on")
                .setServerConfig("full_page_writes", "on")
                .setServerConfig("synchronous_commit", "on")
                .start());
    started.run("CREATE ROLE " + WRITER + " LOGIN");
    try (Connection connection = started.connect();
        Statement statement = connection.createStatement();
        ResultSet setting = statement.executeQuery("SHOW fsync")) {
      if (!setting.next() || !setting.getString(1).equals("on")) {
        throw new IllegalStateException("fsync is off");
      }
    }
    return started;
  }

  /** Creates a ledger, and returns its schema. */
  String createLedger() throws SQLException {
    String schema = "log_" + ++ledgers;
    run(PostgresLedger.script(schema, WRITER, WRITER, WRITER));
    return schema;
  }

  String url(String schema) {
    return "postgresql://localhost:%s/postgres?user=%s&currentSchema=%s"
        .formatted(server.getPort(), WRITER, schema);
  }

  /** Connects as the superuser. */
  Connection connect() throws SQLException {
    return server.getPostgresDatabase().getConnection();
  }

  void run(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
