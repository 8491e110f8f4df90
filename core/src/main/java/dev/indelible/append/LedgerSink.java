// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.base.ThrowingFunction;
import dev.indelible.crypto.SigningException;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAuditSink;
import dev.indelible.drain.MarkMovedException;
import dev.indelible.drain.SinkBlockedException;
import dev.indelible.drain.SinkEndedException;
import dev.indelible.drain.SinkException;
import dev.indelible.drain.SinkUnavailableException;
import dev.indelible.event.AuditEvent;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.JournalMark;
import dev.indelible.storage.LedgerSchemaException;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends batches to a ledger, over a connection that it opens on the first append.
 *
 * <p>A batch is one atomic transaction, durable before {@link #append} returns.
 */
public final class LedgerSink implements DeferredAuditSink {
  private static final Logger LOG = LoggerFactory.getLogger(LedgerSink.class);

  private static final String REPLACED = "the database was removed or replaced while it was in use";

  private final LedgerRun run;
  private final RowSealer sealer;
  private final LedgerWatch watch;

  /** The end of the open ledger's chain; null before the first append. */
  private @Nullable ChainEnd end;

  /** True if the ledger was opened, so that a last tally and a checkpoint may be due. */
  private boolean wasOpened;

  /** True if another writer held the lock for the whole of the last wait. */
  private boolean lockedOut;

  /** Creates a sink; the ledger is opened on the first append. */
  public LedgerSink(LedgerRun run) {
    this.run = run;
    this.sealer = new RowSealer(run.signing);
    this.watch = new LedgerWatch(run.guard, run.counters);
  }

  @Override
  public List<AppendOutcome> append(EventBatch batch) throws SinkException {
    return append(batch, Map.of());
  }

  /**
   * Settles a batch as {@link #append(EventBatch)} does. Some of its events may not become rows,
   * for example because they contradict themselves; these become dead letters (D2).
   *
   * @param refused the events that become dead letters, each with the reason; keys are compared as
   *     objects
   */
  public List<AppendOutcome> append(EventBatch batch, Map<AuditEvent, String> refused)
      throws SinkException {
    // If we crash anywhere in here, the batch is still in the journal. The next process reads the
    // journal's position from the ledger, and continues there.
    try {
      // Opening may migrate a schema and replay dead letters, each in a transaction of its own.
      ChainEnd chain = open();
      LedgerWriter writer = chain.writer();
      // From here to the commit no other writer appends. If we crash before the commit, the ledger
      // undoes the transaction: no row, no dead letter, no position.
      writer.begin();
      try {
        // Rows from ownFrom on may come from an earlier attempt whose commit reported an error.
        long ownFrom = run.begin(writer);
        requireUnmoved(batch.marks(), writer);
        BatchAppend append = new BatchAppend(chain, sealer, run.counters);
        // Checks the chain's end, seals and inserts rows, extends the tree. An event that already
        // has a row or a dead letter from an earlier attempt is recognised and not settled twice.
        List<AppendOutcome> outcomes = append.runQueued(batch, refused, ownFrom);
        // Positions are committed in the same transaction, so that they always agree with the rows.
        for (JournalMark mark : batch.marks()) {
          writer.advance(
              mark.journal(), mark.isLease() ? writer.now() + mark.position() : mark.position());
        }
        // If we crash in the commit, or it fails, the ledger has the whole batch or none of it, and
        // we do not know which. The next attempt recognises its events.
        writer.commit();
        lockedOut = false;
        // If the file was removed or replaced meanwhile, the commit is lost. The batch is not
        // settled, and is appended to the ledger that is opened next.
        requireStillThere(writer);
        // From here on a crash loses only state in memory. If one of these calls fails, the batch
        // is retried, and all its events are recognised.
        append.committed();
        run.tallies.committed(batch.marks());
        run.checkpoints.appended();
        run.counters.reportChainSequence(append.head().sequence());
        run.counters.count(AuditCounters.Counter.UNSIGNED, append.unsigned());
        watch.committed(writer, append.deadLettered(), append.isNoted());
        return outcomes;
      } catch (LedgerException | MarkMovedException | RuntimeException | Error e) {
        writer.rollback(e);
        throw e;
      }
    } catch (LedgerException | SigningException | HeadGuard.KeysUnreadableException e) {
      throw failure(e);
    }
  }

  /** Opens the ledger if it is not open. After a failure the next call opens it again. */
  @Override
  public Optional<Map<UUID, Long>> positions(Set<UUID> journals) {
    return read(
        writer -> {
          Map<UUID, Long> found = new HashMap<>();
          for (UUID journal : journals) {
            found.put(journal, writer.position(journal));
          }
          return found;
        });
  }

  @Override
  public Optional<Boolean> has(UUID event) {
    return read(writer -> !writer.known(List.of(event.toString())).isEmpty());
  }

  private <T> Optional<T> read(ThrowingFunction<LedgerWriter, T, LedgerException> reading) {
    try {
      return Optional.of(reading.apply(open().writer()));
    } catch (LedgerException | SigningException | HeadGuard.KeysUnreadableException e) {
      // The connection may be broken. An append reports a fault that lasts.
      LOG.debug("the ledger cannot be read now: {}", e.getMessage());
      forget();
      return Optional.empty();
    }
  }

  /** Closes the connection; the next append opens another one. */
  @Override
  public void forget() {
    if (end != null) {
      end.writer().close();
      end = null;
    }
  }

  @Override
  public void maintain() {
    run.settled();
    if (end != null) {
      if (run.tallies.writeIfDue(end, sealer)) {
        run.checkpoints.appended();
      }
      run.checkpoints.signIfDue(end);
      watch.lookIfDue(end.writer());
    }
  }

  @Override
  public void finish() throws SinkException {
    if (end == null && !wasOpened && !run.tallies.hasNewDecisions()) {
      return;
    }
    try {
      ChainEnd chain = open();
      run.tallies.finish(chain, sealer);
      lockedOut = false;
      if (!chain.writer().isStillThere()) {
        throw new SinkException(chain.writer().name() + ": " + REPLACED);
      }
    } catch (LedgerException | SigningException | HeadGuard.KeysUnreadableException e) {
      SinkException failure = failure(e);
      if (e instanceof LedgerUnavailableException && !lockedOut) {
        // The connection may be broken; the next attempt opens another one.
        forget();
      }
      throw failure;
    }
  }

  @Override
  public void close() {
    if (end == null) {
      return;
    }
    try {
      // A further wait for the lock would only delay the next attempt, which signs after its rows.
      if (!lockedOut) {
        run.checkpoints.signIfNew(end);
      }
    } finally {
      forget();
    }
  }

  private ChainEnd open() throws LedgerException {
    ChainEnd opened = end;
    if (opened == null) {
      LedgerWriter writer = run.ledger.open();
      opened = new ChainEnd(writer, run.guard);
      end = opened;
      wasOpened = true;
      writer
          .warning()
          .ifPresent(risk -> run.counters.healthEntries().set(risk.source(), risk.reason()));
      retryDeadLetters(opened);
      watch.opened(writer);
    }
    return opened;
  }

  /**
   * Requires that no other writer has moved the positions that the batch starts from, and that the
   * ledger has not gone back behind them. Read in the transaction, in which no other writer can
   * move them.
   */
  private static void requireUnmoved(List<JournalMark> marks, LedgerWriter writer)
      throws LedgerException, MarkMovedException {
    for (JournalMark mark : marks) {
      if (mark.expected() != JournalMark.ANY) {
        long found = writer.position(mark.journal());
        if (!mark.mayReplace(found)) {
          throw new MarkMovedException(
              (mark.isRetained()
                      ? "%s: the ledger has gone back: position %s in place of %s"
                      : "%s: another writer has taken over: position %s in place of %s")
                  .formatted(writer.name(), found, mark.expected()));
        }
      }
    }
  }

  /**
   * Requires that the ledger was not removed or replaced. If it was, its commits are lost, and the
   * batch is retried with the next ledger.
   */
  private static void requireStillThere(LedgerWriter writer) throws LedgerException {
    if (!writer.isStillThere()) {
      throw new LedgerUnavailableException(writer.name() + ": " + REPLACED, false, null);
    }
  }

  /**
   * Retries each dead letter once, because its cause may have been fixed. A dead letter that is
   * still refused stays. After a transient fault, the dead letters are retried together with the
   * batch.
   */
  private void retryDeadLetters(ChainEnd chain) throws LedgerException {
    if (!run.deadLettersDue) {
      return;
    }
    run.deadLettersDue = false;
    DeadLetterReplay replay = new DeadLetterReplay(chain, sealer, run.counters);
    try {
      for (DeadLetter deadLetter : chain.writer().waitingDeadLetters()) {
        if (!deadLetter.failureReason().equals(DeadLetter.ID_REUSED)) {
          retry(replay, deadLetter, chain.writer().name());
        }
      }
    } catch (LedgerUnavailableException | SigningException | HeadGuard.KeysUnreadableException e) {
      run.deadLettersDue = true;
      throw e;
    }
  }

  private static void retry(DeadLetterReplay replay, DeadLetter deadLetter, String ledger)
      throws LedgerUnavailableException {
    try {
      Optional<String> refusal = replay.replay(deadLetter);
      if (refusal.isPresent()) {
        LOG.warn(
            "{}: dead letter {} is not replayed: {}", ledger, deadLetter.number(), refusal.get());
      } else {
        LOG.info("{}: dead letter {} is replayed", ledger, deadLetter.number());
      }
    } catch (LedgerUnavailableException e) {
      throw e;
    } catch (LedgerException e) {
      LOG.warn(
          "{}: dead letter {} is not replayed: {}", ledger, deadLetter.number(), e.getMessage());
    }
  }

  /**
   * Maps a failure to a fault: a signer that does not answer is a transient fault, an invalid
   * signature is a permanent one, and a key that may not sign for the log waits for a person (D6).
   */
  private SinkException failure(Exception e) {
    if (e instanceof LedgerSchemaException) {
      return new SinkBlockedException(e.getMessage(), e);
    }
    if (e instanceof LogEndedException) {
      return new SinkEndedException(e.getMessage(), e);
    }
    if (e instanceof LedgerException) {
      lockedOut = e instanceof LedgerUnavailableException fault && fault.isLocked();
      return e instanceof LedgerUnavailableException
          ? new SinkUnavailableException(e.getMessage(), e)
          : new SinkException(e.getMessage(), e);
    }
    String message = (end == null ? "" : end.writer().name() + ": ") + e.getMessage();
    if (e instanceof SigningException signing && signing.isRefused()) {
      return new SinkBlockedException(message, e);
    }
    return e instanceof SigningException signing && signing.isWrong()
        ? new SinkException(message, e)
        : new SinkUnavailableException(message, e);
  }
}
