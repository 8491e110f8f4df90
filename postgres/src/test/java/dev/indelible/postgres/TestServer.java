// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server with the durability of production: {@code fsync} is on, which embedded
 * servers turn off. Has the roles of a ledger, and creates ledgers in schemas of their own.
 */
final class TestServer implements AutoCloseable {
  static final String WRITER = "indelible_writer";
  static final String READER = "indelible_reader";
  static final String ERASER = "indelible_eraser";

  /** A role that has no rights, and needs a password. */
  static final String STRANGER = "stranger";

  static final String STRANGERS_PASSWORD = "a strange secret";

  private static final AtomicInteger LEDGERS = new AtomicInteger();
  private static @Nullable TestServer shared;

  private final EmbeddedPostgres server;

  private TestServer(EmbeddedPostgres server) {
    this.server = server;
  }

  /** Returns the server that all tests of this JVM share. It ends with the JVM. */
  static synchronized TestServer shared() {
    TestServer running = shared;
    if (running == null) {
      running = start(null, 0);
      shared = running;
    }
    return running;
  }

  /**
   * Starts a server.
   *
   * @param data its data directory, which may have the data of an earlier server; null for a new
   *     one
   * @param port its port; 0 for any
   */
  static TestServer start(@Nullable Path data, int port) {
    boolean hasBinaries =
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64");
    assumeTrue(hasBinaries, "skipped: the build includes PostgreSQL for Linux on x86-64 only");
    boolean isNew = data == null || !Files.exists(data.resolve("PG_VERSION"));
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setServerConfig("fsync", "on")
            .setServerConfig("full_page_writes", "on")
            .setServerConfig("synchronous_commit", "on")
            .setDataDirectoryCustomizer(TestServer::requirePasswordOfStranger);
    if (data != null) {
      builder.setDataDirectory(data).setCleanDataDirectory(false);
    }
    if (port != 0) {
      builder.setPort(port);
    }
    try {
      TestServer started = new TestServer(builder.start());
      assertThat(started.text("SELECT current_setting('fsync')")).isEqualTo("on");
      assertThat(started.text("SELECT current_setting('synchronous_commit')")).isEqualTo("on");
      if (isNew) {
        for (String role : List.of(WRITER, READER, ERASER)) {
          started.run("CREATE ROLE " + role + " LOGIN");
        }
        started.run("CREATE ROLE %s LOGIN PASSWORD '%s'".formatted(STRANGER, STRANGERS_PASSWORD));
      }
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void requirePasswordOfStranger(File data) {
    Path file = data.toPath().resolve("pg_hba.conf");
    try {
      String rules = Files.readString(file);
      if (!rules.contains(STRANGER)) {
        Files.writeString(file, "host all " + STRANGER + " all scram-sha-256\n" + rules);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return server.getPort();
  }

  Process process() {
    return server.getProcess();
  }

  /** Creates a ledger in a schema of its own. Returns the schema. */
  String createLedger() throws SQLException {
    String schema = "log_" + ProcessHandle.current().pid() + "_" + LEDGERS.incrementAndGet();
    run(PostgresLedger.script(schema, WRITER, READER, ERASER));
    return schema;
  }

  /** Returns the URL of a ledger, for a role. */
  String url(String schema, String role) {
    return "postgresql://localhost:%d/postgres?user=%s&currentSchema=%s"
        .formatted(port(), role, schema);
  }

  /** Connects as the superuser, who owns every ledger. */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://localhost:%d/postgres?user=postgres".formatted(port()));
  }

  void run(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  String text(String query) throws SQLException {
    List<String> found = texts(query);
    assertThat(found).as(query).hasSize(1);
    return found.get(0);
  }

  /** Returns the first column of every row. */
  List<String> texts(String query) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      List<String> found = new ArrayList<>();
      while (rows.next()) {
        found.add(rows.getString(1));
      }
      return found;
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
