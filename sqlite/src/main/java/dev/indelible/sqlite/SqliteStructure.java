// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The structure of one table as SQLite describes it, independent of how its definition is written:
 * a property is a line of text that two tables of the same structure have in common.
 *
 * @param properties what the table has; of several like indexes, each
 * @param columns its columns in lower case, and the types that their values have
 */
record SqliteStructure(List<String> properties, Map<String, List<String>> columns) {
  /** An index that refuses no row, and is chosen for a query only if it has what the query asks. */
  static final String INDEX = "index ";

  /**
   * A token of a definition, or what stands between two: only the words outside of quotes and
   * comments are captured.
   */
  private static final Pattern TOKEN =
      Pattern.compile(
          "'(?:[^']|'')*+'|\"(?:[^\"]|\"\")*+\"|`(?:[^`]|``)*+`|\\[[^\\]]*+\\]|--[^\\n]*+"
              + "|/\\*(?s:.*?)(?:\\*/|\\z)|([A-Za-z_\\x80-\\uffff][\\w$\\x80-\\uffff]*+)");

  /** Clauses that change what a table takes in and that no pragma describes. */
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
        "SELECT strict, wr FROM pragma_table_list(?) WHERE schema = 'main' AND type = 'table'",
        row -> {
          properties.add("rows");
          if (row.getBoolean(1)) {
            properties.add("STRICT");
          }
          if (row.getBoolean(2)) {
            properties.add("WITHOUT ROWID");
          }
          return true;
        },
        table);
    if (properties.isEmpty()) {
      return Optional.empty();
    }
    Map<String, List<String>> columns = new TreeMap<>();
    Statements.forEach(
        connection,
        "SELECT lower(name), upper(type), \"notnull\", pk, dflt_value, hidden"
            + " FROM pragma_table_xinfo(?)",
        row -> {
          String name = Objects.requireNonNull(row.getString(1));
          String type = Objects.requireNonNullElse(row.getString(2), "");
          boolean required = row.getBoolean(3) || row.getInt(4) > 0;
          String standard = row.getString(5);
          properties.add(
              "column %s %s%s%s%s%s"
                  .formatted(
                      name,
                      type,
                      row.getBoolean(3) ? " NOT NULL" : "",
                      row.getInt(4) > 0 ? " PRIMARY KEY part " + row.getInt(4) : "",
                      standard == null ? "" : " DEFAULT " + standard,
                      row.getInt(6) == 0 ? "" : " GENERATED"));
          String value = type.toLowerCase(Locale.ROOT);
          columns.put(name, required ? List.of(value) : List.of(value, "null"));
          return true;
        },
        table);
    properties.addAll(indexes(connection, table));
    Statements.forEach(
        connection,
        "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?)",
        row -> properties.add("a foreign key to " + row.getString(1)),
        table);
    properties.addAll(clauses(connection, table));
    return Optional.of(new SqliteStructure(List.copyOf(properties), Map.copyOf(columns)));
  }

  private static List<String> indexes(Connection connection, String table) throws SQLException {
    List<String> indexes = new ArrayList<>();
    Statements.forEach(
        connection,
        """
        SELECT i."unique", i.partial, (
            SELECT group_concat(
              coalesce(lower(x.name), 'an expression')
                || CASE WHEN x."desc" THEN ' DESC' ELSE '' END
                || CASE upper(coalesce(x.coll, 'BINARY')) WHEN 'BINARY' THEN '' ELSE ' COLLATE ' || x.coll END,
              ', ' ORDER BY x.seqno)
            FROM pragma_index_xinfo(i.name) AS x WHERE x.key)
        FROM pragma_index_list(?) AS i""",
        row -> {
          String kind = row.getBoolean(1) ? "a unique key " : INDEX;
          String partial = row.getBoolean(2) ? " over some of its rows" : "";
          return indexes.add(kind + "(" + row.getString(3) + ")" + partial);
        },
        table);
    return indexes;
  }

  private static List<String> clauses(Connection connection, String table) throws SQLException {
    String definition =
        Statements.first(
                connection,
                "SELECT sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = ?",
                row -> row.getString(1),
                table)
            .orElse("");
    return TOKEN
        .matcher(definition)
        .results()
        .map(token -> Objects.requireNonNullElse(token.group(1), "").toUpperCase(Locale.ROOT))
        .filter(CLAUSES::containsKey)
        .map(CLAUSES::get)
        .map(Objects::requireNonNull)
        .toList();
  }
}
