// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.Signer;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.GateKey;
import dev.indelible.note.KeyReplacement;
import dev.indelible.note.KeyRevocation;
import dev.indelible.note.KeyRotation;
import dev.indelible.note.MlDsa44Addition;
import dev.indelible.note.RowCheck;
import dev.indelible.note.TamperAnswer;
import dev.indelible.storage.LedgerWriter;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Appends events about the keys of the log and of its gates, and answers to tamper notes. Each
 * event is one transaction, after which a checkpoint is signed. Other writers may append at the
 * same time. Used by one thread.
 */
public final class KeyEvents implements AutoCloseable {
  private final LedgerWriter writer;
  private final CommandRows command;

  private KeyEvents(LedgerWriter writer, CheckpointFile file, HeadGuard guard) {
    this.writer = writer;
    this.command = new CommandRows(new ChainEnd(writer, guard), file);
  }

  /**
   * Takes over an open ledger.
   *
   * @param file the file that keeps the last checkpoint
   * @param keys the public keys accepted on existing rows
   */
  public static KeyEvents of(LedgerWriter writer, CheckpointFile file, KeyRing keys) {
    return new KeyEvents(writer, file, new HeadGuard(new RowCheck(keys)));
  }

  /** Takes over an open ledger like {@link #of}, for {@link #replace} after the loss of a key. */
  public static KeyEvents ofLostKey(LedgerWriter writer, CheckpointFile file, KeyRing keys) {
    return new KeyEvents(writer, file, HeadGuard.ofLostKey(new RowCheck(keys)));
  }

  /**
   * Appends an event that states that the signing key is lost and that another key signs from then
   * on. Only the new key signs the event.
   *
   * @param next the new signing key
   * @param lostKeyId the id of the lost key, if it is known
   * @param reason the reason to record
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void replace(Signer next, Optional<String> lostKeyId, String reason)
      throws LedgerException {
    chain(
        next,
        new KeyReplacement(writer.ledger(), next.verificationKey(), lostKeyId, reason).toEvent());
    command.signAfterLostKey(next);
  }

  /**
   * Appends an answer to a tamper note. {@link dev.indelible.note.TamperNotes} checks whether the
   * answer is valid.
   *
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void answer(Signer current, TamperAnswer answer) throws LedgerException {
    append(current, answer.toEvent());
  }

  /**
   * Appends an event, signed by both keys, with which one key introduces the next.
   *
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void rotate(Signer current, Signer next) throws LedgerException {
    append(current, KeyRotation.event(writer.ledger(), current.verificationKey(), next));
  }

  /**
   * Appends an event with which each later checkpoint gets a second signature, of an ML-DSA-44 key.
   * If the log has no checkpoint yet, its next run signs the first one, under the log's name.
   *
   * @param reason the reason of a replacement; empty for the first ML-DSA-44 key
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void addMlDsa44(Signer current, MlDsa44Key key, Optional<String> reason)
      throws LedgerException {
    chain(current, new MlDsa44Addition(writer.ledger(), key, reason).toEvent());
    if (writer.lastCheckpoint().isPresent()) {
      command.sign(current);
    }
  }

  /**
   * Appends an event that revokes a key.
   *
   * @param current signs the event; must not be the revoked key
   * @param revocation the key, the first row that others may have signed, and the reason
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
   * Appends an event with which a gate may record through a topic.
   *
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void enroll(Signer current, GateKey gate) throws LedgerException {
    append(current, gate.enrolled());
  }

  /**
   * Appends an event after which a gate may no longer record.
   *
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void remove(Signer current, GateKey gate) throws LedgerException {
    append(current, gate.removed());
  }

  /**
   * Returns the first row with a given timestamp or a later one.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public OptionalLong firstRowSince(Instant time) throws LedgerException {
    return writer.firstRowSince(Timestamps.format(time));
  }

  private void append(Signer signer, SystemEvent event) throws LedgerException {
    chain(signer, event);
    command.sign(signer);
  }

  private void chain(Signer signer, SystemEvent event) throws LedgerException {
    command.append(signer, "it", () -> List.of(event));
  }

  @Override
  public void close() {
    writer.close();
  }
}
