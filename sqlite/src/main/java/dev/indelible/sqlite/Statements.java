// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Runs SQL. The static methods prepare a statement, run it once and close it; an instance prepares
 * each statement once.
 */
final class Statements {
  private final Connection connection;
  private final Map<String, PreparedStatement> prepared = new HashMap<>();

  /**
   * Creates statements of a connection that are prepared once, at their first use. They are closed
   * with the connection. Used by one thread.
   */
  Statements(Connection connection) {
    this.connection = connection;
  }

  /** Returns the prepared statement of this SQL. */
  PreparedStatement prepared(String sql) throws SQLException {
    PreparedStatement statement = prepared.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      prepared.put(sql, statement);
    }
    return statement;
  }

  /** Passes the rows of a query to {@code each}, one after another. */
  void forEach(String sql, Each each, Object... parameters) throws SQLException {
    forEach(prepared(sql), each, parameters);
  }

  /** Returns the values of the rows of a query, without NULL. */
  <T> List<T> all(String sql, Reading<T> reading, Object... parameters) throws SQLException {
    List<T> found = new ArrayList<>();
    forEach(
        sql,
        row -> {
          Optional.ofNullable(reading.read(row)).ifPresent(found::add);
          return true;
        },
        parameters);
    return found;
  }

  /**
   * Returns the value of the first row of a query; empty if there is no row, or the value is NULL.
   */
  <T> Optional<T> first(String sql, Reading<T> reading, Object... parameters) throws SQLException {
    return first(prepared(sql), reading, parameters);
  }

  /** Changes rows; returns how many were changed. */
  int change(String sql, Object... parameters) throws SQLException {
    return bind(prepared(sql), parameters).executeUpdate();
  }

  /** Receives the rows of a result. */
  @FunctionalInterface
  interface Each {
    /**
     * Takes one row.
     *
     * @return true to continue
     */
    boolean row(ResultSet row) throws SQLException;
  }

  /** Reads a value from a row of a result. */
  @FunctionalInterface
  interface Reading<T> {
    @Nullable T read(ResultSet row) throws SQLException;
  }

  /** Passes the rows of a query to {@code each}, one after another. */
  static void forEach(Connection connection, String sql, Each each, Object... parameters)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      forEach(select, each, parameters);
    }
  }

  private static void forEach(PreparedStatement select, Each each, Object... parameters)
      throws SQLException {
    try (ResultSet rows = bind(select, parameters).executeQuery()) {
      boolean more = true;
      while (more && rows.next()) {
        more = each.row(rows);
      }
    }
  }

  /**
   * Returns the value of the first row of a query; empty if there is no row, or the value is NULL.
   */
  static <T> Optional<T> first(
      Connection connection, String sql, Reading<T> reading, Object... parameters)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      return first(select, reading, parameters);
    }
  }

  private static <T> Optional<T> first(
      PreparedStatement select, Reading<T> reading, Object... parameters) throws SQLException {
    try (ResultSet rows = bind(select, parameters).executeQuery()) {
      return rows.next() ? Optional.ofNullable(reading.read(rows)) : Optional.empty();
    }
  }

  /** Changes rows; returns how many were changed. */
  static int change(Connection connection, String sql, Object... parameters) throws SQLException {
    try (PreparedStatement change = connection.prepareStatement(sql)) {
      return bind(change, parameters).executeUpdate();
    }
  }

  private static PreparedStatement bind(PreparedStatement statement, Object... parameters)
      throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
    return statement;
  }
}
