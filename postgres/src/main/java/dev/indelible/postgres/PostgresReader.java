// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.storage.RowRanges;
import dev.indelible.storage.StorageState;
import dev.indelible.storage.VerifiableLedger;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Reads a ledger in PostgreSQL, on a primary or a standby, whether or not logs are writing to it.
 * Used by one thread at a time.
 */
public final class PostgresReader implements VerifiableLedger {
  /** More bytes than a signature line has. */
  private static final int MOST_LINE_BYTES = 4_096;

  /**
   * SQL for checkpoints with their cosignatures, which are further lines of the note, ordered by
   * witness. The table may have more cosignatures than a note can have; the rest is not read.
   */
  private static final String SELECT_COSIGNED =
      "SELECT size, note || coalesce((SELECT string_agg(line || chr(10), '' ORDER BY witness) FROM"
          + " (SELECT witness, line FROM @indelible_cosignatures AS o WHERE o.size = c.size"
          + " AND octet_length(line) <= "
          + MOST_LINE_BYTES
          + " ORDER BY witness LIMIT "
          + SignedCheckpoint.MAX_COSIGNATURES
          + ") AS lines), '') FROM @indelible_checkpoints AS c ";

  private final PostgresAddress address;
  private final Connection connection;

  private PostgresReader(PostgresAddress address, Connection connection) {
    this.address = address;
    this.connection = connection;
  }

  static PostgresReader open(PostgresAddress address) throws LedgerException {
    return openIfThere(address).orElseThrow(() -> PostgresSchema.absent(address));
  }

  /** Opens a ledger for reading; empty if the schema has no ledger. */
  static Optional<PostgresReader> openIfThere(PostgresAddress address) throws LedgerException {
    try {
      Connection connection = address.connect();
      try {
        connection.setReadOnly(true);
        if (PostgresSchema.isLedger(connection, address)) {
          return Optional.of(new PostgresReader(address, connection));
        }
        connection.close();
        return Optional.empty();
      } catch (SQLException | LedgerException | RuntimeException | Error e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw PostgresFault.reading(address.name(), e);
    }
  }

  /** Returns the position up to which this ledger has committed a journal; 0 if it has none. */
  public long settled(UUID journal) throws LedgerException {
    return first(
            "SELECT position FROM @indelible_journals WHERE journal = ?",
            row -> row.getLong(1),
            journal)
        .orElse(0L);
  }

  /**
   * Returns true if an event is in a row or a dead letter, or was a dead letter whose purge is
   * recorded.
   */
  public boolean isRecorded(UUID event) throws LedgerException {
    boolean found =
        first(
                "SELECT EXISTS (SELECT 1 FROM @signed_events WHERE id = ?)"
                    + " OR EXISTS (SELECT 1 FROM @signed_events_dlq WHERE id = ?)",
                row -> row.getBoolean(1),
                event,
                event)
            .orElseThrow();
    return found || isPurged(event.toString());
  }

  private boolean isPurged(String event) throws LedgerException {
    boolean[] purged = {false};
    forEachRow(
        RowQuery.ofType(SystemEvent.DEAD_LETTER_PURGED),
        row -> {
          purged[0] =
              row.details(SystemEvent.DEAD_LETTER_PURGED, details -> details.string("event_id"))
                  .filter(event::equals)
                  .isPresent();
          return !purged[0];
        });
    return purged[0];
  }

  @Override
  public void forEachRow(RowQuery query, Visitor<ChainRow> visitor) throws LedgerException {
    StringBuilder sql = new StringBuilder(PostgresRows.SELECT).append("WHERE sequence >= ?");
    List<Object> parameters = new ArrayList<>(List.of(query.from()));
    query
        .agentId()
        .ifPresent(
            agent -> {
              sql.append(" AND agent_id = ?");
              parameters.add(agent);
            });
    query
        .eventType()
        .ifPresent(
            type -> {
              sql.append(" AND event_type = ?");
              parameters.add(type);
            });
    sql.append(" ORDER BY sequence");
    forEach(sql.toString(), row -> visitor.visit(PostgresRows.row(row)), parameters.toArray());
  }

  @Override
  public Optional<RowRanges> ranges(int readers) throws LedgerException {
    return Optional.of(PostgresRanges.open(address, readers));
  }

  @Override
  public Optional<ChainRow> row(long sequence) throws LedgerException {
    return first(PostgresRows.SELECT + "WHERE sequence = ?", PostgresRows::row, sequence);
  }

  @Override
  public Optional<ChainRow> row(String id) throws LedgerException {
    Optional<UUID> event = PostgresRows.id(id);
    return event.isEmpty()
        ? Optional.empty()
        : first(PostgresRows.SELECT + "WHERE id = ?", PostgresRows::row, event.get());
  }

  @Override
  public Optional<ChainRow> lastRow() throws LedgerException {
    return first(PostgresRows.SELECT + "ORDER BY sequence DESC LIMIT 1", PostgresRows::row);
  }

  @Override
  public Optional<UUID> id() throws LedgerException {
    return first("SELECT ledger FROM @indelible_head", row -> row.getObject(1, UUID.class));
  }

  @Override
  public long size() throws LedgerException {
    return count("SELECT count(*) FROM @signed_events");
  }

  @Override
  public long size(String eventType) throws LedgerException {
    return count("SELECT count(*) FROM @signed_events WHERE event_type = ?", eventType);
  }

  @Override
  public OptionalLong treeSize() throws LedgerException {
    return OptionalLong.of(count("SELECT tree_size FROM @indelible_head"));
  }

  @Override
  public Optional<byte[]> tile(int level, long index) throws LedgerException {
    return first(PostgresRows.SELECT_TILE, row -> row.getBytes(1), level, index);
  }

  @Override
  public Optional<StoredCheckpoint> lastCheckpoint() throws LedgerException {
    return first(SELECT_COSIGNED + "ORDER BY size DESC LIMIT 1", PostgresRows::checkpoint);
  }

  @Override
  public void forEachCheckpoint(long fromSize, long toSize, Visitor<StoredCheckpoint> visitor)
      throws LedgerException {
    forEach(
        SELECT_COSIGNED + "WHERE size BETWEEN ? AND ? ORDER BY size",
        row -> visitor.visit(PostgresRows.checkpoint(row)),
        fromSize,
        toSize);
  }

  @Override
  public void forEachCosigned(Visitor<StoredCheckpoint> visitor) throws LedgerException {
    forEach(
        SELECT_COSIGNED
            + "WHERE size IN (SELECT size FROM @indelible_cosignatures) ORDER BY size DESC",
        row -> visitor.visit(PostgresRows.checkpoint(row)));
  }

  @Override
  public long dlqSize() throws LedgerException {
    return count("SELECT count(*) FROM @signed_events_dlq WHERE replayed_as IS NULL");
  }

  @Override
  public void forEachDeadLetter(long from, Visitor<DeadLetter> visitor) throws LedgerException {
    forEach(
        PostgresRows.SELECT_DEAD_LETTERS + "WHERE letter >= ? ORDER BY letter",
        row -> visitor.visit(PostgresRows.deadLetter(row)),
        from);
  }

  @Override
  public Optional<StorageState> storage(boolean everyRow) throws LedgerException {
    return Optional.of(inTransaction(() -> new PostgresStorage(connection, address).state()));
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // The connection only read; nothing can be lost.
    }
  }

  /** Reads a value from the ledger. */
  @FunctionalInterface
  private interface Reading<T> {
    T read() throws SQLException;
  }

  private <T> T reading(Reading<T> reading) throws LedgerException {
    try {
      return reading.read();
    } catch (SQLException e) {
      throw PostgresFault.reading(address.name(), e);
    }
  }

  /** Reads in one transaction: a query in parts needs one. A visitor may read within it. */
  private <T> T inTransaction(Reading<T> reading) throws LedgerException {
    return reading(
        () -> {
          if (!connection.getAutoCommit()) {
            return reading.read();
          }
          connection.setAutoCommit(false);
          try {
            return reading.read();
          } finally {
            if (!connection.isClosed()) {
              connection.rollback();
              connection.setAutoCommit(true);
            }
          }
        });
  }

  private void forEach(String text, Sql.Each each, Object... parameters) throws LedgerException {
    inTransaction(
        () -> {
          Sql.forEach(connection, address.sql(text), each, parameters);
          return true;
        });
  }

  private <T> Optional<T> first(String text, Sql.Reading<T> reading, Object... parameters)
      throws LedgerException {
    return reading(() -> Sql.first(connection, address.sql(text), reading, parameters));
  }

  private long count(String text, Object... parameters) throws LedgerException {
    return first(text, row -> row.getLong(1), parameters)
        .orElseThrow(
            () -> new LedgerException(address.name() + ": indelible_head has no row", true, null));
  }
}
