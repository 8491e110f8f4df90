// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Runs SQL over a connection, which keeps its prepared statements itself. Used by one thread. */
final class Sql {
  /** Rows that a cursor gets at once. A row with the largest payload has about 1 MiB. */
  private static final int ROWS_AT_ONCE = 32;

  private Sql() {}

  /** Reads a value from a row of a result. */
  @FunctionalInterface
  interface Reading<T> {
    @Nullable T read(ResultSet row) throws SQLException;
  }

  /** Receives the rows of a result. */
  @FunctionalInterface
  interface Each {
    /**
     * Receives one row.
     *
     * @return true to continue
     */
    boolean row(ResultSet row) throws SQLException;
  }

  /** Passes rows on. In a transaction, the rows are read in small parts. */
  static void forEach(Connection connection, String sql, Each each, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement select = bind(connection, sql, parameters)) {
      select.setFetchSize(ROWS_AT_ONCE);
      try (ResultSet rows = select.executeQuery()) {
        boolean more = true;
        while (more && rows.next()) {
          more = each.row(rows);
        }
      }
    }
  }

  /** Returns the values of all rows, without NULL. */
  static <T> List<T> all(
      Connection connection, String sql, Reading<T> reading, @Nullable Object... parameters)
      throws SQLException {
    List<T> found = new ArrayList<>();
    forEach(
        connection,
        sql,
        row -> {
          Optional.ofNullable(reading.read(row)).ifPresent(found::add);
          return true;
        },
        parameters);
    return found;
  }

  /** Returns the value of the first row; empty if there is no row, or the value is NULL. */
  static <T> Optional<T> first(
      Connection connection, String sql, Reading<T> reading, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement select = bind(connection, sql, parameters);
        ResultSet rows = select.executeQuery()) {
      return rows.next() ? Optional.ofNullable(reading.read(rows)) : Optional.empty();
    }
  }

  static long number(Connection connection, String sql, @Nullable Object... parameters)
      throws SQLException {
    return first(connection, sql, row -> row.getLong(1), parameters).orElseThrow();
  }

  /** Changes rows; returns how many were changed. */
  static int change(Connection connection, String sql, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement change = bind(connection, sql, parameters)) {
      return change.executeUpdate();
    }
  }

  /** Runs statements without parameters. */
  static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static PreparedStatement bind(
      Connection connection, String sql, @Nullable Object... parameters) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      return statement;
    } catch (SQLException e) {
      statement.close();
      throw e;
    }
  }
}
