// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.base.ThrowingSupplier;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.EventQuery.Facets;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.RowCounter;
import dev.indelible.storage.RowRanges;
import dev.indelible.storage.StorageState;
import dev.indelible.storage.StoredLedger;
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
final class PostgresReader implements StoredLedger {
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
    return openIfThere(address, Patience.FULL).orElseThrow(() -> PostgresSchema.absent(address));
  }

  /** Opens a ledger for reading; empty if the schema has no ledger. */
  static Optional<PostgresReader> openIfThere(PostgresAddress address, Patience patience)
      throws LedgerException {
    try {
      Connection connection = address.connect(patience);
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

  @Override
  public long settled(UUID journal) throws LedgerException {
    return first(
            "SELECT position FROM @indelible_journals WHERE journal = ?",
            row -> row.getLong(1),
            journal)
        .orElse(0L);
  }

  @Override
  public boolean isRecorded(UUID event) throws LedgerException {
    boolean found =
        first(
                "SELECT EXISTS (SELECT 1 FROM @signed_events WHERE id = ?)"
                    + " OR EXISTS (SELECT 1 FROM @signed_events_dlq"
                    + " WHERE id = ? AND NOT starts_with(failure_reason, ?))",
                row -> row.getBoolean(1),
                event,
                event,
                DeadLetter.REFUSED)
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

  /** Finds the rows in the index by event type, so it reads no other row. */
  @Override
  public List<ChainRow> lastRows(String eventType, int most) throws LedgerException {
    List<ChainRow> rows = new ArrayList<>();
    forEach(
        PostgresRows.SELECT
            + "WHERE (event_type, sequence) <= (?, ?) AND event_type = ?"
            + " ORDER BY event_type DESC, sequence DESC LIMIT ?",
        row -> rows.add(PostgresRows.row(row)),
        eventType,
        Long.MAX_VALUE,
        eventType,
        most);
    return rows;
  }

  @Override
  public boolean hasRowSignedBy(VerificationKey key) throws LedgerException {
    RowCheck check = RowCheck.ofRecords(KeyRing.of(List.of(key)));
    boolean[] found = {false};
    forEach(
        PostgresRows.SELECT + "WHERE key_id = ? ORDER BY sequence",
        row -> {
          found[0] = check.content(PostgresRows.row(row)).isEmpty();
          return !found[0];
        },
        key.keyId());
    return found[0];
  }

  /**
   * Counts the rows from one sequence to another. Reads the payloads of blocking decisions here,
   * because PostgreSQL 15 ends a query at a text that is not JSON, as a changed payload can be.
   */
  @Override
  public RowCounter.Counts count(long from, long to) throws LedgerException {
    long rows =
        count("SELECT count(*) FROM @signed_events WHERE sequence BETWEEN ? AND ?", from, to);
    long[] counts = new long[3];
    forEach(
        PostgresRows.SELECT
            + "WHERE event_type = ? AND sequence BETWEEN ? AND ? ORDER BY event_type, sequence",
        row -> {
          String verdict = Facets.of(PostgresRows.row(row)).verdict();
          counts[0]++;
          counts[1] += verdict.equals("refuse") ? 1 : 0;
          counts[2] += verdict.equals("escalate") ? 1 : 0;
          return true;
        },
        DeferredAuditEvent.REFUSAL,
        from,
        to);
    return new RowCounter.Counts(rows, counts[0], counts[1], counts[2]);
  }

  @Override
  public boolean hasErasure(long from, long to) throws LedgerException {
    return count(
            "SELECT count(*) FROM @signed_events WHERE event_type = ? AND sequence BETWEEN ? AND ?",
            SystemEvent.PAYLOAD_ERASED,
            from,
            to)
        > 0;
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

  private <T> T reading(ThrowingSupplier<T, SQLException> reading) throws LedgerException {
    try {
      return reading.get();
    } catch (SQLException e) {
      throw PostgresFault.reading(address.name(), e);
    }
  }

  /** Reads in one transaction: a query in parts needs one. A visitor may read within it. */
  private <T> T inTransaction(ThrowingSupplier<T, SQLException> reading) throws LedgerException {
    return reading(
        () -> {
          if (!connection.getAutoCommit()) {
            return reading.get();
          }
          connection.setAutoCommit(false);
          try {
            return reading.get();
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
