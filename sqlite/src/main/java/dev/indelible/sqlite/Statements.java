// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Prepares, runs and closes a statement that is used once. */
final class Statements {
  private Statements() {}

  /** Takes the rows of a result. */
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
    try (PreparedStatement select = connection.prepareStatement(sql);
        ResultSet rows = bind(select, parameters).executeQuery()) {
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
    try (PreparedStatement select = connection.prepareStatement(sql);
        ResultSet rows = bind(select, parameters).executeQuery()) {
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
