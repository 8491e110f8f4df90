// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.event.SystemEvent;
import dev.indelible.event.Timestamps;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerWriter;
import dev.indelible.ledger.RowCheck;
import dev.indelible.note.KeyReplacement;
import dev.indelible.note.KeyRevocation;
import dev.indelible.note.KeyRotation;
import dev.indelible.note.TamperAnswer;
import dev.indelible.queue.AuditCounters;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Chains events about the log's keys, and answers to notes of tampering, each under a checkpoint of
 * its own. Works beside any number of writers; each event is a transaction of its own. One thread.
 */
public final class KeyEvents implements AutoCloseable {
  private final LedgerWriter writer;
  private final ChainEnd end;
  private final VerbCheckpoint checkpoint;

  private KeyEvents(LedgerWriter writer, CheckpointFile file, HeadGuard guard) {
    this.writer = writer;
    this.end = new ChainEnd(writer, guard);
    this.checkpoint = new VerbCheckpoint(end, file);
  }

  /**
   * Takes over an open ledger.
   *
   * @param file keeps the last checkpoint beside the ledger
   * @param keys the public keys accepted on rows that exist already
   */
  public static KeyEvents of(LedgerWriter writer, CheckpointFile file, KeyRing keys) {
    return new KeyEvents(writer, file, new HeadGuard(new RowCheck(keys)));
  }

  /** Takes over an open ledger as {@link #of} does, for {@link #replace}: a key is lost. */
  public static KeyEvents ofLostKey(LedgerWriter writer, CheckpointFile file, KeyRing keys) {
    return new KeyEvents(writer, file, HeadGuard.ofLostKey(new RowCheck(keys)));
  }

  /**
   * Chains that the signing key is lost and another one signs from there on. The new key alone
   * signs this.
   *
   * @param next the key that signs from there on
   * @param lostKeyId the key that is lost, if it is known
   * @param reason why, for the record
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void replace(Signer next, Optional<String> lostKeyId, String reason)
      throws LedgerException {
    chain(
        next,
        new KeyReplacement(writer.ledger(), next.verificationKey(), lostKeyId, reason).toEvent());
    checkpoint.signAfterLostKey(next);
  }

  /**
   * Chains an answer to a note of tampering. {@link dev.indelible.note.TamperNotes} judges whether
   * it counts.
   *
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void answer(Signer current, TamperAnswer answer) throws LedgerException {
    append(current, answer.toEvent());
  }

  /**
   * Chains that one key introduces the next, signed by both.
   *
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void rotate(Signer current, Signer next) throws LedgerException {
    append(current, KeyRotation.event(writer.ledger(), current.verificationKey(), next));
  }

  /**
   * Chains that a key is revoked from now on.
   *
   * @param current signs the event; not the key itself
   * @param revocation which key, since which row, and why
   * @throws LedgerException if there is no such row, or the ledger cannot be written to now
   */
  public void revoke(Signer current, KeyRevocation revocation) throws LedgerException {
    long last = writer.lastRow().map(ChainRow::sequence).orElse(0L);
    long since = revocation.sinceSequence().orElse(1);
    if (since < 1 || since > last) {
      throw new LedgerException(
          "%s: there is no row %s; the chain ends with row %s"
              .formatted(writer.name(), since, last));
    }
    append(current, revocation.toEvent());
  }

  /**
   * Returns the first row whose timestamp is that time or later.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public OptionalLong firstRowSince(Instant time) throws LedgerException {
    return writer.firstRowSince(Timestamps.format(time));
  }

  private void append(Signer signer, SystemEvent event) throws LedgerException {
    chain(signer, event);
    checkpoint.sign(signer);
  }

  private void chain(Signer signer, SystemEvent event) throws LedgerException {
    BatchAppend append = new BatchAppend(end, new RowSealer(signer), new AuditCounters());
    writer.inTransaction(
        () -> {
          append.chain(event, "it");
          return Optional.of(event);
        });
    append.committed();
  }

  @Override
  public void close() {
    writer.close();
  }
}
