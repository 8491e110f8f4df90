// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/** The tables of an index, and the state that names the ledger and the rows in the index. */
final class IndexSchema {
  /** Version of the tables; an index of another version is built again. */
  private static final int VERSION = 2;

  /** Maximum ratio of numbers of facets to those in use; the others were erased. */
  private static final int MOST_UNUSED = 100;

  private static final List<String> TABLES =
      List.of(
          """
          CREATE TABLE state (
            version INTEGER NOT NULL,
            ledger TEXT NOT NULL,
            first_sequence INTEGER,
            first_hash BLOB,
            sequence INTEGER,
            hash BLOB
          ) STRICT""",
          // Each text is stored once: agents, types, verdicts, rules, kinds, sessions. Id 0 means
          // that there is no text.
          "CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
          "INSERT INTO names VALUES (0, '')",
          """
          CREATE TABLE facets (
            id INTEGER PRIMARY KEY,
            type INTEGER NOT NULL,
            verdict INTEGER NOT NULL,
            rule INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            UNIQUE (type, verdict, rule, kind)
          ) STRICT""",
          // Rows are appended in the order of their sequence. The table has no other index, so that
          // a row costs one write; searches find rows by their blocks.
          """
          CREATE TABLE events (
            sequence INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            agent INTEGER NOT NULL,
            facets INTEGER NOT NULL,
            session INTEGER NOT NULL
          ) STRICT""",
          """
          CREATE TABLE blocks (
            block INTEGER PRIMARY KEY,
            low INTEGER NOT NULL,
            high INTEGER NOT NULL,
            content BLOB NOT NULL
          ) STRICT""",
          """
          CREATE VIEW decisions AS
          SELECT
            e.sequence,
            strftime('%%Y-%%m-%%dT%%H:%%M:%%S', e.time / 1000000, 'unixepoch')
              || printf('.%%06dZ', e.time %% 1000000) AS time,
            a.name AS agent,
            nullif(v.name, '') AS verdict,
            nullif(r.name, '') AS rule,
            nullif(k.name, '') AS kind,
            nullif(s.name, '') AS session
          FROM events AS e
            JOIN facets AS f ON f.id = e.facets
            JOIN names AS t ON t.id = f.type
            JOIN names AS a ON a.id = e.agent
            JOIN names AS v ON v.id = f.verdict
            JOIN names AS r ON r.id = f.rule
            JOIN names AS k ON k.id = f.kind
            JOIN names AS s ON s.id = e.session
          WHERE t.name IN ('%s', '%s')"""
              .formatted(DeferredAuditEvent.CHECK, DeferredAuditEvent.REFUSAL));

  private IndexSchema() {}

  /** Creates the tables in an empty database. The caller holds a write transaction. */
  static void create(Connection connection, Optional<UUID> ledger) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : TABLES) {
        statement.execute(sql);
      }
    }
    Statements.change(
        connection,
        "INSERT INTO state (version, ledger) VALUES (?, ?)",
        VERSION,
        ledger.map(UUID::toString).orElse(""));
  }

  /**
   * The state of an index: its ledger, and the rows that it has.
   *
   * @param ledger the ledger's id; empty if it has none
   * @param first the first row; empty for an index without rows
   * @param last the last row
   */
  record State(String ledger, Optional<Mark> first, Optional<Mark> last) {
    /** Returns the sequence of the last row; 0 for an index without rows. */
    long reached() {
      return last.map(Mark::sequence).orElse(0L);
    }

    /** Returns true if this is the index of a ledger: it has the first and the last row. */
    boolean isOf(LedgerReader reader) throws LedgerException {
      return reader.id().map(UUID::toString).orElse("").equals(ledger)
          && first.isPresent() == last.isPresent()
          && (first.isEmpty() || first.get().isIn(reader))
          && (last.isEmpty() || last.get().isIn(reader));
    }
  }

  /** The sequence of a row and the hash of its record. */
  record Mark(long sequence, byte[] hash) {
    private boolean isIn(LedgerReader reader) throws LedgerException {
      return reader
          .row(sequence)
          .map(ChainRow::recordHash)
          .filter(found -> Arrays.equals(found, hash))
          .isPresent();
    }
  }

  /** Reads the state; empty if this is not an index of this version. */
  static Optional<State> state(Connection connection) throws SQLException {
    boolean exists =
        Statements.first(
                connection,
                "SELECT count(*) FROM sqlite_schema WHERE name = 'state' AND type = 'table'",
                row -> row.getInt(1) == 1)
            .orElse(false);
    return exists
        ? Statements.first(
            connection,
            "SELECT ledger, first_sequence, first_hash, sequence, hash FROM state"
                + " WHERE version = ?",
            row -> new State(row.getString(1), mark(row, 2), mark(row, 4)),
            VERSION)
        : Optional.empty();
  }

  /**
   * Returns the largest number of facets, for arrays by that number. Numbers are given in sequence,
   * so a far larger one is forged, or most facets were erased: the index counts as damaged, and a
   * new one has small numbers.
   */
  static int largestFacets(Connection connection) throws SQLException {
    return Statements.first(
            connection,
            "SELECT coalesce(max(id), 0) FROM facets HAVING coalesce(min(id), 0) >= 0"
                + " AND coalesce(max(id), 0) <= (count(*) + 1) * "
                + MOST_UNUSED,
            row -> row.getInt(1))
        .orElseThrow(IndexBlock::damaged);
  }

  private static Optional<Mark> mark(ResultSet row, int column) throws SQLException {
    long sequence = row.getLong(column);
    return row.wasNull()
        ? Optional.empty()
        : Optional.of(
            new Mark(sequence, Objects.requireNonNullElse(row.getBytes(column + 1), new byte[0])));
  }
}
