// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

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
import dev.indelible.ledger.LedgerSchemaException;
import dev.indelible.ledger.LedgerUnavailableException;
import dev.indelible.ledger.LedgerWriter;
import dev.indelible.ledger.RowSealer;
import dev.indelible.queue.EventBatch;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends batches to a ledger, over a connection of its own that it opens on the first append.
 *
 * <p>A batch is one transaction, durable before {@link #append} returns: its rows and dead letters
 * are all there, or none is.
 */
public final class LedgerSink implements DeferredAuditSink {
  private static final Logger LOG = LoggerFactory.getLogger(LedgerSink.class);

  private static final String REPLACED = "the database was removed or replaced while it was in use";

  private final LedgerRun run;
  private final RowSealer sealer;
  private final LedgerWatch watch;

  /** The end of the open ledger's chain; null before the first append. */
  private @Nullable ChainEnd end;

  /**
   * Whether the next batch may have been tried before: by the sink before this one, or by this one
   * with an error. It may then be in the ledger already.
   */
  private boolean again = true;

  /** Creates a sink that has opened nothing yet. */
  public LedgerSink(LedgerRun run) {
    this.run = run;
    this.sealer = new RowSealer(run.signing());
    this.watch = new LedgerWatch(run.guard(), run.counters());
  }

  @Override
  public List<AppendOutcome> append(EventBatch batch) throws SinkException {
    try {
      ChainEnd chain = open();
      LedgerWriter writer = chain.writer();
      writer.begin();
      try {
        run.tallies().begin(writer);
        BatchAppend append = new BatchAppend(chain, sealer, run.counters());
        List<AppendOutcome> outcomes = append.runQueued(batch.events(), batch.following());
        if (batch.mark().isPresent()) {
          writer.advance(batch.mark().get().journal(), batch.mark().get().position());
        }
        writer.commit();
        requireStillThere(writer);
        append.committed();
        run.checkpoints().appended();
        run.counters().reportChainSequence(append.head().sequence());
        run.counters().countUnsigned(append.unsigned());
        watch.committed(writer, append.deadLettered(), append.isNoted());
        // Last: what fails before this has the batch come again, and then it is counted.
        run.tallies().settled(batch.events(), append.places(), append.found(), again);
        again = false;
        return outcomes;
      } catch (LedgerException | RuntimeException | Error e) {
        again = true;
        writer.rollback(e);
        throw e;
      }
    } catch (LedgerException | SigningException | HeadGuard.KeysUnreadableException e) {
      throw failure(e);
    }
  }

  @Override
  public void maintain() {
    if (end != null) {
      if (run.tallies().writeIfDue(end, sealer)) {
        run.checkpoints().appended();
      }
      run.checkpoints().signIfDue(end);
      watch.lookIfDue(end.writer());
    }
  }

  @Override
  public void finish() throws SinkException {
    if (end == null && !run.tallies().isNews()) {
      return;
    }
    try {
      ChainEnd chain = open();
      run.tallies().finish(chain, sealer);
      if (!chain.writer().isStillThere()) {
        throw new SinkException(chain.writer().name() + ": " + REPLACED);
      }
    } catch (LedgerException | SigningException | HeadGuard.KeysUnreadableException e) {
      throw failure(e);
    }
  }

  @Override
  public void close() {
    if (end == null) {
      return;
    }
    try {
      run.checkpoints().signIfNew(end);
    } finally {
      end.writer().close();
      end = null;
    }
  }

  private ChainEnd open() throws LedgerException {
    ChainEnd opened = end;
    if (opened == null) {
      LedgerWriter writer = run.ledger().open();
      opened = new ChainEnd(writer, run.guard());
      end = opened;
      writer
          .warning()
          .ifPresent(reason -> run.counters().healthEntries().set(HealthEntry.SQLITE, reason));
      retryDeadLetters(opened);
      watch.opened(writer);
    }
    return opened;
  }

  /** What was committed to a ledger that is gone is not settled; it goes into the next one. */
  private static void requireStillThere(LedgerWriter writer) throws LedgerException {
    if (!writer.isStillThere()) {
      throw new LedgerUnavailableException(writer.name() + ": " + REPLACED, false, null);
    }
  }

  /**
   * Retries each dead letter once, because its cause may be cured since. One that is still refused
   * stays; a transient fault has them retried with the batch.
   */
  private void retryDeadLetters(ChainEnd chain) throws LedgerException {
    if (!run.deadLettersDue().getAndSet(false)) {
      return;
    }
    DeadLetterReplay replay = new DeadLetterReplay(chain, sealer, run.counters());
    try {
      for (DeadLetter letter : chain.writer().waitingDeadLetters()) {
        if (!letter.failureReason().equals(DeadLetter.ID_REUSED)) {
          retry(replay, letter, chain.writer().name());
        }
      }
    } catch (LedgerUnavailableException | SigningException | HeadGuard.KeysUnreadableException e) {
      run.deadLettersDue().set(true);
      throw e;
    }
  }

  private static void retry(DeadLetterReplay replay, DeadLetter letter, String ledger)
      throws LedgerUnavailableException {
    try {
      String refusal = replay.replay(letter).orElse("replayed");
      LOG.info("{}: dead letter {}: {}", ledger, letter.letter(), refusal);
    } catch (LedgerUnavailableException e) {
      throw e;
    } catch (LedgerException e) {
      LOG.warn("{}: dead letter {} is not replayed: {}", ledger, letter.letter(), e.getMessage());
    }
  }

  /** D6: a signer that does not answer is a transient fault, and a wrong signature is not. */
  private SinkException failure(Exception e) {
    if (e instanceof LedgerSchemaException) {
      return new SinkSchemaException(e.getMessage(), e);
    }
    if (e instanceof LedgerException) {
      return e instanceof LedgerUnavailableException
          ? new SinkUnavailableException(e.getMessage(), e)
          : new SinkException(e.getMessage(), e);
    }
    String message = (end == null ? "" : end.writer().name() + ": ") + e.getMessage();
    return e instanceof SigningException signing && signing.isWrong()
        ? new SinkException(message, e)
        : new SinkUnavailableException(message, e);
  }
}
