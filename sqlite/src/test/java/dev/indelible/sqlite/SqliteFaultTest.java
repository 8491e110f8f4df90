// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.RefusedException.Refusal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The meaning of each SQLite error (promise D6). Every SQLite error is provoked in a real database;
 * only other errors are constructed.
 */
class SqliteFaultTest {
  private static final String ROW =
      "INSERT INTO signed_events VALUES (%d, '%s', 'a', 't', x'00', NULL, 'unsigned', 't', x'00',"
          + " NULL, NULL)";

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void open() throws Exception {
    file = TestLog.in(directory).create().file;
    Sql.run(file, ROW.formatted(1, "one"), ROW.formatted(2, "two"));
  }

  @Test
  void uniqueOnSequenceIsALostRace() {
    assertThat(SqliteFault.refusal(provoke(ROW.formatted(2, "three")))).hasValue(Refusal.LOST_RACE);
  }

  /** A separate unique index on the sequence means the same as the primary key. */
  @Test
  void uniqueIndexOnSequenceIsALostRace() throws Exception {
    Sql.run(
        file,
        "ALTER TABLE signed_events RENAME TO old",
        "CREATE TABLE signed_events AS SELECT * FROM old",
        "CREATE UNIQUE INDEX place ON signed_events (sequence)");
    assertThat(SqliteFault.refusal(provoke(ROW.formatted(2, "three")))).hasValue(Refusal.LOST_RACE);
  }

  @Test
  void uniqueOnIdIsATakenId() {
    assertThat(SqliteFault.refusal(provoke(ROW.formatted(3, "two")))).hasValue(Refusal.ID_TAKEN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE TABLE t (sequence PRIMARY KEY); INSERT INTO t VALUES (1), (1)",
        "CREATE TABLE my_signed_events (sequence UNIQUE); INSERT INTO my_signed_events VALUES (1), (1)",
        "CREATE TABLE my_signed_events (id UNIQUE); INSERT INTO my_signed_events VALUES (1), (1)",
        "CREATE TABLE signed_events_dlq2 (id UNIQUE); INSERT INTO signed_events_dlq2 VALUES (1), (1)",
        "CREATE UNIQUE INDEX v ON signed_events (agent_id)",
        "CREATE TABLE t (x NOT NULL); INSERT INTO t VALUES (NULL)",
        "CREATE TABLE t (x CHECK (x > 0)); INSERT INTO t VALUES (0)",
        "CREATE TABLE t (sequence CONSTRAINT \"signed_events.sequence\" CHECK (sequence > 0)); INSERT INTO t VALUES (0)",
        "PRAGMA foreign_keys = ON; CREATE TABLE t (x REFERENCES signed_events (id)); INSERT INTO t VALUES ('none')",
        "CREATE TABLE t (x INTEGER) STRICT; INSERT INTO t VALUES ('word')",
        "CREATE TABLE t (x INTEGER PRIMARY KEY); INSERT INTO t VALUES ('word')",
        "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(2000000000))",
        "INSERT INTO nowhere VALUES (1)",
        "INSERT INTO signed_events (nothing) VALUES (1)",
        "CREATE TRIGGER g BEFORE INSERT ON signed_events BEGIN SELECT RAISE(ABORT, 'no'); END; "
            + "INSERT INTO signed_events SELECT 9, '9', 'a', 't', x'00', NULL, 'u', 't', x'00', NULL, NULL",
        "CREATE TRIGGER g BEFORE INSERT ON signed_events BEGIN"
            + "  SELECT RAISE(ABORT, 'UNIQUE constraint failed: signed_events.sequence)')"
            + "; END; "
            + "INSERT INTO signed_events SELECT 9, '9', 'a', 't', x'00', NULL, 'u', 't', x'00', NULL, NULL",
      })
  void errorsOfTheStatementArePermanent(String statements) {
    // Statements are separated by "; ". The body of a trigger also contains "; ", but before END.
    String[] split = statements.split("; (?!END)");
    assertThat(SqliteFault.refusal(provoke(split))).hasValue(Refusal.PERMANENT);
  }

  @Test
  void busyIsTransient() throws Exception {
    try (Connection other = Sql.connect(file)) {
      Sql.run(other, "BEGIN IMMEDIATE");
      SQLException busy = provoke("PRAGMA busy_timeout = 0", "BEGIN IMMEDIATE");
      assertThat(SqliteFault.describe(busy))
          .isEqualTo("the database is locked by another process (SQLITE_BUSY)");
      assertThat(SqliteFault.refusal(busy)).isEmpty();
    }
  }

  /** SQLITE_BUSY_SNAPSHOT, an extended code: another writer has written since the snapshot. */
  @Test
  void outdatedSnapshotIsTransient() throws Exception {
    try (Connection reader = Sql.connect(file)) {
      Sql.run(reader, "BEGIN", "SELECT * FROM signed_events");
      Sql.run(file, ROW.formatted(3, "three"));
      SQLException busy = provoke(reader, ROW.formatted(4, "four"));
      assertThat(SqliteFault.describe(busy))
          .isEqualTo(
              "another process has written to the database meanwhile (SQLITE_BUSY_SNAPSHOT)");
      assertThat(SqliteFault.refusal(busy)).isEmpty();
    }
  }

  @Test
  void readOnlyIsTransient() throws Exception {
    SQLiteConfig config = new SQLiteConfig();
    config.setReadOnly(true);
    try (Connection reader =
        DriverManager.getConnection("jdbc:sqlite:" + file, config.toProperties())) {
      SQLException readOnly = provoke(reader, ROW.formatted(3, "three"));
      assertThat(SqliteFault.describe(readOnly))
          .isEqualTo("the database file is read-only (SQLITE_READONLY)");
      assertThat(SqliteFault.refusal(readOnly)).isEmpty();
    }
  }

  @Test
  void fullDiskIsTransient() {
    SQLException full =
        provoke(
            "CREATE TABLE big (x)",
            "PRAGMA max_page_count = 1",
            "INSERT INTO big VALUES (zeroblob(1000000))");
    assertThat(SqliteFault.describe(full)).isEqualTo("the disk is full (SQLITE_FULL)");
    assertThat(SqliteFault.refusal(full)).isEmpty();
  }

  @Test
  void fileThatCannotBeOpenedIsTransient() {
    try {
      SqliteWriter.open(directory.resolve("not/there/x.db")).close();
      fail("opened");
    } catch (LedgerException e) {
      assertThat(e)
          .isInstanceOf(LedgerUnavailableException.class)
          .hasMessageEndingWith(
              "the database file cannot be opened; check the permissions of it and of its"
                  + " directory (SQLITE_CANTOPEN)");
    }
  }

  @Test
  void nonDatabaseFileIsTransientAndDamaged() throws Exception {
    Path text = directory.resolve("text.db");
    Files.writeString(text, "This is no database, and long enough to tell. ".repeat(100));
    try (Connection connection = Sql.connect(text)) {
      SQLException error = provoke(connection, "SELECT * FROM signed_events");
      assertThat(SqliteFault.describe(error))
          .isEqualTo("the file is not an SQLite database (SQLITE_NOTADB)");
      assertThat(SqliteFault.refusal(error)).isEmpty();
      assertThat(SqliteFault.isDamage(error)).isTrue();
      assertThat(SqliteFault.isNotDatabase(error)).isTrue();
    }
  }

  @Test
  void corruptPageIsTransientAndDamaged() throws Exception {
    overwrite(4096, Files.size(file));
    try (Connection connection = Sql.connect(file)) {
      SQLException error = provoke(connection, "SELECT * FROM signed_events");
      assertThat(SqliteFault.describe(error))
          .matches("the database file is damaged \\(SQLITE_CORRUPT\\w*\\)");
      assertThat(SqliteFault.refusal(error)).isEmpty();
      assertThat(SqliteFault.isDamage(error)).isTrue();
      assertThat(SqliteFault.isNotDatabase(error)).isFalse();
    }
  }

  /** The description keeps SQLite's own message and drops the text that the driver adds. */
  @Test
  void statementErrorsKeepSqlitesOwnMessage() {
    assertThat(SqliteFault.describe(provoke("INSERT INTO signed_events (absent) VALUES (1)")))
        .isEqualTo("table signed_events has no column named absent (SQLITE_ERROR)");
    assertThat(SqliteFault.describe(provoke(ROW.formatted(3, "two"))))
        .isEqualTo("UNIQUE constraint failed: signed_events.id (SQLITE_CONSTRAINT_UNIQUE)");
  }

  @Test
  void everyErrorHasADescription() {
    for (int code = 0; code < 30; code++) {
      SQLException error = new SQLiteException("", SQLiteErrorCode.getErrorCode(code));
      assertThat(SqliteFault.describe(error)).matches("(?s).*\\w.* \\(\\w+\\)");
    }
    assertThat(SqliteFault.describe(new SQLException(""))).isNotBlank();
    assertThat(SqliteFault.describe(new SQLException((String) null))).isNotBlank();
  }

  @Test
  void otherErrorsAreNeitherRaceNorPermanent() {
    SQLException alien = new SQLException("UNIQUE constraint failed: signed_events.sequence)");
    assertThat(SqliteFault.refusal(alien)).isEmpty();
    assertThat(SqliteFault.refusal(new SQLException((String) null))).isEmpty();
    assertThat(SqliteFault.isDamage(alien)).isFalse();
  }

  private void overwrite(long from, long to) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      byte[] junk = new byte[(int) (to - from)];
      Arrays.fill(junk, (byte) 0x5a);
      channel.write(ByteBuffer.wrap(junk), from);
    }
  }

  private SQLException provoke(String... statements) {
    try (Connection connection = Sql.connect(file)) {
      return provoke(connection, statements);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** Runs the statements. Only the last one must fail. */
  private static SQLException provoke(Connection connection, String... statements) {
    for (int i = 0; i < statements.length; i++) {
      try {
        Sql.run(connection, statements[i]);
      } catch (SQLException e) {
        assertThat(i).as(statements[i]).isEqualTo(statements.length - 1);
        return e;
      }
    }
    throw new AssertionError("nothing failed");
  }
}
