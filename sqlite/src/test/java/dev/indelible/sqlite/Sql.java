// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs plain SQL on a file, as anyone with access to the file can. Uses none of the code under
 * test.
 */
final class Sql {
  private Sql() {}

  /** Opens a connection, which the caller closes. */
  static Connection connect(Path file) throws SQLException {
    return DriverManager.getConnection("jdbc:sqlite:" + file);
  }

  static void run(Path file, String... statements) throws SQLException {
    try (Connection connection = connect(file)) {
      run(connection, statements);
    }
  }

  static void run(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  static long number(Path file, String query) throws SQLException {
    try (Connection connection = connect(file)) {
      return number(connection, query);
    }
  }

  static long number(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      if (!row.next()) {
        throw new AssertionError("no row: " + query);
      }
      return row.getLong(1);
    }
  }

  /** Returns the first column of every row. */
  static List<String> texts(Path file, String query) throws SQLException {
    try (Connection connection = connect(file);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      List<String> texts = new ArrayList<>();
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
      return texts;
    }
  }

  static String text(Path file, String query) throws SQLException {
    List<String> texts = texts(file, query);
    if (texts.size() != 1) {
      throw new AssertionError(texts.size() + " rows: " + query);
    }
    return texts.get(0);
  }
}
