// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.StoredCheckpoint;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Maps rows of the tables to values. In SQL, {@code @} stands for the ledger's schema. */
final class PostgresRows {
  /** Columns of a row of the chain, in the order in which {@link CopyFormat} writes them. */
  static final String COLUMNS =
      "sequence, id, agent_id, event_type, payload_hash, signature, attest_level, timestamp,"
          + " prev_hash, key_id, payload";

  static final String SELECT = "SELECT " + COLUMNS + " FROM @signed_events ";

  static final String INSERT =
      "INSERT INTO @signed_events (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

  static final String SELECT_DEAD_LETTERS =
      "SELECT letter, id, agent_id, event_type, timestamp, payload_hash, payload, failure_reason,"
          + " failed_at, attempts, replayed_as FROM @signed_events_dlq ";

  static final String SELECT_TILE =
      "SELECT hashes FROM @indelible_tiles WHERE level = ? AND tile = ?";

  private PostgresRows() {}

  static @Nullable Object[] values(ChainRow row) {
    return new @Nullable Object[] {
      row.sequence(),
      UUID.fromString(row.id()),
      row.agentId(),
      row.eventType(),
      row.payloadHash(),
      row.signature().orElse(null),
      row.attestLevel(),
      row.timestamp(),
      row.prevHash(),
      row.keyId().orElse(null),
      row.payload().map(PostgresRows::text).orElse(null)
    };
  }

  static ChainRow row(ResultSet row) throws SQLException {
    return new ChainRow(
        row.getLong(1),
        string(row, 2),
        string(row, 3),
        string(row, 4),
        row.getBytes(5),
        Optional.ofNullable(row.getBytes(6)),
        string(row, 7),
        string(row, 8),
        row.getBytes(9),
        Optional.ofNullable(row.getString(10)),
        Optional.ofNullable(row.getString(11)).map(PostgresRows::bytes));
  }

  static DeadLetter deadLetter(ResultSet row) throws SQLException {
    return new DeadLetter(
        row.getLong(1),
        string(row, 2),
        string(row, 3),
        string(row, 4),
        string(row, 5),
        row.getBytes(6),
        string(row, 7),
        string(row, 8),
        string(row, 9),
        row.getInt(10),
        Optional.ofNullable(row.getString(11)));
  }

  static StoredCheckpoint checkpoint(ResultSet row) throws SQLException {
    return new StoredCheckpoint(row.getLong(1), bytes(string(row, 2)));
  }

  /** Returns the id of an event; empty if the text is not one, so that no row has it. */
  static Optional<UUID> id(String text) {
    try {
      UUID id = UUID.fromString(text);
      return id.toString().equals(text) ? Optional.of(id) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String string(ResultSet row, int column) throws SQLException {
    return Objects.requireNonNullElse(row.getString(column), "");
  }

  static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
