// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteDataSource;

/** The databases of these tests. Each has the tables t and "of". */
enum TestDatabase {
  SQLITE {
    @Override
    DataSource create(Path directory) {
      SQLiteDataSource source = new SQLiteDataSource();
      Path file = directory.resolve("data" + COUNT.incrementAndGet() + ".db");
      source.setUrl("jdbc:sqlite:" + file + "?synchronous=OFF");
      return source;
    }

    @Override
    List<String> tables() {
      return List.of("CREATE TABLE t (a INTEGER, b TEXT)", "CREATE TABLE \"of\" (a INTEGER)");
    }

    @Override
    List<String> state(Connection connection) throws SQLException {
      List<String> state = rows(connection, "SELECT * FROM sqlite_master");
      for (String table : rows(connection, "SELECT name FROM sqlite_master WHERE type = 'table'")) {
        state.add(table);
        state.addAll(rows(connection, "SELECT * FROM \"" + table.strip() + "\""));
      }
      for (String pragma :
          List.of("user_version", "application_id", "journal_mode", "auto_vacuum")) {
        state.addAll(rows(connection, "PRAGMA " + pragma));
      }
      return state;
    }
  },

  H2 {
    @Override
    DataSource create(Path directory) {
      JdbcDataSource source = new JdbcDataSource();
      source.setUrl("jdbc:h2:mem:hook" + COUNT.incrementAndGet() + ";DB_CLOSE_DELAY=-1");
      source.setUser("sa");
      return source;
    }

    @Override
    List<String> tables() {
      return List.of(
          "CREATE TABLE t (a INTEGER, b VARCHAR(100))",
          "CREATE TABLE \"of\" (a INTEGER)",
          "CREATE SEQUENCE s",
          "CREATE USER joe PASSWORD 'joe'");
    }

    @Override
    List<String> state(Connection connection) throws SQLException {
      List<String> state = rows(connection, "SCRIPT");
      state.addAll(
          rows(
              connection,
              "SELECT * FROM information_schema.settings WHERE setting_name NOT LIKE 'info.%'"));
      return state;
    }
  },

  POSTGRESQL {
    @Override
    DataSource create(Path directory) {
      EmbeddedPostgres server = server();
      String name = "hook" + COUNT.incrementAndGet();
      try {
        execute(server.getPostgresDatabase(), "CREATE DATABASE " + name);
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
      return server.getDatabase("postgres", name);
    }

    @Override
    List<String> tables() {
      return List.of(
          "CREATE TABLE t (a INTEGER, b TEXT)",
          "CREATE TABLE \"of\" (a INTEGER)",
          "CREATE TABLE values (a INTEGER)",
          "CREATE SEQUENCE s",
          "SELECT lo_create(4711)");
    }

    @Override
    List<String> state(Connection connection) throws SQLException {
      List<String> state = new ArrayList<>();
      for (String table :
          rows(
              connection,
              "SELECT quote_ident(tablename) FROM pg_tables"
                  + " WHERE schemaname = 'public' ORDER BY 1")) {
        state.add(table);
        state.addAll(rows(connection, "SELECT * FROM public." + table.strip()));
      }
      for (String sequence :
          rows(
              connection,
              "SELECT quote_ident(sequencename) FROM pg_sequences"
                  + " WHERE schemaname = 'public' ORDER BY 1")) {
        state.addAll(
            rows(connection, "SELECT last_value, is_called FROM public." + sequence.strip()));
      }
      for (String catalog :
          List.of(
              "SELECT oid, relname, relowner, relacl, reloptions FROM pg_class WHERE oid >= 16384",
              "SELECT oid, proname FROM pg_proc WHERE oid >= 16384",
              "SELECT oid, nspname, nspacl FROM pg_namespace WHERE nspname !~ '^pg_'",
              "SELECT oid, rolname FROM pg_roles",
              "SELECT * FROM pg_db_role_setting",
              "SELECT * FROM pg_largeobject",
              "SELECT * FROM pg_largeobject_metadata",
              "SELECT * FROM pg_prepared_xacts",
              "SELECT * FROM pg_description WHERE objoid >= 16384")) {
        state.addAll(rows(connection, catalog));
      }
      return state;
    }
  };

  private static final AtomicInteger COUNT = new AtomicInteger();
  private static @Nullable EmbeddedPostgres server;

  /** Creates a database without tables. */
  abstract DataSource create(Path directory);

  abstract List<String> tables();

  /** Returns all data that a write can change. Reads it without the hook. */
  abstract List<String> state(Connection connection) throws SQLException;

  List<String> state(DataSource source) throws SQLException {
    try (Connection connection = source.getConnection()) {
      return state(connection);
    }
  }

  /** Creates a database with its tables, and three rows in t. */
  DataSource filled(Path directory) throws SQLException {
    DataSource source = create(directory);
    for (String table : tables()) {
      execute(source, table);
    }
    execute(source, "INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three')");
    execute(source, "INSERT INTO \"of\" VALUES (1)");
    return source;
  }

  static void execute(DataSource source, String sql) throws SQLException {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  static List<String> rows(DataSource source, String query) throws SQLException {
    try (Connection connection = source.getConnection()) {
      return rows(connection, query);
    }
  }

  static List<String> rows(Connection connection, String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        StringBuilder row = new StringBuilder();
        for (int i = 1; i <= columns; i++) {
          row.append(result.getString(i)).append(' ');
        }
        rows.add(row.toString());
      }
    }
    return rows;
  }

  static long files(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the server that all tests share. It ends with the JVM. */
  private static synchronized EmbeddedPostgres server() {
    boolean hasBinaries =
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64");
    assumeTrue(hasBinaries, "skipped: the build includes PostgreSQL for Linux on x86-64 only");
    EmbeddedPostgres running = server;
    if (running == null) {
      try {
        running =
            EmbeddedPostgres.builder()
                .setServerConfig("fsync", "off")
                .setServerConfig("statement_timeout", "5s")
                .setServerConfig("max_prepared_transactions", "5")
                .start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      server = running;
    }
    return running;
  }
}
