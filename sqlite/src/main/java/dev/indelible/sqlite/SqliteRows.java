// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.ledger.ChainRow;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;

/** Maps a row of the chain to a row of the table. */
final class SqliteRows {
  private static final String COLUMNS =
      "sequence, id, agent_id, event_type, payload_hash, signature, attest_level, timestamp,"
          + " prev_hash, key_id, payload";

  /**
   * SQL for the first column whose type differs from the type that writers use, for example {@code
   * agent_id is a blob, expected text}; NULL if there is none. If a text was changed to a blob of
   * equal bytes, reading it returns the same value, but no query finds it.
   */
  private static final String MISTYPED =
      "CASE "
          + unless("id", "text", false)
          + unless("agent_id", "text", false)
          + unless("event_type", "text", false)
          + unless("payload_hash", "blob", false)
          + unless("signature", "blob", true)
          + unless("attest_level", "text", false)
          + unless("timestamp", "text", false)
          + unless("prev_hash", "blob", false)
          + unless("key_id", "text", true)
          + unless("payload", "text", true)
          + "END";

  /** Selects the columns that {@link #read} reads. */
  static final String SELECT = "SELECT " + COLUMNS + ", " + MISTYPED + " FROM signed_events ";

  /**
   * SQL that checks the type of every column as {@link #MISTYPED} does, in a fraction of the time.
   * In SQLite, a number is less than any text, and a text is less than any blob. A column has no
   * lower bound here if a number cannot look like a valid value in it. The expression is not true
   * for a row that lacks a value that writers always write.
   */
  private static final String USUAL =
      "agent_id BETWEEN '' AND x'' AND event_type BETWEEN '' AND x'' AND attest_level < x''"
          + " AND id < x'' AND timestamp < x'' AND payload_hash >= x'' AND prev_hash >= x''"
          + " AND (key_id IS NULL OR key_id BETWEEN '' AND x'')"
          + " AND (signature IS NULL OR signature >= x'') AND payload < x''";

  /**
   * Selects the rows of a range in order, each in the form of {@link PackedRow}, or NULL if the row
   * does not have that layout. Reading one column takes less than half the time of reading all of
   * them.
   */
  static final String SELECT_PACKED =
      "SELECT CASE WHEN "
          + USUAL
          + " THEN concat_ws(?, sequence, agent_id, event_type, attest_level, id, timestamp,"
          + " payload_hash, prev_hash, key_id, signature, payload) END"
          + " FROM signed_events WHERE sequence BETWEEN ? AND ? ORDER BY sequence";

  /** Inserts a row. The payload is bound as UTF-8 bytes and stored as text. */
  static final String INSERT =
      "INSERT INTO signed_events ("
          + COLUMNS
          + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT))";

  static final String SELECT_TILE =
      "SELECT hashes FROM indelible_tiles WHERE level = ? AND tile = ?";

  private SqliteRows() {}

  private static String unless(String column, String type, boolean nullable) {
    String types = nullable ? "('" + type + "', 'null')" : "('" + type + "')";
    return "WHEN typeof(%1$s) NOT IN %2$s THEN '%1$s is ' || CASE typeof(%1$s) WHEN 'null' THEN 'NULL' WHEN 'integer' THEN 'an integer' WHEN 'real' THEN 'a real number' ELSE 'a ' || typeof(%1$s) END || ', expected %3$s' "
        .formatted(column, types, type);
  }

  static void bind(PreparedStatement insert, ChainRow row) throws SQLException {
    insert.setLong(1, row.sequence());
    insert.setString(2, row.id());
    insert.setString(3, row.agentId());
    insert.setString(4, row.eventType());
    insert.setBytes(5, row.payloadHash());
    insert.setBytes(6, row.signature().orElse(null));
    insert.setString(7, row.attestLevel());
    insert.setString(8, row.timestamp());
    insert.setBytes(9, row.prevHash());
    insert.setString(10, row.keyId().orElse(null));
    insert.setBytes(11, row.payload().orElse(null));
  }

  /**
   * Reads a row with any values; a NULL in place of a required value is read as empty. If a column
   * has a type that no writer uses, the attest level of the returned row names the column; no other
   * row has such a level.
   */
  static ChainRow read(ResultSet row) throws SQLException {
    String mistyped = row.getString(12);
    return new ChainRow(
        row.getLong(1),
        text(row, 2),
        text(row, 3),
        text(row, 4),
        bytes(row, 5),
        Optional.ofNullable(row.getBytes(6)),
        mistyped == null ? text(row, 7) : ChainRow.mistyped(mistyped),
        text(row, 8),
        bytes(row, 9),
        Optional.ofNullable(row.getBytes(10)).map(ChainRow::text),
        Optional.ofNullable(row.getBytes(11)));
  }

  private static String text(ResultSet row, int column) throws SQLException {
    return ChainRow.text(bytes(row, column));
  }

  private static byte[] bytes(ResultSet row, int column) throws SQLException {
    return Objects.requireNonNullElse(row.getBytes(column), new byte[0]);
  }
}
