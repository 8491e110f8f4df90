// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAuditSink;
import dev.indelible.drain.SinkException;
import dev.indelible.drain.SinkUnavailableException;
import dev.indelible.event.AuditEvent;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowSealer;
import dev.indelible.queue.AuditBooks;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends to the chain in an SQLite file, over a connection of its own that it opens on the first
 * append.
 *
 * <p>A batch is one transaction, synced before {@link #append} returns: its rows and dead letters
 * are all there, or none is.
 */
public final class SqliteSink implements DeferredAuditSink {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteSink.class);

  private final Path file;
  private final RowSealer sealer;
  private final HeadGuard guard;
  private final AuditBooks books;
  private @Nullable SqliteWriter writer;

  /**
   * A sink that has opened nothing yet.
   *
   * @param file the database; made on the first append if there is none
   * @param signer signs every row
   * @param keys the public keys whose signatures are accepted on rows that stand there already
   * @param books where lost races are counted
   */
  public SqliteSink(Path file, Signer signer, KeyRing keys, AuditBooks books) {
    this(file, signer, new HeadGuard(new RowCheck(keys)), books);
  }

  /** A sink that knows what the sinks before it, on the same thread, left at the chain's end. */
  SqliteSink(Path file, Signer signer, HeadGuard guard, AuditBooks books) {
    this.file = file;
    this.sealer = new RowSealer(signer);
    this.guard = guard;
    this.books = books;
  }

  @Override
  public List<AppendOutcome> append(List<AuditEvent> batch) throws SinkException {
    try {
      SqliteWriter open = writer();
      open.begin();
      try {
        BatchAppend append = new BatchAppend(open, sealer, guard, books);
        List<AppendOutcome> outcomes = append.run(batch);
        open.commit();
        guard.committed(append.head());
        return outcomes;
      } catch (SQLException | RuntimeException | Error e) {
        rollback(open, e);
        throw e;
      }
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  @Override
  public void close() {
    if (writer == null) {
      return;
    }
    try {
      writer.close();
    } catch (SQLException e) {
      LOG.warn("{}: closing failed: {}", file, e.getMessage());
    }
    writer = null;
  }

  private SqliteWriter writer() throws SQLException {
    SqliteWriter open = writer;
    if (open == null) {
      open = SqliteWriter.open(file);
      writer = open;
    }
    return open;
  }

  private static void rollback(SqliteWriter writer, Throwable cause) {
    try {
      writer.rollback();
    } catch (SQLException e) {
      // SQLite may have rolled back by itself; if not, closing the connection does.
      cause.addSuppressed(e);
    }
  }

  private SinkException failure(SQLException e) {
    String message = file + ": " + e.getMessage();
    boolean lasting =
        e instanceof SqliteSchema.NewerSchemaException
            || e instanceof SqliteWriter.RolledBackException;
    return SqliteFault.of(e) == SqliteFault.WEATHER && !lasting
        ? new SinkUnavailableException(message, e)
        : new SinkException(message, e);
  }
}
