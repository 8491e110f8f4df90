// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.indelible.action.Custom;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.gate.PreWriteHook;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteDataSource;

/**
 * A governed data source on SQLite files. A connection without the hook checks their content. The
 * class is long because all cases share one database.
 */
class GovernedDataSourceTest {
  private static final Refuse REFUSED = new Refuse("R7", "secrets stay as they are");

  @TempDir Path directory;
  private SQLiteDataSource sqlite;
  private final List<Custom> asked = new CopyOnWriteArrayList<>();

  @BeforeEach
  void createTables() throws SQLException {
    sqlite = new SQLiteDataSource();
    sqlite.setUrl("jdbc:sqlite:" + directory.resolve("test.db") + "?busy_timeout=10000");
    try (Connection connection = sqlite.getConnection();
        Statement statement = connection.createStatement()) {
      statement.executeUpdate("CREATE TABLE notes (id INTEGER PRIMARY KEY, note, flag)");
      statement.executeUpdate("CREATE TABLE secrets (id INTEGER PRIMARY KEY, note)");
    }
  }

  /** Refuses writes to the table secrets, and permits the rest. */
  private Decision protectSecrets(String agentId, Custom write) {
    asked.add(write);
    boolean secret = write.payload().stringMember("namespace").orElseThrow().equals("secrets");
    return secret ? REFUSED : new Allow();
  }

  private Connection connect() throws SQLException {
    return governed(this::protectSecrets).getConnection();
  }

  private DataSource governed(PreWriteHook hook) {
    return GovernedDataSource.wrap(sqlite, hook, () -> "agent:alice");
  }

  @Test
  void refusedWriteKeepsTheTransaction() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.executeUpdate("INSERT INTO notes (note) VALUES ('kept')");
      assertThatThrownBy(() -> statement.executeUpdate("INSERT INTO secrets VALUES (1, 'x')"))
          .isInstanceOf(GovernanceRefusal.class);
      statement.executeUpdate("INSERT INTO notes (note) VALUES ('kept too')");
      connection.commit();
    }

    assertThat(column("SELECT note FROM notes")).containsExactly("kept", "kept too");
    assertThat(column("SELECT note FROM secrets")).isEmpty();
  }

  @Test
  void refusalNamesWriteAndRuleButQuotesNoData() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      GovernanceRefusal refusal =
          catchThrowableOfType(
              GovernanceRefusal.class,
              () -> statement.execute("INSERT INTO secrets VALUES (1, 'hunter2')"));

      assertThat(refusal.decision()).isEqualTo(REFUSED);
      assertThat(refusal.getSQLState()).isEqualTo("42501");
      assertThat((Throwable) refusal)
          .hasMessageContainingAll("insert", "secrets", "R7", "secrets stay as they are")
          .hasMessageNotContaining("hunter2");
    }
  }

  @Test
  void escalationBlocksAndWarningPermits() throws SQLException {
    Escalate escalate = new Escalate("R8", "a person must agree");
    try (Connection connection = governed((agent, write) -> escalate).getConnection();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("DELETE FROM notes"))
          .isInstanceOf(GovernanceRefusal.class)
          .extracting(refusal -> ((GovernanceRefusal) refusal).decision())
          .isEqualTo(escalate);
    }
    try (Connection connection =
            governed((agent, write) -> new Warn("R9", "noticed")).getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("INSERT INTO notes (note) VALUES ('warned')");
    }

    assertThat(column("SELECT note FROM notes")).containsExactly("warned");
  }

  @Test
  void batchWithARefusedStatementIsNotSent() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.addBatch("INSERT INTO notes (note) VALUES ('first')");
      statement.addBatch("INSERT INTO secrets VALUES (1, 'second')");
      statement.addBatch("INSERT INTO notes (note) VALUES ('third')");

      assertThatThrownBy(statement::executeBatch).isInstanceOf(GovernanceRefusal.class);
      assertThat(column("SELECT note FROM notes")).isEmpty();

      statement.addBatch("INSERT INTO notes (note) VALUES ('later')");
      assertThat(statement.executeBatch()).containsExactly(1);
    }

    assertThat(column("SELECT note FROM notes")).containsExactly("later");
    assertThat(column("SELECT note FROM secrets")).isEmpty();
  }

  @Test
  void scriptWithARefusedStatementIsNotSent() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(
              () ->
                  statement.executeUpdate(
                      "INSERT INTO notes (note) VALUES (';'); DELETE FROM secrets"))
          .isInstanceOf(GovernanceRefusal.class);
    }

    assertThat(column("SELECT note FROM notes")).isEmpty();
    assertThat(asked).hasSize(2);
  }

  @Test
  void everyRunOfAPreparedStatementIsAskedAbout() throws SQLException {
    try (Connection connection = connect();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO notes (note, flag) VALUES (?, ?)")) {
      insert.setString(1, "one");
      insert.setBoolean(2, true);
      assertThat(insert.executeUpdate()).isEqualTo(1);
      insert.setString(1, "two");
      assertThat(insert.executeUpdate()).isEqualTo(1);
    }

    assertThat(asked)
        .extracting(this::parameters)
        .containsExactly("[[\"one\",true]]", "[[\"two\",true]]");
    assertThat(column("SELECT note FROM notes")).containsExactly("one", "two");
  }

  @Test
  void boundValuesAreRecordedAsBound() throws SQLException {
    try (Connection connection = connect();
        PreparedStatement update =
            connection.prepareStatement("UPDATE notes SET note = ?, flag = ? WHERE id IN (?, ?)")) {
      update.setObject(4, "half \ud83d");
      update.setBytes(1, new byte[] {1, 2, 3});
      update.setObject(2, null);
      update.setLong(3, Long.MAX_VALUE);
      update.executeUpdate();
    }

    assertThat(asked)
        .extracting(write -> write.payload().text())
        .containsExactly(
            "{\"namespace\":\"notes\",\"operation\":\"update\",\"parameters\":[[{\"bytes\":3},null,\"9223372036854775807\",\"half"
                + " \\\\ud83d\"]],\"sql\":\"UPDATE notes SET note = ?, flag = ? WHERE id IN (?,"
                + " ?)\"}");
    assertThat(asked.get(0).customKind()).isEqualTo("sql_write");
  }

  @Test
  void preparedBatchIsAskedAboutOnceWithAllValues() throws SQLException {
    try (Connection connection = connect();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO notes (note, flag) VALUES (?, ?)")) {
      insert.setInt(2, 7);
      for (String note : List.of("a", "b")) {
        insert.setString(1, note);
        insert.addBatch();
      }
      insert.executeBatch();
    }

    assertThat(asked).extracting(this::parameters).containsExactly("[[\"a\",7],[\"b\",7]]");
    assertThat(column("SELECT note || flag FROM notes")).containsExactly("a7", "b7");
  }

  @Test
  void refusedBatchIsNotSentWithTheNext() throws SQLException {
    try (Connection connection = connect();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO secrets VALUES (?, 1)")) {
      insert.setInt(1, 1);
      insert.addBatch();
      assertThatThrownBy(insert::executeBatch).isInstanceOf(GovernanceRefusal.class);
      insert.executeBatch();
    }

    assertThat(column("SELECT note FROM secrets")).isEmpty();
  }

  @Test
  void valuesAreNotRecordedIfDisabled() throws SQLException {
    DataSource silent =
        GovernedDataSource.builder(sqlite, this::protectSecrets, () -> "agent:alice")
            .recordParameters(false)
            .build();
    try (Connection connection = silent.getConnection();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO notes (note) VALUES (?)")) {
      insert.setString(1, "private");
      insert.executeUpdate();
    }

    assertThat(asked).hasSize(1);
    assertThat(asked.get(0).payload().tree().has("parameters")).isFalse();
    assertThat(asked.get(0).payload().text()).doesNotContain("private");
  }

  @Test
  void failingHookBlocks() throws SQLException {
    IllegalStateException failure = new IllegalStateException("about 'hunter2'");
    PreWriteHook failing =
        (agent, write) -> {
          throw failure;
        };
    try (Connection connection = governed(failing).getConnection();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("INSERT INTO notes (note) VALUES ('x')"))
          .isInstanceOf(GovernanceRefusal.class)
          .hasMessageContaining("IllegalStateException")
          .hasMessageNotContaining("hunter2")
          .hasCause(failure);
    }

    assertThat(column("SELECT note FROM notes")).isEmpty();
  }

  @Test
  void writeWithoutAnAgentIsBlocked() throws SQLException {
    DataSource nobodys =
        GovernedDataSource.wrap(
            sqlite,
            this::protectSecrets,
            () -> {
              throw new IllegalStateException("no agent on this thread");
            });
    try (Connection connection = nobodys.getConnection();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("DELETE FROM notes"))
          .isInstanceOf(GovernanceRefusal.class);
    }

    assertThat(asked).isEmpty();
  }

  @Test
  void batchIsNotSentIfTheHookThrowsAnError() throws SQLException {
    PreWriteHook dying =
        (agent, write) -> {
          throw new StackOverflowError();
        };
    try (Connection connection = governed(dying).getConnection();
        Statement statement = connection.createStatement()) {
      statement.addBatch("INSERT INTO notes (note) VALUES ('x')");
      assertThatThrownBy(statement::executeBatch).isInstanceOf(StackOverflowError.class);
      statement.addBatch("SELECT 1 WHERE 0");
      statement.executeBatch();
    }

    assertThat(column("SELECT note FROM notes")).isEmpty();
  }

  @Test
  void readsAndTransactionControlAreNotAskedAbout() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.executeQuery("-- DELETE FROM secrets\nSELECT 'DELETE FROM secrets'").close();
      statement.execute("WITH x AS (SELECT * FROM secrets) SELECT * FROM x");
      statement.execute("SAVEPOINT s");
      statement.execute("RELEASE s");
      connection.rollback(connection.setSavepoint());
      connection.commit();
      connection.getMetaData().getTables(null, null, "%", null).close();
    }

    assertThat(asked).isEmpty();
  }

  @Test
  void writeThatReturnsRowsIsAskedAbout() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      try (ResultSet rows =
          statement.executeQuery("INSERT INTO notes (note) VALUES ('x') RETURNING id")) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getStatement()).isSameAs(statement);
      }
      assertThatThrownBy(
              () -> statement.executeQuery("INSERT INTO secrets VALUES (1, 'x') RETURNING id"))
          .isInstanceOf(GovernanceRefusal.class);
    }

    assertThat(asked).hasSize(2);
    assertThat(column("SELECT note FROM secrets")).isEmpty();
  }

  @Test
  void generatedKeysAreReturned() throws SQLException {
    try (Connection connection = connect();
        PreparedStatement insert =
            connection.prepareStatement(
                "INSERT INTO notes (note) VALUES ('x')", Statement.RETURN_GENERATED_KEYS)) {
      insert.executeUpdate();
      try (ResultSet keys = insert.getGeneratedKeys()) {
        assertThat(keys.next()).isTrue();
        assertThat(keys.getInt(1)).isEqualTo(1);
      }
    }

    assertThat(asked).hasSize(1);
  }

  @Test
  void databaseErrorsReachTheCaller() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("INSERT INTO nowhere VALUES (1)"))
          .isInstanceOf(SQLException.class)
          .isNotInstanceOf(GovernanceRefusal.class)
          .hasMessageContaining("nowhere");
    }
  }

  @Test
  void threadsHaveSeparateDecisions() throws Exception {
    DataSource governed = governed(this::protectSecrets);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<Integer> writer = threads.submit(() -> blocked(governed, "notes (note) VALUES ('x')"));
      Future<Integer> refused =
          threads.submit(() -> blocked(governed, "secrets (note) VALUES (1)"));

      assertThat(writer.get()).isZero();
      assertThat(refused.get()).isEqualTo(50);
    } finally {
      threads.shutdownNow();
    }

    assertThat(column("SELECT note FROM notes")).hasSize(50);
    assertThat(column("SELECT note FROM secrets")).isEmpty();
    assertThat(asked).hasSize(100);
  }

  private static int blocked(DataSource governed, String insert) throws SQLException {
    int blocked = 0;
    try (Connection connection = governed.getConnection();
        Statement statement = connection.createStatement()) {
      for (int i = 0; i < 50; i++) {
        try {
          statement.execute("INSERT INTO " + insert);
        } catch (GovernanceRefusal e) {
          blocked++;
        }
      }
    }
    return blocked;
  }

  private String parameters(Custom write) {
    return write.payload().tree().get("parameters").toString();
  }

  private List<String> column(String query) throws SQLException {
    List<String> values = new ArrayList<>();
    try (Connection connection = sqlite.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        values.add(rows.getString(1));
      }
    }
    return values;
  }
}
