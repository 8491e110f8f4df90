// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.action.Custom;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Refuse;
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.nio.file.Path;
import java.sql.Array;
import java.sql.Blob;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bypasses of the hook that were found earlier, tried on real databases. */
@Tag("any-jdk")
class KnownBypassTest {
  @TempDir Path directory;
  private final List<Custom> asked = new ArrayList<>();

  private DataSource refusing(DataSource plain) {
    return GovernedDataSource.wrap(
        plain,
        (agent, write) -> {
          asked.add(write);
          return new Refuse("R1", "no writes");
        },
        () -> "agent:alice");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          SQLITE     | WITH x AS (SELECT 3) UPDATE OR IGNORE T SET A = 77
          SQLITE     | WITH x AS (SELECT 3) UPDATE OR REPLACE T SET A = 77
          SQLITE     | WITH x AS (SELECT 3) UPDATE OR ROLLBACK T SET A = 77
          SQLITE     | WITH x AS (SELECT 3) UPDATE OR ABORT T SET A = 77
          SQLITE     | WITH x AS (SELECT 3) UPDATE OR FAIL T SET A = 77
          SQLITE     | WITH x AS (SELECT 1) UPDATE 'T' SET A = A + 1
          SQLITE     | WITH x AS (SELECT $a(')) UPDATE T SET A = 5 --'))
          SQLITE     | WITH x AS (SELECT 1)~B~UPDATE T SET A = 5
          SQLITE     | SELECT * FROM pragma_optimize(65538)
          SQLITE     | SELECT * FROM 'pragma_optimize'(65538)
          H2         | SELECT 1 // '~X~; INSERT INTO T (A) VALUES (3) -- '
          H2         | SELECT * FROM OLD TABLE (DELETE // x~X~FROM T)
          H2         | SELECT * FROM FINAL TABLE (~I~INTO T (A) VALUES (3))
          H2         | SET SALT '00' HASH '00'
          H2         | SET REFERENTIAL_INTEGRITY FALSE
          H2         | SET MODE MySQL
          H2         | SET EXCLUSIVE 1
          H2         | SET ALLOW_LITERALS NONE
          H2         | SET DEFAULT_LOCK_TIMEOUT 5
          H2         | SELECT CSVWRITE('~D~/t.csv', 'SELECT * FROM T')
          H2         | SELECT FILE_WRITE('x', '~D~/t.txt')
          H2         | VALUES (NEXT VALUE FOR S)
          POSTGRESQL | SELECT setval('s', 50)
          POSTGRESQL | VALUES ("setval"('s', 50))
          POSTGRESQL | SELECT lo_unlink(4711)
          POSTGRESQL | EXPLAIN ANALYZE SELECT setval('s', 50)
          POSTGRESQL | SELECT U&"set\\0076al"('s', 50)
          POSTGRESQL | WITH x AS (UPDATE of SET a=1 RETURNING 1) SELECT * FROM x
          POSTGRESQL | WITH x AS (DELETE FROM values RETURNING 1) SELECT * FROM x
          POSTGRESQL | SELECT E'a'~X~'\\''; DELETE FROM t; --'
          POSTGRESQL | SELECT $~N~$ ' $~N~$; DELETE FROM t; --'
          """)
  void refusedTextChangesNothing(TestDatabase database, String sql) throws SQLException {
    String text =
        sql.replace("~X~", "\n")
            .replace("~B~", "\ufeff")
            .replace("~N~", "\u00a0")
            .replace("~I~", "\u0131n\u017fert ")
            .replace("~D~", directory.toString());
    DataSource plain = database.filled(directory);
    List<String> before = database.state(plain);
    long files = TestDatabase.files(directory);

    assertThatThrownBy(() -> TestDatabase.execute(refusing(plain), text))
        .isInstanceOf(GovernanceRefusal.class);

    assertThat(database.state(plain)).isEqualTo(before);
    assertThat(TestDatabase.files(directory)).isEqualTo(files);
  }

  /** A policy that permits definitions does not permit other writes inside them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          POSTGRESQL | CREATE TABLE x AS WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d
          POSTGRESQL | CREATE TEMP TABLE x AS WITH d AS (UPDATE t SET a = 9 RETURNING a) TABLE d
          POSTGRESQL | CREATE MATERIALIZED VIEW x AS SELECT setval('s', 50)
          H2         | CREATE TABLE x AS SELECT * FROM FINAL TABLE (INSERT INTO t (a) VALUES (3))
          H2         | CREATE TABLE x AS SELECT * FROM OLD TABLE (DELETE FROM t)
          """)
  void permittedDefinitionPermitsNoOtherWrite(TestDatabase database, String sql)
      throws SQLException {
    DataSource plain = database.filled(directory);
    DataSource governed =
        GovernedDataSource.wrap(
            plain,
            (agent, write) ->
                write.payload().text().contains("\"operation\":\"ddl\"")
                    ? new Allow()
                    : new Refuse("R1", "definitions only"),
            () -> "agent:alice");
    List<String> before = database.state(plain);

    assertThatThrownBy(() -> TestDatabase.execute(governed, sql))
        .isInstanceOf(GovernanceRefusal.class);
    assertThat(database.state(plain)).isEqualTo(before);

    TestDatabase.execute(governed, "CREATE TABLE x (a INTEGER)");
    TestDatabase.execute(governed, "ALTER TABLE x ADD COLUMN b INTEGER");
    TestDatabase.execute(governed, "DROP TABLE x");
    assertThat(database.state(plain)).isEqualTo(before);
  }

  @Test
  void pragmaIsAskedAboutBeforeItIsPrepared() throws SQLException {
    DataSource plain = TestDatabase.SQLITE.filled(directory);
    try (Connection connection = refusing(plain).getConnection()) {
      assertThatThrownBy(() -> connection.prepareStatement("PRAGMA foreign_keys = OFF"))
          .isInstanceOf(GovernanceRefusal.class);
      assertThatThrownBy(() -> connection.prepareStatement("EXPLAIN PRAGMA foreign_keys = OFF"))
          .isInstanceOf(GovernanceRefusal.class);
    }
  }

  @Test
  void arrayExposesNoConnection() throws SQLException {
    DataSource plain = TestDatabase.POSTGRESQL.filled(directory);
    try (Connection connection = refusing(plain).getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT ARRAY[1, 2], ARRAY[1, 2]")) {
      rows.next();
      Array made = connection.createArrayOf("int4", new Integer[] {1, 2});
      for (Array array : List.of(made, rows.getArray(1), (Array) rows.getObject(2))) {
        assertThat(array.getResultSet().getStatement()).isNull();
        assertThat(array.getClass().getName()).doesNotContain("postgresql");
        assertThat((Object[]) array.getArray()).containsExactly(1, 2);
      }
    }
  }

  @Test
  void arrayCanBeBound() throws SQLException {
    DataSource plain = TestDatabase.POSTGRESQL.filled(directory);
    try (Connection connection = refusing(plain).getConnection();
        PreparedStatement select =
            connection.prepareStatement("SELECT a FROM t WHERE a = ANY (?)")) {
      select.setArray(1, connection.createArrayOf("int4", new Integer[] {2, 9}));
      try (ResultSet rows = select.executeQuery()) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt(1)).isEqualTo(2);
      }
    }
    assertThat(asked).isEmpty();
  }

  @Test
  void largeObjectIsAskedAboutBeforeItIsBound() throws SQLException {
    DataSource plain = TestDatabase.POSTGRESQL.filled(directory);
    List<String> before = TestDatabase.POSTGRESQL.state(plain);
    try (Connection connection = refusing(plain).getConnection()) {
      connection.setAutoCommit(false);
      PreparedStatement select = connection.prepareStatement("SELECT ?");
      assertThatThrownBy(() -> select.setBlob(1, new ByteArrayInputStream(new byte[3]), 3))
          .isInstanceOf(GovernanceRefusal.class)
          .hasMessageContaining("pg_largeobject");
      assertThatThrownBy(() -> select.setClob(1, new StringReader("abc"), 3))
          .isInstanceOf(GovernanceRefusal.class);
      connection.commit();
    }
    assertThat(TestDatabase.POSTGRESQL.state(plain)).isEqualTo(before);
  }

  @Test
  void valueThatWasReadIsReadOnly() throws SQLException {
    DataSource postgresql = TestDatabase.POSTGRESQL.filled(directory);
    DataSource h2 = TestDatabase.H2.filled(directory);
    try (Connection connection = refusing(postgresql).getConnection()) {
      connection.setAutoCommit(false);
      requireReadOnly(connection, "SELECT 4711::oid");
    }
    try (Connection connection = refusing(h2).getConnection()) {
      requireReadOnly(connection, "SELECT CAST(X'00' AS BLOB)");
      Blob made = connection.createBlob();
      made.setBytes(1, new byte[] {1, 2});
      try (PreparedStatement select = connection.prepareStatement("SELECT CAST(? AS BLOB)")) {
        select.setBlob(1, made);
        try (ResultSet rows = select.executeQuery()) {
          rows.next();
          assertThat(rows.getBytes(1)).containsExactly(1, 2);
        }
      }
    }
  }

  private static void requireReadOnly(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      rows.next();
      Blob blob = rows.getBlob(1);
      assertThatThrownBy(() -> blob.setBytes(1, new byte[] {1}))
          .isInstanceOf(SQLFeatureNotSupportedException.class);
      assertThatThrownBy(() -> blob.setBinaryStream(1))
          .isInstanceOf(SQLFeatureNotSupportedException.class);
      assertThatThrownBy(() -> blob.truncate(0))
          .isInstanceOf(SQLFeatureNotSupportedException.class);
    }
  }

  @Test
  void writerWithoutAgentIsRefused() throws SQLException {
    DataSource plain = TestDatabase.SQLITE.filled(directory);
    DataSource nobody =
        GovernedDataSource.wrap(
            plain,
            (agent, write) -> {
              throw new AssertionError("the hook was asked without an agent");
            },
            () -> null);

    assertThatThrownBy(() -> TestDatabase.execute(nobody, "DELETE FROM t"))
        .isInstanceOf(GovernanceRefusal.class)
        .rootCause()
        .hasMessageContaining("agentId");
    assertThat(TestDatabase.rows(plain, "SELECT * FROM t")).hasSize(3);
  }
}
