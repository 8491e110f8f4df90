// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.decision.Refuse;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import net.ttddyy.dsproxy.proxy.ProxyJdbcObject;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** JDBC offers no way around the gate, even with a driver that permits every call. */
class ConfinementTest {
  private static final String WRITE = "DELETE FROM t";

  private final RecordingDriver driver = new RecordingDriver();
  private final List<String> payloads = new ArrayList<>();
  private DataSource governed;
  private Connection connection;

  @BeforeEach
  void connect() throws SQLException {
    governed =
        GovernedDataSource.wrap(
            driver.dataSource(),
            (agent, write) -> {
              payloads.add(write.payload().text());
              return new Refuse("R1", "no writes");
            },
            () -> "agent:alice");
    connection = governed.getConnection();
  }

  @FunctionalInterface
  interface Way {
    void take(Connection connection) throws SQLException;
  }

  static List<Way> ways() {
    return List.of(
        c -> c.createStatement().execute(WRITE),
        c -> c.createStatement().execute(WRITE, Statement.RETURN_GENERATED_KEYS),
        c -> c.createStatement().execute(WRITE, new int[] {1}),
        c -> c.createStatement().execute(WRITE, new String[] {"id"}),
        c -> c.createStatement().executeQuery(WRITE),
        c -> c.createStatement().executeUpdate(WRITE),
        c -> c.createStatement().executeUpdate(WRITE, Statement.RETURN_GENERATED_KEYS),
        c -> c.createStatement().executeUpdate(WRITE, new int[] {1}),
        c -> c.createStatement().executeUpdate(WRITE, new String[] {"id"}),
        c -> c.createStatement().executeLargeUpdate(WRITE),
        c -> c.createStatement().executeLargeUpdate(WRITE, Statement.RETURN_GENERATED_KEYS),
        c -> c.createStatement(1, 2).execute(WRITE),
        c -> c.createStatement(1, 2, 3).execute(WRITE),
        c -> c.prepareStatement(WRITE).execute(),
        c -> c.prepareStatement(WRITE).executeQuery(),
        c -> c.prepareStatement(WRITE).executeUpdate(),
        c -> c.prepareStatement(WRITE).executeLargeUpdate(),
        c -> c.prepareStatement(WRITE, Statement.RETURN_GENERATED_KEYS).execute(),
        c -> c.prepareStatement(WRITE, new int[] {1}).execute(),
        c -> c.prepareStatement(WRITE, new String[] {"id"}).execute(),
        c -> c.prepareStatement(WRITE, 1, 2).execute(),
        c -> c.prepareCall("{call pay(?)}").execute(),
        c -> c.prepareCall("{call pay(?)}", 1, 2).executeUpdate(),
        ConfinementTest::batchOfTexts,
        ConfinementTest::batchOfParameters,
        c -> c.getMetaData().getConnection().createStatement().execute(WRITE),
        c -> c.createStatement().getConnection().createStatement().execute(WRITE),
        c -> c.createStatement().executeQuery("SELECT 1").getStatement().execute(WRITE),
        c -> c.createStatement().getGeneratedKeys().getStatement().execute(WRITE),
        c -> c.createStatement().getResultSet().getStatement().execute(WRITE));
  }

  private static void batchOfTexts(Connection c) throws SQLException {
    Statement statement = c.createStatement();
    statement.addBatch(WRITE);
    statement.executeBatch();
  }

  private static void batchOfParameters(Connection c) throws SQLException {
    PreparedStatement statement = c.prepareStatement(WRITE);
    statement.addBatch();
    statement.executeLargeBatch();
  }

  @ParameterizedTest
  @MethodSource("ways")
  void everyWayToWriteAsksOnceAndIsRefused(Way way) {
    assertThatThrownBy(() -> way.take(connection)).isInstanceOf(GovernanceRefusal.class);

    assertThat(payloads).hasSize(1);
    assertThat(driver.sent).doesNotContain(WRITE, "{call pay(?)}");
  }

  @Test
  void preparedStatementRefusesOtherSql() throws SQLException {
    PreparedStatement prepared = connection.prepareStatement("SELECT 1");

    assertBlocked(() -> prepared.execute(WRITE));
    assertBlocked(() -> prepared.executeQuery(WRITE));
    assertBlocked(() -> prepared.executeUpdate(WRITE));
    assertBlocked(() -> prepared.executeUpdate(WRITE, Statement.RETURN_GENERATED_KEYS));
    assertBlocked(() -> prepared.executeLargeUpdate(WRITE));
    assertBlocked(() -> prepared.addBatch(WRITE));
  }

  private void assertBlocked(ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(SQLException.class);
    assertThat(driver.sent).isEmpty();
  }

  @Test
  void resultSetsAreReadOnly() throws SQLException {
    ResultSet rows = connection.createStatement().executeQuery("SELECT 1");
    driver.sent.clear();

    assertThatThrownBy(rows::insertRow).isInstanceOf(SQLFeatureNotSupportedException.class);
    assertThatThrownBy(rows::updateRow).isInstanceOf(SQLFeatureNotSupportedException.class);
    assertThatThrownBy(rows::deleteRow).isInstanceOf(SQLFeatureNotSupportedException.class);
    assertThat(driver.sent).isEmpty();
  }

  @Test
  void unwrapReturnsNoDriverObject() throws SQLException {
    Statement statement = connection.createStatement();

    assertThat(connection.unwrap(Connection.class)).isSameAs(connection);
    assertThat(statement.unwrap(Statement.class)).isSameAs(statement);
    assertThat(statement.getConnection()).isSameAs(connection);
    assertThat(connection.isWrapperFor(ProxyJdbcObject.class)).isFalse();
    assertThat(connection).isNotInstanceOf(ProxyJdbcObject.class);
    assertThatThrownBy(() -> connection.unwrap(ProxyJdbcObject.class))
        .isInstanceOf(SQLException.class);
    assertThatThrownBy(() -> governed.unwrap(AutoCloseable.class)).isInstanceOf(SQLException.class);
    assertThatThrownBy(() -> governed.createConnectionBuilder()).isInstanceOf(SQLException.class);
  }

  @Test
  void metadataRowsHaveNoStatement() throws SQLException {
    assertThat(connection.getMetaData().getCatalogs().getStatement()).isNull();
  }

  @Test
  void refusedBatchCannotBeSentAgain() throws SQLException {
    Statement statement = connection.createStatement();
    statement.addBatch(WRITE);
    assertThatThrownBy(statement::executeBatch).isInstanceOf(GovernanceRefusal.class);

    statement.executeBatch();
    statement.addBatch("SELECT 1");
    statement.executeBatch();

    assertThat(driver.sent).containsExactly("SELECT 1");
  }

  @Test
  void statementWithUnclearableBatchIsClosed() throws SQLException {
    driver.clearBatchFails = true;
    Statement statement = connection.createStatement();
    statement.addBatch(WRITE);

    assertThatThrownBy(statement::executeBatch).isInstanceOf(GovernanceRefusal.class);
    assertThat(driver.closed).isTrue();
  }

  @Test
  void namedAndOutputParametersAreRecorded() throws SQLException {
    CallableStatement call = connection.prepareCall("{? = call pay(?, ?)}");
    call.registerOutParameter(1, Types.INTEGER);
    call.setString("to", "bob");
    call.setNull(3, Types.INTEGER);

    assertThatThrownBy(call::execute).isInstanceOf(GovernanceRefusal.class);
    assertThat(payloads)
        .containsExactly(
            "{\"namespace\":\"pay\",\"operation\":\"call\","
                + "\"parameters\":[[{\"out\":true},{\"unknown\":true},null,{\"to\":\"bob\"}]],"
                + "\"sql\":\"{? = call pay(?, ?)}\"}");
  }
}
