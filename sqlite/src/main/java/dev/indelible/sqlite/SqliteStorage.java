// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.storage.StorageState;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Compares a ledger's tables with those that {@link SqliteSchema} creates: first their structure,
 * then what SQLite's own checks find in their pages and indexes, then values that no writer stores
 * in them. Lists an application's tables in the same file, and does not read them. Reads in the
 * caller's transaction; used once, by one thread.
 */
final class SqliteStorage {
  /**
   * Maximum number of findings of each kind; a table without its index would have one for each row.
   */
  static final int MOST_OF_A_KIND = 20;

  /** Maximum number of names of other objects in a note. */
  private static final int MOST_NAMES = 20;

  /** Page cache in KiB, for the look-up of each row in each index. */
  private static final int CACHE_KIB = 16_384;

  /** Maximum number of catalogue entries on the ledger's tables that are compared. */
  private static final int MOST_ENTRIES = 1_000;

  /** Maximum number of characters of a name in a message. */
  private static final int MOST_CHARACTERS = 100;

  private static final String NOT_WRITTEN =
      "sqlite_schema: has an entry named %s that SQLite does not write";

  /** Matches the start of a definition as SQLite writes it. */
  private static final Pattern DEFINITION =
      Pattern.compile(
          "CREATE (?:UNIQUE )?(?<type>TABLE|INDEX) +(?<name>\"(?:[^\"]|\"\")+\"|`(?:[^`]|``)+`"
              + "|'(?:[^']|'')+'|\\[[^\\]]+\\]|[A-Za-z_\\x80-\\uffff][\\w$\\x80-\\uffff]*)"
              + "(?=[\\s(/-])(?! *(?i:NOT EXISTS))");

  private final Connection connection;
  private final boolean everyRow;
  private final List<String> faults = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  /** Tables that have all their columns, so that their values can be compared. */
  private final TreeSet<String> complete = new TreeSet<>();

  /**
   * Creates a comparison over a connection.
   *
   * @param everyRow true to compare the rows of the chain with their indexes
   */
  SqliteStorage(Connection connection, boolean everyRow) {
    this.connection = connection;
    this.everyRow = everyRow;
  }

  /**
   * Compares everything.
   *
   * @throws SQLException if the comparison fails before a finding proves a change
   */
  StorageState state() throws SQLException {
    int version = SqliteSchema.VERSION;
    try {
      version = version();
      compareCatalog();
      compareStructures(version);
      comparePages();
      new SqliteValues(connection, complete, faults).compare();
    } catch (SQLException e) {
      if (faults.isEmpty() && !SqliteFault.isDamage(e)) {
        throw e;
      }
      faults.add("the tables cannot be read to their end: " + e.getMessage());
    }
    return new StorageState(
        "the tables are those of schema version %s%s"
            .formatted(version, everyRow ? ", and each index has the rows of its table" : ""),
        faults,
        notes);
  }

  /** Returns the version that the file states; the newest if it states no known version. */
  private int version() throws SQLException {
    List<Integer> stated = new ArrayList<>();
    Statements.forEach(
        connection,
        "SELECT CASE WHEN typeof(version) = 'integer' AND version BETWEEN 1 AND ? THEN version"
            + " ELSE 0 END FROM indelible_schema LIMIT 3",
        row -> stated.add(row.getInt(1)),
        SqliteSchema.VERSION);
    if (stated.size() == 1 && stated.get(0) > 0) {
      return stated.get(0);
    }
    faults.add(
        stated.isEmpty()
            ? "indelible_schema: has no row, so the version is unknown"
            : stated.size() > 1
                ? "indelible_schema: has more than one row, so the version is ambiguous"
                : "indelible_schema: states a version that no ledger has had");
    return SqliteSchema.VERSION;
  }

  /**
   * Reads the catalogue that SQLite keeps of every object in the file. A catalogue that was changed
   * by hand can have two entries of one name, of which SQLite uses one, or two objects on the same
   * pages.
   */
  private void compareCatalog() throws SQLException {
    name(
        "sqlite_schema: has two entries named %s",
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'index', 'view')"
            + " GROUP BY lower(name) HAVING count(*) > 1");
    name(
        "sqlite_schema: has %s on the pages of another",
        "SELECT group_concat(name, ' and ') FROM sqlite_schema WHERE rootpage > 0"
            + " GROUP BY rootpage HAVING count(*) > 1");
    name(
        NOT_WRITTEN,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND lower(name) IN ("
            + SqliteSchema.TABLES
            + ") AND lower(tbl_name) <> lower(name)");
    name(
        NOT_WRITTEN,
        "SELECT name FROM sqlite_schema WHERE type NOT IN ('table', 'index', 'view', 'trigger')");
    name(
        NOT_WRITTEN,
        "SELECT name FROM sqlite_schema WHERE name LIKE 'sqlite\\_%' ESCAPE '\\' AND NOT"
            + " (type = 'table' AND (name = 'sqlite_sequence' OR name GLOB 'sqlite_stat[1-4]')"
            + " OR type = 'index' AND name GLOB 'sqlite_autoindex_*' AND sql IS NULL)");
    compareDefinitions();
    for (String table : SqliteSchema.structure(SqliteSchema.VERSION).keySet()) {
      for (String index : SqliteStructure.indexNames(connection, table)) {
        name(
            NOT_WRITTEN,
            "SELECT name FROM sqlite_schema WHERE name = ? AND (type <> 'index'"
                + " OR lower(tbl_name) <> ? OR sql NOT LIKE 'CREATE %INDEX %')",
            index,
            table);
      }
    }
    name(
        "trigger %s: is on a table of the ledger, and changes or refuses what is recorded",
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) IN ("
            + SqliteSchema.TABLES
            + ")");
    List<String> shadowing = new ArrayList<>();
    Statements.forEach(
        connection,
        "SELECT type || ' ' || substr(name, 1, 100) FROM sqlite_schema WHERE type IN ('table', 'view')"
            + " AND name LIKE 'pragma\\_%' ESCAPE '\\' ORDER BY name LIMIT "
            + MOST_NAMES,
        row -> shadowing.add(row.getString(1)));
    if (!shadowing.isEmpty()) {
      notes.add(
          "the file has tables or views with the names of SQLite's pragma functions; other"
              + " programs that call these read them instead (this verification does not): "
              + String.join(", ", shadowing));
    }
    List<String> others = new ArrayList<>();
    Statements.forEach(
        connection,
        "SELECT type || ' ' || substr(name, 1, 100) FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            + " AND lower(tbl_name) NOT IN ("
            + SqliteSchema.TABLES
            + ") ORDER BY type, name",
        row -> others.add(row.getString(1)));
    if (!others.isEmpty()) {
      String more =
          others.size() > MOST_NAMES ? " and %s more".formatted(others.size() - MOST_NAMES) : "";
      notes.add(
          "the file also has objects that are not the ledger's and were not checked: "
              + others.stream().limit(MOST_NAMES).collect(Collectors.joining(", "))
              + more);
    }
  }

  /**
   * Compares the start of each definition with its entry: SQLite generates that text, so both have
   * the same name.
   */
  private void compareDefinitions() throws SQLException {
    Statements.forEach(
        connection,
        "SELECT name, substr(sql, 1, 200), type FROM sqlite_schema WHERE type IN ('table', 'index')"
            + " AND sql IS NOT NULL AND lower(tbl_name) IN ("
            + SqliteSchema.TABLES
            + ") LIMIT "
            + MOST_ENTRIES,
        row -> {
          String name = String.valueOf(row.getString(1));
          String definition = String.valueOf(row.getString(2));
          Matcher written = DEFINITION.matcher(definition);
          if (name.length() < MOST_CHARACTERS
              && !(written.lookingAt()
                  && written.group("type").equalsIgnoreCase(row.getString(3))
                  && unquoted(written.group("name")).equals(name))) {
            faults.add(NOT_WRITTEN.formatted(name));
          }
          return true;
        });
  }

  private static String unquoted(String name) {
    char first = name.charAt(0);
    if (first == '[') {
      return name.substring(1, name.length() - 1);
    }
    return first == '"' || first == '`' || first == '\''
        ? name.substring(1, name.length() - 1).replace("" + first + first, "" + first)
        : name;
  }

  private void compareStructures(int version) throws SQLException {
    Map<String, SqliteStructure> expected = SqliteSchema.structure(version);
    for (Map.Entry<String, SqliteStructure> table : expected.entrySet()) {
      compare(table.getKey(), table.getValue(), version);
    }
    for (String table : SqliteSchema.structure(SqliteSchema.VERSION).keySet()) {
      if (!expected.containsKey(table) && SqliteStructure.of(connection, table).isPresent()) {
        faults.add("%s: is a table that schema version %s does not have".formatted(table, version));
      }
    }
  }

  private void compare(String table, SqliteStructure expected, int version) throws SQLException {
    Optional<SqliteStructure> found = SqliteStructure.of(connection, table);
    if (found.isEmpty()) {
      faults.add("%s: the table is missing".formatted(table));
      return;
    }
    List<String> missing = new ArrayList<>(expected.properties());
    List<String> surplus = new ArrayList<>();
    for (String property : found.get().properties()) {
      if (!missing.remove(property)) {
        surplus.add(property);
      }
    }
    for (String property : missing) {
      faults.add("%s: lacks %s of schema version %s".formatted(table, property, version));
    }
    for (String property : surplus) {
      boolean isIndex = property.startsWith(SqliteStructure.INDEX);
      if (isIndex
          && (property.contains(SqliteStructure.EXPRESSION)
              || property.endsWith(SqliteStructure.PARTIAL))) {
        faults.add(
            "%s: has %s, which is not the ledger's and can stop recording, because its computation may fail for a new row"
                .formatted(table, property));
      } else if (isIndex) {
        notes.add("%s: has %s, which is not the ledger's".formatted(table, property));
      } else {
        faults.add(
            "%s: has %s, which schema version %s does not".formatted(table, property, version));
      }
    }
    if (found.get().columns().keySet().containsAll(expected.columns().keySet())) {
      complete.add(table);
      if (!missing.isEmpty() || !surplus.isEmpty()) {
        compareTypes(table, expected);
      }
    }
  }

  /** Compares the types of values in a table that is not STRICT. */
  private void compareTypes(String table, SqliteStructure expected) throws SQLException {
    for (Map.Entry<String, List<String>> column : expected.columns().entrySet()) {
      String types =
          column.getValue().stream().map(type -> "'" + type + "'").collect(Collectors.joining(","));
      long others =
          count(
              "SELECT count(*) FROM %s NOT INDEXED WHERE typeof(%s) NOT IN (%s)"
                  .formatted(table, column.getKey(), types));
      if (others > 0) {
        faults.add(
            "%s: %s of its rows have a %s of another type than %s"
                .formatted(table, others, column.getKey(), column.getValue().get(0)));
      }
    }
  }

  /**
   * Lets SQLite check the pages: that they are in order and used once, that values have the types
   * of a STRICT table, and that each index has exactly the entries of its table.
   */
  private void comparePages() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA cache_size = -" + CACHE_KIB);
    }
    boolean alone =
        count(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE"
                    + " 'sqlite\\_%' ESCAPE '\\' AND lower(name) NOT IN ("
                    + SqliteSchema.TABLES
                    + ")")
            == 0;
    if (alone && everyRow) {
      check("integrity_check", line -> true);
      return;
    }
    check("integrity_check(sqlite_schema)", line -> true);
    for (String table : complete) {
      if (everyRow || !table.equals("signed_events")) {
        check("integrity_check(%s)".formatted(table), line -> true);
      }
    }
    if (everyRow) {
      // If an application's table shares a page with the ledger or with the free pages, the next
      // write to either overwrites the page.
      check("quick_check", SqliteStorage::isOfSharedPage);
    }
  }

  private static boolean isOfSharedPage(String line) {
    return line.contains("2nd reference to page") || line.startsWith("Freelist:");
  }

  /** Adds the findings of one of SQLite's own checks. */
  private void check(String pragma, Predicate<String> isOfTheLedger) throws SQLException {
    List<String> found = new ArrayList<>();
    Statements.forEach(
        connection,
        "PRAGMA " + pragma,
        row -> {
          row.getString(1)
              .lines()
              .filter(line -> !line.equals("ok") && !line.startsWith("***"))
              .filter(isOfTheLedger)
              .forEach(found::add);
          return true;
        });
    found.stream()
        .limit(MOST_OF_A_KIND)
        .forEach(line -> faults.add("SQLite finds the file damaged: " + line));
  }

  /** Adds a finding for each name that a query returns. */
  private void name(String fault, String query, Object... parameters) throws SQLException {
    Statements.forEach(
        connection,
        query + " LIMIT " + MOST_OF_A_KIND,
        row -> faults.add(fault.formatted(row.getString(1))),
        parameters);
  }

  private long count(String query) throws SQLException {
    return Statements.first(connection, query, row -> row.getLong(1)).orElseThrow();
  }
}
