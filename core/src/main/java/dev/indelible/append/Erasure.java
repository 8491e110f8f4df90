// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.Signer;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerWriter;
import dev.indelible.ledger.RowCheck;
import dev.indelible.note.ErasureNote;
import dev.indelible.queue.AuditCounters;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Erases payloads: the only change ever made to a row of the chain, and itself an event in the
 * chain. Works beside any number of writers. One thread.
 *
 * <p>The row keeps the hash of its payload, and the nonce is erased with the payload: the chain,
 * the tree and every proof hold as before, and the payload cannot be guessed from the hash.
 */
public final class Erasure implements AutoCloseable {
  /** Time to wait for readers of an earlier state of the ledger. */
  private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(10);

  private final LedgerWriter writer;
  private final Signer signer;
  private final Duration patience;
  private final ChainEnd end;
  private final VerbCheckpoint checkpoint;

  /**
   * Takes over an open ledger.
   *
   * @param file keeps the last checkpoint beside the ledger
   * @param signer signs what is put on record
   * @param keys the public keys accepted on rows that exist already
   */
  public Erasure(LedgerWriter writer, CheckpointFile file, Signer signer, KeyRing keys) {
    this(writer, file, signer, keys, DEFAULT_PATIENCE);
  }

  /** Takes over an open ledger, with another limit for waiting. */
  public Erasure(
      LedgerWriter writer, CheckpointFile file, Signer signer, KeyRing keys, Duration patience) {
    this.writer = writer;
    this.signer = signer;
    this.patience = patience;
    this.end = new ChainEnd(writer, new HeadGuard(new RowCheck(keys)));
    this.checkpoint = new VerbCheckpoint(end, file);
  }

  /**
   * Result of an erasure.
   *
   * @param note the event in the chain
   * @param isGone whether the bytes are gone from the ledger's storage. If not, someone still reads
   *     an earlier state of the ledger
   */
  public record Erased(ErasureNote note, boolean isGone) {}

  /**
   * Removes the payload of an event's row, chains a {@code payload.erased} event, and overwrites
   * what the payload leaves behind in storage.
   *
   * @param id the event's id
   * @param reason why, for the record
   * @param by who does it, for the record
   * @throws LedgerException if there is no such row, it has no payload any more, its payload is not
   *     what was recorded, it is not one to be erased, or the ledger cannot be written to now
   */
  public Erased erase(String id, String reason, String by) throws LedgerException {
    try {
      ErasureNote note = eraseRow(id, reason, by);
      checkpoint.sign(signer);
      return new Erased(note, purgeTraces());
    } catch (AlreadyErasedException e) {
      // A reader may have kept the earlier erasure from overwriting everything.
      purgeTracesQuietly();
      throw e;
    }
  }

  /** Removes the payload and chains the event in one transaction. */
  private ErasureNote eraseRow(String id, String reason, String by) throws LedgerException {
    return writer
        .inTransaction(
            () -> {
              ChainRow row = erasable(id);
              ErasureNote note = ErasureNote.of(row, writer.removeReplayed(id), reason, by);
              BatchAppend append = new BatchAppend(end, new RowSealer(signer), new AuditCounters());
              // First: a last row without a payload counts as tampering until a row after it
              // records the erasure.
              append.chain(note.toEvent(), "the erasure");
              if (append.head().sequence() <= row.sequence()) {
                throw refused(
                    row, "stands beyond the end of the chain; 'indelible log verify' names it");
              }
              if (!writer.erasePayload(row)) {
                throw new LedgerException(
                    writer.name() + ": the erasure was swallowed by a trigger");
              }
              return Optional.of(note);
            })
        .orElseThrow();
  }

  private ChainRow erasable(String id) throws LedgerException {
    Optional<ChainRow> found = writer.row(id);
    if (found.isEmpty()) {
      throw new LedgerException(
          writer.deadLetters(id).isEmpty()
              ? "%s: no row of event %s; 'indelible log list' shows what there is"
                  .formatted(writer.name(), id)
              : "%s: event %s is not in the chain but in the dead letters; 'indelible dlq purge' removes it"
                  .formatted(writer.name(), id));
    }
    ChainRow row = found.get();
    if (row.payload().isEmpty()) {
      throw new AlreadyErasedException(
          refused(row, "has no payload any more; " + erasedBy(row)).getMessage());
    }
    if (!ErasureNote.isErasable(row.eventType())) {
      throw refused(
          row,
          "is what the log says of itself (%s), which others rely on; only decisions are erased"
              .formatted(row.eventType()));
    }
    if (!Arrays.equals(Sha256.hash(row.payload().get()), row.payloadHash())) {
      throw refused(
          row, "has a payload that is not what was recorded; erasing it would hide that. Keep it");
    }
    return row;
  }

  private String erasedBy(ChainRow row) throws LedgerException {
    for (ChainRow said : writer.rowsOfType(SystemEvent.PAYLOAD_ERASED)) {
      if (ErasureNote.read(said).filter(note -> note.isAbout(row)).isPresent()) {
        return "it was erased already, as row " + said.sequence() + " says";
      }
    }
    return "no event in the chain says that it was erased";
  }

  private LedgerException refused(ChainRow row, String why) {
    return new LedgerException("%s: row %s %s".formatted(writer.name(), row.sequence(), why));
  }

  /** Waits for a moment in which nobody reads an earlier state of the ledger. */
  private boolean purgeTraces() throws LedgerException {
    long deadline = System.nanoTime() + patience.toNanos();
    boolean emptied = writer.purgeTraces();
    while (!emptied && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
      emptied = writer.purgeTraces();
    }
    return emptied;
  }

  private void purgeTracesQuietly() {
    try {
      purgeTraces();
    } catch (LedgerException e) {
      // The row was erased before, whatever is left of its bytes.
    }
  }

  @Override
  public void close() {
    writer.close();
  }

  /** The payload is erased already. */
  private static final class AlreadyErasedException extends LedgerException {
    private static final long serialVersionUID = 1;

    AlreadyErasedException(String message) {
      super(message);
    }
  }
}
