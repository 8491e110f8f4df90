// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.sqlite.SQLiteErrorCode;

/**
 * The tables of a ledger and their version. The version is in a separate table, because a ledger
 * may share its file with an application that uses {@code user_version}.
 */
final class SqliteSchema {
  /** Version that this code writes. */
  static final int VERSION = 3;

  /** First version with a Merkle tree. */
  private static final int TREE_VERSION = 2;

  /** Names of all tables of every version, as SQL text. */
  static final String TABLES =
      "'signed_events', 'signed_events_dlq', 'indelible_ledger', 'indelible_journals',"
          + " 'indelible_schema', 'indelible_tiles', 'indelible_tree', 'indelible_checkpoints',"
          + " 'indelible_cosignatures'";

  private static final String ENCODING = "UTF-8";

  /**
   * Statements that bring a database from each version to the next; the first list creates the
   * tables.
   */
  private static final List<List<String>> MIGRATIONS =
      List.of(
          List.of(
              """
              CREATE TABLE signed_events (
                sequence INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                agent_id TEXT NOT NULL,
                event_type TEXT NOT NULL,
                payload_hash BLOB NOT NULL,
                signature BLOB,
                attest_level TEXT NOT NULL,
                timestamp TEXT NOT NULL,
                prev_hash BLOB NOT NULL,
                key_id TEXT,
                payload TEXT
              ) STRICT""",
              "CREATE INDEX signed_events_agent ON signed_events (agent_id)",
              "CREATE INDEX signed_events_type ON signed_events (event_type)",
              """
              CREATE TABLE signed_events_dlq (
                letter INTEGER PRIMARY KEY,
                id TEXT NOT NULL,
                agent_id TEXT NOT NULL,
                event_type TEXT NOT NULL,
                payload_hash BLOB NOT NULL,
                timestamp TEXT NOT NULL,
                payload TEXT NOT NULL,
                failure_reason TEXT NOT NULL,
                failed_at TEXT NOT NULL,
                attempts INTEGER NOT NULL,
                replayed_as TEXT
              ) STRICT""",
              "CREATE INDEX signed_events_dlq_id ON signed_events_dlq (id)",
              "CREATE TABLE indelible_ledger (id TEXT NOT NULL) STRICT",
              """
              CREATE TABLE indelible_journals (
                journal TEXT PRIMARY KEY,
                position INTEGER NOT NULL
              ) STRICT"""),
          List.of(
              """
              CREATE TABLE indelible_tiles (
                level INTEGER NOT NULL,
                tile INTEGER NOT NULL,
                hashes BLOB NOT NULL,
                PRIMARY KEY (level, tile)
              ) STRICT""",
              """
              CREATE TABLE indelible_tree (
                size INTEGER NOT NULL,
                sequence INTEGER NOT NULL
              ) STRICT""",
              "INSERT INTO indelible_tree VALUES (0, 0)",
              """
              CREATE TABLE indelible_checkpoints (
                size INTEGER PRIMARY KEY,
                note TEXT NOT NULL
              ) STRICT"""),
          List.of(
              """
              CREATE TABLE indelible_cosignatures (
                size INTEGER NOT NULL,
                witness TEXT NOT NULL,
                line TEXT NOT NULL,
                PRIMARY KEY (size, witness)
              ) STRICT, WITHOUT ROWID"""));

  /** Structures read so far, keyed by version. */
  private static final Map<Integer, Map<String, SqliteStructure>> STRUCTURES =
      new ConcurrentHashMap<>();

  private SqliteSchema() {}

  /**
   * Brings the database to {@link #VERSION}. The caller holds a write transaction.
   *
   * @param ledger the id for a new ledger
   */
  static void migrate(Connection connection, UUID ledger) throws SQLException {
    int version = version(connection).orElse(0);
    requireKnown(version);
    if (version == VERSION) {
      return;
    }
    migrate(connection, version, VERSION);
    if (version == 0) {
      Statements.change(connection, "INSERT INTO indelible_ledger VALUES (?)", ledger.toString());
    }
  }

  private static void migrate(Connection connection, int from, int to) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (List<String> migration : MIGRATIONS.subList(from, to)) {
        for (String sql : migration) {
          statement.execute(sql);
        }
      }
      statement.execute(
          "CREATE TABLE IF NOT EXISTS indelible_schema (version INTEGER NOT NULL) STRICT");
      statement.execute("DELETE FROM indelible_schema");
      statement.execute("INSERT INTO indelible_schema VALUES (" + to + ")");
    }
  }

  /**
   * Returns the structure of each table of a version, keyed by name. Creates the tables in a
   * database in memory and reads them there.
   */
  static Map<String, SqliteStructure> structure(int version) throws SQLException {
    Map<String, SqliteStructure> known = STRUCTURES.get(version);
    if (known != null) {
      return known;
    }
    Map<String, SqliteStructure> tables = new TreeMap<>();
    try (Connection memory = DriverManager.getConnection("jdbc:sqlite::memory:")) {
      migrate(memory, 0, version);
      List<String> names = new ArrayList<>();
      Statements.forEach(
          memory,
          "SELECT name FROM sqlite_schema WHERE type = 'table'",
          row -> names.add(row.getString(1)));
      for (String name : names) {
        tables.put(name, SqliteStructure.of(memory, name).orElseThrow());
      }
    }
    STRUCTURES.put(version, tables);
    return tables;
  }

  /** Returns the id of the ledger in the database; empty if there is no ledger. */
  static Optional<UUID> ledger(Connection connection) throws SQLException {
    if (version(connection).isEmpty()) {
      return Optional.empty();
    }
    try {
      return Statements.first(
          connection,
          "SELECT CASE WHEN octet_length(id) <= 100 THEN id ELSE '' END FROM indelible_ledger",
          row -> UUID.fromString(row.getString(1)));
    } catch (IllegalArgumentException | NullPointerException e) {
      int code = SQLiteErrorCode.SQLITE_CORRUPT.code;
      throw new SQLException("the ledger's id is malformed", "", code);
    }
  }

  /** Returns true if a database has a ledger. Reads only the list of its tables. */
  static boolean isLedger(Connection connection) throws SQLException {
    return count(connection, "'indelible_schema'") > 0;
  }

  /** Returns true if a database without a version still has tables of a ledger. */
  static boolean isWithoutVersion(Connection connection) throws SQLException {
    return !isLedger(connection)
        && count(connection, "'indelible_ledger', 'indelible_journals', 'indelible_tree'") > 0;
  }

  /** Returns the version of the ledger in the database; empty if there is no ledger. */
  static OptionalInt version(Connection connection) throws SQLException {
    if (!isLedger(connection)) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(
        Statements.first(
                connection, "SELECT max(version) FROM indelible_schema", row -> row.getInt(1))
            .orElseThrow());
  }

  /**
   * Refuses a database that cannot hold this ledger: one written by newer code, one in which tables
   * with the ledger's names belong to an application, or one that does not store text as UTF-8, the
   * encoding that is hashed. Changes nothing.
   */
  static void requireFit(Connection connection) throws SQLException {
    String encoding = text(connection, "PRAGMA encoding").orElse(ENCODING);
    if (!encoding.equals(ENCODING)) {
      throw new ForeignSchemaException(
          "the database stores text as %s, but a ledger needs %s; use a separate file for the ledger"
              .formatted(encoding, ENCODING));
    }
    // One statement, so that no other process can create the tables between two statements.
    Optional<String> foreign =
        text(
            connection,
            "SELECT name FROM sqlite_schema"
                + " WHERE lower(name) IN ('signed_events', 'signed_events_dlq') AND NOT EXISTS"
                + " (SELECT 1 FROM sqlite_schema WHERE lower(name) = 'indelible_schema')");
    if (foreign.isPresent()) {
      throw new ForeignSchemaException(
          "the database has a table %s that is not Indelible's; use another file"
              .formatted(foreign.get()));
    }
    requireTables(connection);
    requireKnown(version(connection).orElse(0));
  }

  /**
   * Refuses a database in which a view, a virtual table or a table with a generated column has the
   * name of one of the tables. Their content is computed: it can differ between versions of SQLite,
   * and can be endless.
   */
  private static void requireTables(Connection connection) throws SQLException {
    Optional<String> computed =
        text(
            connection,
            "SELECT name || CASE WHEN type = 'view' THEN ' is a view'"
                + " ELSE ' is a virtual table' END FROM sqlite_schema WHERE lower(name) IN ("
                + TABLES
                + ") AND (type = 'view' OR type = 'table' AND coalesce(rootpage, 0) < 1)");
    if (computed.isEmpty()) {
      computed = generated(connection);
    }
    if (computed.isPresent()) {
      throw new ComputedTableException(
          "%s in place of a table of the ledger, so its content was not recorded. Keep the file, and restore it from a copy"
              .formatted(computed.get()));
    }
  }

  private static Optional<String> generated(Connection connection) throws SQLException {
    for (String table : structure(VERSION).keySet()) {
      if (SqliteStructure.isComputed(connection, table)) {
        return Optional.of(table + " has a generated column");
      }
    }
    return Optional.empty();
  }

  /**
   * Returns true if there is a Merkle tree or should be one. So neither a lowered version nor a
   * dropped table can hide the remaining tables of the tree.
   */
  static boolean hasTree(Connection connection) throws SQLException {
    return version(connection).orElse(0) >= TREE_VERSION
        || count(connection, "'indelible_tiles', 'indelible_tree', 'indelible_checkpoints'") > 0;
  }

  /** Returns true if the table of cosignatures exists. */
  static boolean hasCosignatures(Connection connection) throws SQLException {
    return count(connection, "'indelible_cosignatures'") == 1;
  }

  private static int count(Connection connection, String tables) throws SQLException {
    return Statements.first(
            connection,
            "SELECT count(*) FROM sqlite_schema"
                + " WHERE type IN ('table', 'view') AND lower(name) IN ("
                + tables
                + ")",
            row -> row.getInt(1))
        .orElseThrow();
  }

  private static void requireKnown(int version) throws SQLException {
    if (version > VERSION) {
      throw new ForeignSchemaException(
          "the ledger has schema version %s, but this Indelible supports versions up to %s; use a newer Indelible"
              .formatted(version, VERSION));
    }
  }

  /**
   * Returns an error that names the missing table or column of a ledger, if that is the cause;
   * otherwise the given error.
   */
  static SQLException explain(Connection connection, SQLException error) {
    if (!SqliteFault.isOfTheSchema(error)) {
      return error;
    }
    try {
      if (version(connection).orElse(0) != VERSION) {
        return error;
      }
      Set<String> missing = missingColumns(connection);
      return missing.isEmpty()
          ? error
          : new ForeignSchemaException(
              "the ledger's tables were changed: %s missing; restore what is missing, or restore the database from a copy. Until then, events wait"
                  .formatted(
                      missing.size() == 1
                          ? "column " + missing.iterator().next() + " is"
                          : "columns " + String.join(", ", missing) + " are"));
    } catch (SQLException e) {
      error.addSuppressed(e);
      return error;
    }
  }

  /** Returns the columns that a ledger of {@link #VERSION} has and this database lacks. */
  private static Set<String> missingColumns(Connection connection) throws SQLException {
    Set<String> missing = new TreeSet<>();
    for (Map.Entry<String, SqliteStructure> table : structure(VERSION).entrySet()) {
      Set<String> found =
          SqliteStructure.of(connection, table.getKey())
              .map(structure -> structure.columns().keySet())
              .orElse(Set.of());
      for (String column : table.getValue().columns().keySet()) {
        if (!found.contains(column)) {
          missing.add(table.getKey() + "." + column);
        }
      }
    }
    return missing;
  }

  private static Optional<String> text(Connection connection, String query) throws SQLException {
    return Statements.first(connection, query, row -> row.getString(1));
  }

  /** Thrown if the database cannot hold this ledger; a retry does not help. */
  static sealed class UnfitDatabaseException extends SQLException {
    private static final long serialVersionUID = 1;

    UnfitDatabaseException(String message) {
      super(message);
    }
  }

  /** Thrown if the database's schema is not one that this version writes (D6). */
  static final class ForeignSchemaException extends UnfitDatabaseException {
    private static final long serialVersionUID = 1;

    ForeignSchemaException(String message) {
      super(message);
    }
  }

  /**
   * Thrown if a view, a virtual table or a generated column replaces a table: somebody changed the
   * schema.
   */
  static final class ComputedTableException extends UnfitDatabaseException {
    private static final long serialVersionUID = 1;

    ComputedTableException(String message) {
      super(message);
    }
  }
}
