// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.LedgerWriter;
import java.util.Optional;

/**
 * Replays or purges dead letters. Each replay or purge is one transaction, and appends an event to
 * the chain. Other writers may append at the same time. Used by one thread.
 */
public final class DeadLetters implements AutoCloseable {
  private final LedgerWriter writer;
  private final Signer signer;
  private final DeadLetterReplay replay;
  private final CommandRows command;

  /**
   * Takes over an open ledger.
   *
   * @param file the file that keeps the last checkpoint
   * @param signer signs the recorded events
   * @param keys the public keys accepted on existing rows
   */
  public DeadLetters(LedgerWriter writer, CheckpointFile file, Signer signer, KeyRing keys) {
    ChainEnd end = new ChainEnd(writer, new HeadGuard(new RowCheck(keys)));
    this.writer = writer;
    this.signer = signer;
    this.replay = new DeadLetterReplay(end, new RowSealer(signer), new AuditCounters());
    this.command = new CommandRows(end, file);
  }

  /**
   * Appends a dead letter's event under its own id, and marks the dead letter as replayed.
   *
   * @return the reason that the event is refused, in which case the dead letter is unchanged; empty
   *     if the event is in the chain
   * @throws LedgerException if the ledger cannot be written to now
   */
  public Optional<String> replay(DeadLetter deadLetter) throws LedgerException {
    return replay.replay(deadLetter);
  }

  /**
   * Removes a dead letter.
   *
   * @param reason the reason to record
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void purge(DeadLetter deadLetter, String reason) throws LedgerException {
    replay.purge(deadLetter, reason);
  }

  /** Signs a checkpoint over the appended rows, and closes the ledger. */
  @Override
  public void close() {
    command.sign(signer);
    writer.close();
  }
}
