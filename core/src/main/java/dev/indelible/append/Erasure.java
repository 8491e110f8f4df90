// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.Signer;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.ErasureNote;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.LedgerWriter.Remains;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Erases payloads. An erasure is the only change that is ever made to a row, and appends an event
 * to the chain. Other writers may append at the same time. Used by one thread.
 *
 * <p>The row keeps the hash of its payload, and the nonce is erased with the payload: the chain,
 * the tree and every proof remain valid, and the payload cannot be guessed from the hash.
 */
public final class Erasure implements AutoCloseable {
  /** Time to wait for readers of an earlier state of the ledger. */
  private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(10);

  private final LedgerWriter writer;
  private final Signer signer;
  private final Duration patience;
  private final CommandRows command;

  /**
   * Takes over an open ledger.
   *
   * @param file the file that keeps the last checkpoint
   * @param signer signs the recorded events
   * @param keys the public keys accepted on existing rows
   */
  public Erasure(LedgerWriter writer, CheckpointFile file, Signer signer, KeyRing keys) {
    this(writer, file, signer, keys, DEFAULT_PATIENCE);
  }

  /** Takes over an open ledger, with another limit for waiting for readers. */
  public Erasure(
      LedgerWriter writer, CheckpointFile file, Signer signer, KeyRing keys, Duration patience) {
    this.writer = writer;
    this.signer = signer;
    this.patience = patience;
    this.command = new CommandRows(new ChainEnd(writer, new HeadGuard(new RowCheck(keys))), file);
  }

  /**
   * Result of an erasure.
   *
   * @param note the event in the chain
   * @param isGone true if the bytes are gone from the ledger's storage; if not, another connection
   *     still reads an earlier state of the ledger, or the storage may have copies that no writer
   *     can remove
   */
  public record Erased(ErasureNote note, boolean isGone) {}

  /**
   * Removes the payload of an event's row, appends a {@code payload.erased} event, and overwrites
   * the remains of the payload in storage.
   *
   * @param id the event's id
   * @param reason the reason to record
   * @param by the name of the person who erases it, to record
   * @throws AlreadyErasedException if the payload is erased already; storage is overwritten again
   * @throws LedgerException if there is no such row, its payload differs from its hash, its event
   *     type is not erasable, or the ledger cannot be written to now
   */
  public Erased erase(String id, String reason, String by) throws LedgerException {
    try {
      ErasureNote note = eraseRow(id, reason, by);
      command.sign(signer);
      return new Erased(note, purgeTraces());
    } catch (AlreadyErasedException e) {
      // A reader may have prevented the earlier erasure from overwriting everything.
      throw new AlreadyErasedException(e.getMessage(), purgeTracesQuietly());
    }
  }

  /** Removes the payload and appends the event in one transaction. */
  private ErasureNote eraseRow(String id, String reason, String by) throws LedgerException {
    return writer
        .inTransaction(
            () -> {
              ChainRow row = erasable(id);
              ErasureNote note = ErasureNote.of(row, writer.removeReplayed(id), reason, by);
              BatchAppend append = command.begin(signer);
              // The event is appended first, because a last row without a payload counts as
              // tampering until a later row records the erasure.
              append.chain(note.toEvent(), "the erasure");
              if (append.head().sequence() <= row.sequence()) {
                throw refused(
                    row, "is after the end of the chain; 'indelible log verify' names it");
              }
              if (!writer.erasePayload(row)) {
                throw new LedgerException(writer.name() + ": a trigger prevented the erasure");
              }
              return Optional.of(note);
            })
        .orElseThrow();
  }

  private ChainRow erasable(String id) throws LedgerException {
    Optional<ChainRow> found = writer.row(id);
    if (found.isEmpty()) {
      throw new LedgerException(
          writer.deadLetters(id, true).isEmpty()
              ? "%s: no row of event %s; 'indelible log list' shows the events"
                  .formatted(writer.name(), id)
              : "%s: event %s is not in the chain but in the dead letters; 'indelible dlq purge' removes it"
                  .formatted(writer.name(), id));
    }
    ChainRow row = found.get();
    if (row.payload().isEmpty()) {
      throw new AlreadyErasedException(
          refused(row, "no longer has a payload; " + erasedBy(row)).getMessage(), false);
    }
    if (!ErasureNote.isErasable(row.eventType())) {
      throw refused(
          row,
          "is an event of the log itself (%s), which verification needs; only decisions can be erased"
              .formatted(row.eventType()));
    }
    if (!Arrays.equals(Sha256.hash(row.payload().get()), row.payloadHash())) {
      throw refused(
          row,
          "has a payload that was changed after it was recorded; an erasure would hide that. Keep it");
    }
    return row;
  }

  private String erasedBy(ChainRow row) throws LedgerException {
    for (ChainRow erasure : writer.rowsOfType(SystemEvent.PAYLOAD_ERASED)) {
      if (ErasureNote.read(erasure).filter(note -> note.isAbout(row)).isPresent()) {
        return "it was erased already, as row " + erasure.sequence() + " states";
      }
    }
    return "no event in the chain states that it was erased";
  }

  private LedgerException refused(ChainRow row, String why) {
    return new LedgerException("%s: row %s %s".formatted(writer.name(), row.sequence(), why));
  }

  /**
   * Overwrites the remains of the payload; waits until no connection reads an earlier state of the
   * ledger, up to a limit.
   */
  private boolean purgeTraces() throws LedgerException {
    long deadline = System.nanoTime() + patience.toNanos();
    Remains left = writer.purgeTraces();
    while (left == Remains.READ_BY_OTHERS && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
      left = writer.purgeTraces();
    }
    return left == Remains.NONE;
  }

  private boolean purgeTracesQuietly() {
    try {
      return purgeTraces();
    } catch (LedgerException e) {
      // The caller reports that the row was erased before, and that bytes may be left.
      return false;
    }
  }

  @Override
  public void close() {
    writer.close();
  }

  /** Thrown if the payload is already erased. */
  public static final class AlreadyErasedException extends LedgerException {
    private static final long serialVersionUID = 1;

    private final boolean isGone;

    AlreadyErasedException(String message, boolean isGone) {
      super(message);
      this.isGone = isGone;
    }

    /** Returns true if the bytes are gone from the ledger's storage. */
    public boolean isGone() {
      return isGone;
    }
  }
}
