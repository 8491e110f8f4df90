// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import dev.indelible.action.Custom;
import dev.indelible.decision.Decision;
import dev.indelible.gate.PreWriteHook;
import dev.indelible.json.JsonValue;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import net.ttddyy.dsproxy.ExecutionInfo;
import net.ttddyy.dsproxy.QueryInfo;
import net.ttddyy.dsproxy.listener.QueryExecutionListener;
import net.ttddyy.dsproxy.proxy.ParameterSetOperation;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Asks the hook about each write before it is sent. Runs on the caller's thread.
 *
 * <p>datasource-proxy calls {@link #beforeQuery} before it passes the statement to the driver. It
 * does not catch exceptions, so an exception stops the statement and reaches the caller.
 */
final class WriteQuestions implements QueryExecutionListener {
  private final PreWriteHook hook;
  private final Supplier<String> agentId;
  private final boolean recordParameters;

  /**
   * The dialect, read from the first connection. Several threads may read it at once, with equal
   * results.
   */
  private volatile @Nullable Dialect dialect;

  WriteQuestions(PreWriteHook hook, Supplier<String> agentId, boolean recordParameters) {
    this.hook = hook;
    this.agentId = agentId;
    this.recordParameters = recordParameters;
  }

  @Override
  public void beforeQuery(ExecutionInfo execution, List<QueryInfo> queries) {
    boolean permitted = false;
    try {
      if (execution.isBatch() && execution.getBatchSize() == 0) {
        return;
      }
      askAboutAll(execution.getStatement(), queries);
      permitted = true;
    } catch (SQLException e) {
      throw WriteQuestions.<RuntimeException>undeclared(e);
    } finally {
      if (!permitted && execution.isBatch()) {
        forgetBatch(execution.getStatement());
      }
    }
  }

  @Override
  public void afterQuery(ExecutionInfo execution, List<QueryInfo> queries) {}

  /** Asks about a pragma: SQLite runs a pragma when it prepares the statement. */
  void askBeforePreparing(Connection connection, @Nullable String sql) throws SQLException {
    if (sql == null || dialectOf(connection) != Dialect.SQLITE) {
      return;
    }
    for (SqlWrite write : SqlScanner.writes(sql, Dialect.SQLITE)) {
      if (write.operation() == Operation.OTHER) {
        ask(write, List.of());
      }
    }
  }

  /** Asks about a large object: PostgreSQL's driver writes it during binding. */
  void askAboutLargeObject(Statement statement, String sql) throws SQLException {
    if (dialectOf(statement.getConnection()) == Dialect.POSTGRESQL) {
      ask(new SqlWrite(0, sql, Operation.OTHER, "pg_largeobject"), List.of());
    }
  }

  private void askAboutAll(Statement statement, List<QueryInfo> queries) throws SQLException {
    Dialect spoken = dialectOf(statement.getConnection());
    for (QueryInfo query : queries) {
      for (SqlWrite write : SqlScanner.writes(query.getQuery(), spoken)) {
        ask(write, query.getParametersList());
      }
    }
  }

  private void ask(SqlWrite write, List<List<ParameterSetOperation>> parameters)
      throws GovernanceRefusal {
    Decision decision;
    try {
      String agent = Objects.requireNonNull(agentId.get(), "agentId: the supplier returned null");
      decision = hook.beforeWrite(agent, action(write, parameters));
      if (decision.isPermitted()) {
        return;
      }
    } catch (RuntimeException e) {
      throw GovernanceRefusal.hookFailed(write, e);
    }
    throw GovernanceRefusal.of(write, decision);
  }

  private Custom action(SqlWrite write, List<List<ParameterSetOperation>> parameters) {
    ObjectNode payload = JsonNodeFactory.instance.objectNode();
    payload.put("namespace", BoundValues.wellFormed(write.namespace()));
    payload.put("operation", write.operation().label());
    payload.put("sql", BoundValues.wellFormed(write.sql()));
    if (recordParameters) {
      payload.set("parameters", BoundValues.json(parameters));
    }
    return new Custom(GovernedDataSource.SQL_WRITE, JsonValue.of(payload));
  }

  private Dialect dialectOf(Connection connection) throws SQLException {
    Dialect known = dialect;
    if (known == null) {
      known = Dialect.of(connection.getMetaData().getDatabaseProductName());
      dialect = known;
    }
    return known;
  }

  /**
   * Empties the driver's batch. datasource-proxy has already cleared its own list, so a batch that
   * remains in the driver could be sent later without asking the hook. If the batch cannot be
   * cleared, the statement is closed.
   */
  private static void forgetBatch(Statement statement) {
    try {
      statement.clearBatch();
    } catch (SQLException e) {
      close(statement);
    }
  }

  private static void close(Statement statement) {
    try {
      statement.close();
    } catch (SQLException e) {
      throw WriteQuestions.<RuntimeException>undeclared(e);
    }
  }

  /**
   * Throws an SQLException from a listener method that does not declare it. All JDBC methods that
   * call the listener declare it.
   */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E undeclared(SQLException e) throws E {
    throw (E) e;
  }
}
