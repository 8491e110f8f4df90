// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.crypto.SigningException;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAuditSink;
import dev.indelible.drain.SinkException;
import dev.indelible.drain.SinkSchemaException;
import dev.indelible.drain.SinkUnavailableException;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowSealer;
import dev.indelible.ledger.RowSigning;
import dev.indelible.queue.AuditCounters;
import dev.indelible.queue.EventBatch;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
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
final class SqliteSink implements DeferredAuditSink {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteSink.class);

  /** Rows of one commit, and known to come behind it, that are a sign of load. */
  private static final int MANY_ROWS = 256;

  private static final String REPLACED = "the database was removed or replaced while it was in use";

  private final Path file;
  private final RowSealer sealer;
  private final HeadGuard guard;
  private final AuditCounters counters;
  private final Optional<UUID> ledger;
  private final AtomicBoolean lettersDue;
  private final SqliteCheckpoints checkpoints;
  private final SqliteTallies tallies;
  private final LedgerWatch watch;
  private @Nullable SqliteWriter writer;

  /**
   * Whether what comes next may have been tried before: by the sink before this one, or by this one
   * with an error. It may then be in the ledger all the same.
   */
  private boolean again = true;

  /**
   * A sink that has opened nothing yet.
   *
   * @param file the database; made on the first append if there is none
   * @param ledger the ledger it must hold, and a new one becomes; if it is all the same, empty
   * @param signing which rows are signed, and by whom
   * @param guard knows what the sinks before this one, on the same thread, left at the chain's end
   * @param counters where lost races are counted
   * @param lettersDue whether the first to open the ledger tries its dead letters again; cleared by
   *     it
   * @param checkpoints signs them over what is appended
   * @param tallies counts what is appended, and writes tallies of it
   */
  SqliteSink(
      Path file,
      Optional<UUID> ledger,
      RowSigning signing,
      HeadGuard guard,
      AuditCounters counters,
      AtomicBoolean lettersDue,
      SqliteCheckpoints checkpoints,
      SqliteTallies tallies) {
    this.file = file;
    this.ledger = ledger;
    this.sealer = new RowSealer(signing);
    this.guard = guard;
    this.counters = counters;
    this.lettersDue = lettersDue;
    this.checkpoints = checkpoints;
    this.tallies = tallies;
    this.watch = new LedgerWatch(file, guard, counters);
  }

  @Override
  public List<AppendOutcome> append(EventBatch batch) throws SinkException {
    try {
      SqliteWriter open = writer();
      open.begin();
      try {
        tallies.begin(open);
        BatchAppend append = new BatchAppend(open, sealer, guard, counters);
        List<AppendOutcome> outcomes = append.runQueued(batch.events(), batch.following());
        if (batch.mark().isPresent()) {
          open.advance(batch.mark().get());
        }
        open.commit();
        requireStillThere(open);
        if (batch.events().size() + batch.following().size() >= MANY_ROWS) {
          open.carryOverAside();
        }
        guard.committed(append.head());
        checkpoints.appended();
        counters.reportChainSequence(append.head().sequence());
        counters.countUnsigned(append.unsigned());
        watch.committed(open, append.deadLettered(), append.isNoted());
        // Last: what fails before this has the batch come again, and then it is counted.
        tallies.settled(batch.events(), append.places(), append.found(), again);
        again = false;
        return outcomes;
      } catch (SQLException | RuntimeException | Error e) {
        again = true;
        open.rollback(e);
        throw e;
      }
    } catch (SQLException | SigningException | HeadGuard.KeysUnreadableException e) {
      throw failure(e);
    }
  }

  @Override
  public void maintain() {
    if (writer != null) {
      if (tallies.writeIfDue(writer, sealer)) {
        checkpoints.appended();
      }
      checkpoints.signIfDue(writer);
      watch.lookIfDue(writer);
    }
  }

  @Override
  public void finish() throws SinkException {
    if (writer == null && !tallies.isNews()) {
      return;
    }
    try {
      SqliteWriter open = writer();
      tallies.finish(open, sealer);
      if (!open.isOn(file)) {
        throw new SinkException(file + ": " + REPLACED);
      }
    } catch (SQLException | SigningException | HeadGuard.KeysUnreadableException e) {
      throw failure(e);
    }
  }

  @Override
  public void close() {
    if (writer == null) {
      return;
    }
    try {
      checkpoints.signIfNew(writer);
    } finally {
      writer.close();
      writer = null;
    }
  }

  private SqliteWriter writer() throws SQLException {
    SqliteWriter open = writer;
    if (open == null) {
      open = SqliteWriter.open(file, ledger);
      writer = open;
      open.oldSqlite()
          .map(SqliteSink::oldSqlite)
          .ifPresent(reason -> counters.healthEntries().set(HealthEntry.SQLITE, reason));
      retryLetters(open);
      watch.opened(open);
    }
    return open;
  }

  private static String oldSqlite(String oldSqlite) {
    return "SQLite "
        + oldSqlite
        + " may damage a database that two connections write to; bring one of 3.51.3 or later";
  }

  /**
   * A file that was removed or replaced while open still takes rows, which nobody will ever see:
   * what was just committed is not settled, and goes into the file that is there next.
   */
  private void requireStillThere(SqliteWriter open) throws SQLException {
    if (!open.isOn(file)) {
      throw new SQLException(REPLACED);
    }
  }

  /**
   * Tries each letter once whose cause may have been cured since; what is still refused stays, and
   * what the weather keeps is tried again with the batch.
   */
  private void retryLetters(SqliteWriter open) throws SQLException {
    if (!lettersDue.getAndSet(false)) {
      return;
    }
    DeadLetterReplay replay = new DeadLetterReplay(open, sealer, guard, counters);
    try {
      for (DeadLetter letter : open.waitingLetters()) {
        if (!letter.failureReason().equals(DeadLetter.ID_REUSED)) {
          retry(replay, letter);
        }
      }
    } catch (SQLException e) {
      lettersDue.set(isWeather(e));
      throw e;
    } catch (SigningException | HeadGuard.KeysUnreadableException e) {
      lettersDue.set(true);
      throw e;
    }
  }

  private void retry(DeadLetterReplay replay, DeadLetter letter) throws SQLException {
    try {
      String refusal = replay.replay(letter).orElse("replayed");
      LOG.info("{}: dead letter {}: {}", file, letter.letter(), refusal);
    } catch (LedgerException e) {
      LOG.warn("{}: {}", file, e.getMessage());
    } catch (SQLException e) {
      if (isWeather(e)) {
        throw e;
      }
      LOG.warn("{}: dead letter {}: {}", file, letter.letter(), SqliteFault.describe(e));
    }
  }

  /** D6: a signer that does not answer is a transient fault, and a wrong signature is none. */
  private SinkException failure(Exception e) {
    if (e instanceof SQLException sql) {
      return failure(writer == null ? sql : writer.explain(sql));
    }
    String message = file + ": " + e.getMessage();
    return e instanceof SigningException signing && signing.isWrong()
        ? new SinkException(message, e)
        : new SinkUnavailableException(message, e);
  }

  private SinkException failure(SQLException e) {
    String message = file + ": " + SqliteFault.describe(e);
    if (e instanceof SqliteSchema.ForeignSchemaException) {
      return new SinkSchemaException(message, e);
    }
    return isWeather(e) ? new SinkUnavailableException(message, e) : new SinkException(message, e);
  }

  private static boolean isWeather(SQLException e) {
    boolean lasting =
        e instanceof SqliteSchema.UnfitDatabaseException
            || e instanceof SqliteWriter.RolledBackException;
    return SqliteFault.of(e) == SqliteFault.WEATHER && !lasting;
  }
}
