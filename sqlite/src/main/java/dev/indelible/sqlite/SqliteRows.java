// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.PackedRow;
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
   * Whether every column is of the type that was written: a text that has become a blob of the same
   * bytes reads the same, and is found by no query.
   */
  private static final String TYPED =
      "typeof(id) = 'text' AND typeof(agent_id) = 'text' AND typeof(event_type) = 'text'"
          + " AND typeof(payload_hash) = 'blob' AND typeof(signature) IN ('blob', 'null')"
          + " AND typeof(attest_level) = 'text' AND typeof(timestamp) = 'text'"
          + " AND typeof(prev_hash) = 'blob' AND typeof(key_id) IN ('text', 'null')"
          + " AND typeof(payload) IN ('text', 'null')";

  private static final String MISTYPED = "\0(a column has another type than was written)";

  /** What {@link #read} reads. */
  static final String SELECT = "SELECT " + COLUMNS + ", " + TYPED + " FROM signed_events ";

  /**
   * Whether every column is of the type that was written, as {@link #TYPED} has it, for a fraction
   * of the time: in SQLite a number is less than any text, and a text less than any blob. Left out
   * is what no number can be taken for. Not true of a row that lacks what a writer writes.
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

  private SqliteRows() {}

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
   * column of another type than was written has an attest level that no writer writes.
   */
  static ChainRow read(ResultSet row) throws SQLException {
    boolean typed = row.getBoolean(12);
    return new ChainRow(
        row.getLong(1),
        text(row, 2),
        text(row, 3),
        text(row, 4),
        bytes(row, 5),
        Optional.ofNullable(row.getBytes(6)),
        typed ? text(row, 7) : MISTYPED,
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
