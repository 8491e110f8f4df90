// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The structure of one table as SQLite describes it, independent of how its definition is written.
 * Each property is a line of text. Two tables with equal structure have equal properties.
 *
 * @param properties the properties of the table; an index that exists twice is listed twice
 * @param columns its columns in lower case, and the types that their values have
 */
record SqliteStructure(List<String> properties, Map<String, List<String>> columns) {
  /** Marks an index over an expression, whose evaluation can fail for a row. */
  static final String EXPRESSION = "an expression";

  /** Marks an index over the rows that meet a condition, whose evaluation can fail for a row. */
  static final String PARTIAL = " over some of its rows";

  /**
   * Begins the property of an index that is not unique. It rejects no row, unless its expression or
   * condition fails.
   */
  static final String INDEX = "index ";

  /**
   * Matches a quoted text, a comment or a word of a definition. Captures only the word, so that
   * text in quotes and comments is not read as a clause.
   */
  private static final Pattern TOKEN =
      Pattern.compile(
          "'(?:[^']|'')*+'|\"(?:[^\"]|\"\")*+\"|`(?:[^`]|``)*+`|\\[[^\\]]*+\\]|--[^\\n]*+"
              + "|/\\*(?s:.*?)(?:\\*/|\\z)|([A-Za-z_\\x80-\\uffff][\\w$\\x80-\\uffff]*+)");

  private static final Pattern CAPITALS = Pattern.compile("[A-Z]+");

  /** The collation of a column that states none. */
  private static final String BINARY = "BINARY";

  /** Clauses that change which rows a table accepts, and that no pragma reports. */
  private static final Map<String, String> CLAUSES =
      Map.of(
          "CHECK", "a CHECK constraint",
          "COLLATE", "a COLLATE clause",
          "CONFLICT", "an ON CONFLICT clause",
          "AUTOINCREMENT", "AUTOINCREMENT");

  /** Reads the structure of a table; empty if there is none of that name. */
  static Optional<SqliteStructure> of(Connection connection, String table) throws SQLException {
    List<String> properties = new ArrayList<>();
    Statements.forEach(
        connection,
        pragma("table_list", table),
        row -> {
          if (row.getString("type").equals("table")) {
            properties.add("rows");
            if (row.getBoolean("strict")) {
              properties.add("STRICT");
            }
            if (row.getBoolean("wr")) {
              properties.add("WITHOUT ROWID");
            }
          }
          return true;
        });
    if (properties.isEmpty()) {
      return Optional.empty();
    }
    Map<String, List<String>> columns = new TreeMap<>();
    List<String> order = new ArrayList<>();
    Statements.forEach(
        connection,
        pragma("table_xinfo", table),
        row -> {
          String name = lower(Objects.requireNonNull(row.getString("name")));
          String type =
              Objects.requireNonNullElse(row.getString("type"), "").toUpperCase(Locale.ROOT);
          int key = row.getInt("pk");
          boolean required = row.getBoolean("notnull") || key > 0;
          String standard = row.getString("dflt_value");
          properties.add(
              "column %s %s%s%s%s%s"
                  .formatted(
                      name,
                      type,
                      row.getBoolean("notnull") ? " NOT NULL" : "",
                      key > 0 ? " PRIMARY KEY part " + key : "",
                      standard == null ? "" : " DEFAULT " + standard,
                      row.getInt("hidden") == 0 ? "" : " GENERATED"));
          String value = type.toLowerCase(Locale.ROOT);
          order.add(name);
          columns.put(name, required ? List.of(value) : List.of(value, "null"));
          return true;
        });
    properties.add("the column order " + String.join(", ", order));
    properties.addAll(indexes(connection, table));
    Set<String> referenced = new TreeSet<>();
    Statements.forEach(
        connection,
        pragma("foreign_key_list", table),
        row -> {
          referenced.add(row.getString("table"));
          return true;
        });
    referenced.forEach(name -> properties.add("a foreign key to " + name));
    properties.addAll(clauses(connection, table));
    return Optional.of(new SqliteStructure(List.copyOf(properties), Map.copyOf(columns)));
  }

  /** Returns true if a table has a column whose value is computed rather than stored. */
  static boolean isComputed(Connection connection, String table) throws SQLException {
    boolean[] computed = {false};
    Statements.forEach(
        connection,
        pragma("table_xinfo", table),
        row -> {
          computed[0] |= row.getInt("hidden") != 0;
          return !computed[0];
        });
    return computed[0];
  }

  /** Returns the names of a table's indexes, including those that its constraints make. */
  static List<String> indexNames(Connection connection, String table) throws SQLException {
    List<String> names = new ArrayList<>();
    Statements.forEach(
        connection, pragma("index_list", table), row -> names.add(row.getString("name")));
    return names;
  }

  private static List<String> indexes(Connection connection, String table) throws SQLException {
    Map<String, String> kinds = new LinkedHashMap<>();
    Statements.forEach(
        connection,
        pragma("index_list", table),
        row -> {
          String kind = row.getBoolean("unique") ? "a unique key " : INDEX;
          String partial = row.getBoolean("partial") ? PARTIAL : "";
          kinds.put(row.getString("name"), kind + "(%s)" + partial);
          return true;
        });
    List<String> indexes = new ArrayList<>();
    for (Map.Entry<String, String> index : kinds.entrySet()) {
      String columns = String.join(", ", indexedColumns(connection, index.getKey()));
      indexes.add(index.getValue().formatted(columns));
    }
    return indexes;
  }

  private static List<String> indexedColumns(Connection connection, String index)
      throws SQLException {
    List<String> columns = new ArrayList<>();
    Statements.forEach(
        connection,
        pragma("index_xinfo", index),
        row -> {
          if (row.getBoolean("key")) {
            String name = row.getString("name");
            String collation = Objects.requireNonNullElse(row.getString("coll"), BINARY);
            columns.add(
                (name == null ? EXPRESSION : lower(name))
                    + (row.getBoolean("desc") ? " DESC" : "")
                    + (collation.equalsIgnoreCase(BINARY) ? "" : " COLLATE " + collation));
          }
          return true;
        });
    return columns;
  }

  /**
   * Returns the statement that reads the description of a table or an index. It does not use the
   * table-valued functions, such as {@code pragma_table_xinfo}: a table of that name in the file
   * would replace the function and return planted rows.
   */
  static String pragma(String pragma, String name) {
    return "PRAGMA main.%s(\"%s\")".formatted(pragma, name.replace("\"", "\"\""));
  }

  /**
   * Returns a name in lower case as SQLite compares names: letters beyond ASCII are not changed.
   */
  private static String lower(String name) {
    return CAPITALS.matcher(name).replaceAll(letters -> letters.group().toLowerCase(Locale.ROOT));
  }

  private static List<String> clauses(Connection connection, String table) throws SQLException {
    String definition =
        Statements.first(
                connection,
                "SELECT sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = ?",
                row -> row.getString(1),
                table)
            .orElse("");
    List<String> words =
        TOKEN
            .matcher(definition)
            .results()
            .map(token -> Objects.requireNonNullElse(token.group(1), "").toUpperCase(Locale.ROOT))
            .toList();
    List<String> clauses = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      String clause = CLAUSES.get(words.get(i));
      boolean isBinary =
          words.get(i).equals("COLLATE") && i + 1 < words.size() && words.get(i + 1).equals(BINARY);
      if (clause != null && !isBinary) {
        clauses.add(clause);
      }
    }
    return clauses;
  }
}
