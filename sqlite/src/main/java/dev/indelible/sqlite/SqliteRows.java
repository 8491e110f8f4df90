// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.ledger.ChainRow;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;

/** How a row of the chain stands in a row of the table. */
final class SqliteRows {
  private static final String COLUMNS =
      "sequence, id, agent_id, event_type, payload_hash, signature, attest_level, timestamp,"
          + " prev_hash, key_id, payload";

  /**
   * The first column that is of another type than was written, as {@code agent_id is a blob,
   * expected text}; NULL if none is. A text that has become a blob of the same bytes reads the
   * same, and is found by no query.
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

  /** What {@link #read} reads. */
  static final String SELECT = "SELECT " + COLUMNS + ", " + MISTYPED + " FROM signed_events ";

  /**
   * Whether every column is of the type that was written, as {@link #MISTYPED} has it, for a
   * fraction of the time: in SQLite a number is less than any text, and a text less than any blob.
   * Left out is what no number can be taken for. Not true of a row that lacks what a writer writes.
   */
  private static final String USUAL =
      "agent_id BETWEEN '' AND x'' AND event_type BETWEEN '' AND x'' AND attest_level < x''"
          + " AND id < x'' AND timestamp < x'' AND payload_hash >= x'' AND prev_hash >= x''"
          + " AND (key_id IS NULL OR key_id BETWEEN '' AND x'')"
          + " AND (signature IS NULL OR signature >= x'') AND payload < x''";

  /**
   * The rows of a range in order, each in the form of {@link PackedRow}, or NULL where it has not
   * the shape for that. Reading one column takes less than half the time of reading them all.
   */
  static final String SELECT_PACKED =
      "SELECT CASE WHEN "
          + USUAL
          + " THEN concat_ws(?, sequence, agent_id, event_type, attest_level, id, timestamp,"
          + " payload_hash, prev_hash, key_id, signature, payload) END"
          + " FROM signed_events WHERE sequence BETWEEN ? AND ? ORDER BY sequence";

  /** The payload is bound as the UTF-8 it already is, and stored as text. */
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
   * Reads whatever is there: a column that should not be NULL and is reads as empty. A row with a
   * column of another type than was written has an attest level that says so, and no other row has.
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
