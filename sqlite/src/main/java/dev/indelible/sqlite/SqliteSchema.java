// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.sqlite.SQLiteErrorCode;

/**
 * The tables of a ledger, and the version they are at. The version is in a table of its own,
 * because a ledger may share its file with an application that uses {@code user_version} for
 * itself.
 */
final class SqliteSchema {
  /** The version this code writes. */
  static final int VERSION = 3;

  /** The first version with a Merkle tree. */
  private static final int TREE_VERSION = 2;

  private static final String ENCODING = "UTF-8";

  /** What brings a database from each version to the next; the first makes a new one. */
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

  private SqliteSchema() {}

  /**
   * Brings the database to {@link #VERSION}; the caller holds a write transaction.
   *
   * @param ledger the ledger that a new one becomes
   */
  static void migrate(Connection connection, UUID ledger) throws SQLException {
    int version = version(connection).orElse(0);
    requireKnown(version);
    if (version == VERSION) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      for (List<String> migration : MIGRATIONS.subList(version, VERSION)) {
        for (String sql : migration) {
          statement.execute(sql);
        }
      }
      statement.execute(
          "CREATE TABLE IF NOT EXISTS indelible_schema (version INTEGER NOT NULL) STRICT");
      statement.execute("DELETE FROM indelible_schema");
      statement.execute("INSERT INTO indelible_schema VALUES (" + VERSION + ")");
      if (version == 0) {
        statement.execute("INSERT INTO indelible_ledger VALUES ('" + ledger + "')");
      }
    }
  }

  /** Which ledger the database holds; empty when it holds none. */
  static Optional<UUID> ledger(Connection connection) throws SQLException {
    if (version(connection).isEmpty()) {
      return Optional.empty();
    }
    try {
      return Statements.first(
          connection, "SELECT id FROM indelible_ledger", row -> UUID.fromString(row.getString(1)));
    } catch (IllegalArgumentException | NullPointerException e) {
      int code = SQLiteErrorCode.SQLITE_CORRUPT.code;
      throw new SQLException("the ledger's id is not one any more", "", code);
    }
  }

  /** The version the database is at; empty when it holds no ledger. */
  static OptionalInt version(Connection connection) throws SQLException {
    if (count(connection, "'indelible_schema'") == 0) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(
        Statements.first(
                connection, "SELECT max(version) FROM indelible_schema", row -> row.getInt(1))
            .orElseThrow());
  }

  /**
   * Refuses a database that cannot hold this ledger: one that newer code has written, one with
   * tables of these names that are somebody else's, one that keeps text in another encoding than
   * the one that is hashed. Changes nothing.
   */
  static void requireFit(Connection connection) throws SQLException {
    String encoding = text(connection, "PRAGMA encoding").orElse(ENCODING);
    if (!encoding.equals(ENCODING)) {
      throw new ForeignSchemaException(
          "the database keeps its text as %s, and a ledger needs %s; use a file of its own"
              .formatted(encoding, ENCODING));
    }
    // One statement, so that another process cannot make the tables between two.
    Optional<String> foreign =
        text(
            connection,
            "SELECT name FROM sqlite_schema WHERE name IN ('signed_events', 'signed_events_dlq')"
                + " AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'indelible_schema')");
    if (foreign.isPresent()) {
      throw new ForeignSchemaException(
          "the database has a table %s that is not Indelible's; use another file"
              .formatted(foreign.get()));
    }
    requireKnown(version(connection).orElse(0));
  }

  /**
   * Whether a Merkle tree is there, or should be: a version that was set back must not hide what
   * lies there, nor one table that was taken away the others.
   */
  static boolean hasTree(Connection connection) throws SQLException {
    return version(connection).orElse(0) >= TREE_VERSION
        || count(connection, "'indelible_tiles', 'indelible_tree', 'indelible_checkpoints'") > 0;
  }

  /** Whether the table of cosignatures is there. */
  static boolean hasCosignatures(Connection connection) throws SQLException {
    return count(connection, "'indelible_cosignatures'") == 1;
  }

  private static int count(Connection connection, String tables) throws SQLException {
    return Statements.first(
            connection,
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN (" + tables + ")",
            row -> row.getInt(1))
        .orElseThrow();
  }

  private static void requireKnown(int version) throws SQLException {
    if (version > VERSION) {
      throw new ForeignSchemaException(
          "the ledger is of schema version %d and this Indelible knows up to %d; use a newer Indelible"
              .formatted(version, VERSION));
    }
  }

  /**
   * Returns the cause of an error: that a table or a column of a ledger is missing, if that is so,
   * or else the error itself.
   */
  static SQLException explain(Connection connection, SQLException error) {
    if (!SqliteFault.isOfTheSchema(error)) {
      return error;
    }
    try {
      if (version(connection).orElse(0) != VERSION) {
        return error;
      }
      Set<String> missing = columns();
      missing.removeAll(columns(connection));
      return missing.isEmpty()
          ? error
          : new ForeignSchemaException(
              "the ledger's tables were changed: %s missing; put back what is missing, or restore the database from a copy. Events wait meanwhile"
                  .formatted(
                      missing.size() == 1
                          ? "column " + missing.iterator().next() + " is"
                          : "columns " + String.join(", ", missing) + " are"));
    } catch (SQLException e) {
      error.addSuppressed(e);
      return error;
    }
  }

  /** The columns of a ledger of this version, as {@code table.column}. */
  private static Set<String> columns() throws SQLException {
    try (Connection fresh = DriverManager.getConnection("jdbc:sqlite::memory:")) {
      migrate(fresh, new UUID(0, 0));
      return columns(fresh);
    }
  }

  private static Set<String> columns(Connection connection) throws SQLException {
    Set<String> columns = new TreeSet<>();
    Statements.forEach(
        connection,
        "SELECT m.name || '.' || p.name FROM sqlite_schema m, pragma_table_info(m.name) p"
            + " WHERE m.type = 'table'",
        row -> columns.add(row.getString(1)));
    return columns;
  }

  private static Optional<String> text(Connection connection, String query) throws SQLException {
    return Statements.first(connection, query, row -> row.getString(1));
  }

  /** The database cannot hold this ledger, and no waiting will change that. */
  static class UnfitDatabaseException extends SQLException {
    private static final long serialVersionUID = 1;

    UnfitDatabaseException(String message) {
      super(message);
    }
  }

  /** The database's schema is not one that this version writes (D6). */
  static final class ForeignSchemaException extends UnfitDatabaseException {
    private static final long serialVersionUID = 1;

    ForeignSchemaException(String message) {
      super(message);
    }
  }
}
