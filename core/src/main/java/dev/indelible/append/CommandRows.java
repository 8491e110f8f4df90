// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.checkpoint.CheckpointSigner;
import dev.indelible.checkpoint.ForkException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningException;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.LedgerWriter.Confirmed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends the rows of a command (a key event, an erasure, a replay, an answer), and signs a
 * checkpoint over them, so that a removal of the last of these rows is detected. The checkpoint has
 * the log's existing name. If it cannot be signed, the failure is logged and the rows stay
 * committed.
 *
 * @param end the end of the open ledger's chain
 * @param file the file that keeps the last checkpoint, and the source of the ML-DSA-44 key
 */
record CommandRows(ChainEnd end, CheckpointFile file) {
  /** The longest wait until the rows survive a fail-over. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Duration LOOK_INTERVAL = Duration.ofMillis(200);

  private static final Logger LOG = LoggerFactory.getLogger(CommandRows.class);

  /** Supplies the events to append, within their transaction. */
  @FunctionalInterface
  interface Events<X extends Exception> {
    List<SystemEvent> get() throws LedgerException, X;
  }

  /**
   * Appends events of the log itself in one transaction. Signs no checkpoint.
   *
   * @param what the subject of the events, for an error
   * @return true if the events are committed; false if there were none
   * @throws LedgerException if an event is refused, or the ledger cannot be written to now
   */
  <X extends Exception> boolean append(Signer key, String what, Events<X> source)
      throws LedgerException, X {
    BatchAppend append = begin(key);
    Optional<Boolean> appended =
        end.writer()
            .inTransaction(
                () -> {
                  List<SystemEvent> events = source.get();
                  if (events.isEmpty()) {
                    return Optional.empty();
                  }
                  append.chain(events, what);
                  return Optional.of(true);
                });
    if (appended.isPresent()) {
      append.committed();
    }
    return appended.isPresent();
  }

  /** Begins the batch of a transaction that does more than append events. */
  BatchAppend begin(Signer key) {
    return new BatchAppend(end, new RowSealer(key), new AuditCounters());
  }

  /**
   * Signs a checkpoint if the tree has grown since the last one. Waits at most {@link #PATIENCE}
   * for an asynchronous standby; no later process may sign over these rows.
   */
  void sign(Signer key) {
    try {
      Optional<String> reason = awaitConfirmed().reason();
      if (reason.isPresent()) {
        LOG.warn("no checkpoint covers the last rows yet: {}", reason.get());
      }
      new Checkpoints(settings(key), end.guard(), new AuditCounters()).signIfNew(end);
    } catch (LedgerException e) {
      LOG.warn("no checkpoint is signed: {}", e.getMessage());
    }
  }

  /**
   * Returns how many rows survive a fail-over. Waits at most {@link #PATIENCE} until all of them
   * do.
   */
  Confirmed awaitConfirmed() throws LedgerException {
    long size = end.tree().state().size();
    long start = System.nanoTime();
    Confirmed now = end.writer().confirmed(size);
    while (now.size() < size && System.nanoTime() - start < PATIENCE.toNanos()) {
      LockSupport.parkNanos(LOOK_INTERVAL.toNanos());
      now = end.writer().confirmed(size);
    }
    return now;
  }

  /** Signs a checkpoint with the key that replaces a lost one. */
  void signAfterLostKey(Signer key) {
    LedgerWriter writer = end.writer();
    try {
      Confirmed confirmed = awaitConfirmed();
      if (confirmed.reason().isPresent()) {
        // The new key is not valid at an earlier size.
        LOG.warn("no checkpoint is signed: {}", confirmed.reason().get());
        return;
      }
      Optional<SignedCheckpoint> signed =
          writer.inTransaction(
              () -> {
                LedgerTree tree = end.tree();
                long size = Math.min(confirmed.size(), tree.state().size());
                CheckpointSigner signer = new CheckpointSigner(originOf(key), key);
                SignedCheckpoint next =
                    SecondSignature.add(signer.signAfterLostKey(before(), tree, size), end, file);
                writer.insertCheckpoint(new StoredCheckpoint(size, next.bytes()));
                return Optional.of(next);
              });
      signed.ifPresent(file::write);
    } catch (LedgerException | ForkException | SigningException e) {
      LOG.warn("no checkpoint is signed: {}", e.getMessage());
    }
  }

  private List<byte[]> before() throws LedgerException {
    List<byte[]> before = new ArrayList<>();
    end.writer().lastCheckpoint().map(StoredCheckpoint::note).ifPresent(before::add);
    file.read().ifPresent(before::add);
    return before;
  }

  /**
   * Signs and stores the first checkpoint of a log, which gives the log its name. Called within the
   * transaction of the log's first row, so no other writer names the log.
   *
   * @return the checkpoint, to be written to {@link #file} once the row survives a fail-over
   */
  SignedCheckpoint signFirst(Signer key, String origin) throws LedgerException {
    LedgerTree tree = end.tree();
    long size = tree.state().size();
    try {
      SignedCheckpoint first =
          new CheckpointSigner(origin, key).sign(Optional.empty(), List.of(), tree, size);
      end.writer().insertCheckpoint(new StoredCheckpoint(size, first.bytes()));
      return first;
    } catch (ForkException | SigningException e) {
      throw new LedgerException("the log's first checkpoint cannot be signed: " + e.getMessage());
    }
  }

  /** Returns the name that the log has or gets in its checkpoints. */
  String originOf(Signer key) throws LedgerException {
    return settings(key).originOf(end.writer());
  }

  private Checkpoints.Settings settings(Signer key) {
    return Checkpoints.Settings.of(key).withFile(file);
  }
}
