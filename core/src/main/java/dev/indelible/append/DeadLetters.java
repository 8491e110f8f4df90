// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerWriter;
import dev.indelible.ledger.RowCheck;
import dev.indelible.queue.AuditCounters;
import java.util.Optional;

/**
 * Replays dead letters, or removes them. Works beside any number of writers; each step is a
 * transaction of its own, and is itself an event in the chain. One thread.
 */
public final class DeadLetters implements AutoCloseable {
  private final LedgerWriter writer;
  private final Signer signer;
  private final DeadLetterReplay letters;
  private final VerbCheckpoint checkpoint;

  /**
   * Takes over an open ledger.
   *
   * @param file keeps the last checkpoint beside the ledger
   * @param signer signs what is put on record
   * @param keys the public keys accepted on rows that exist already
   */
  public DeadLetters(LedgerWriter writer, CheckpointFile file, Signer signer, KeyRing keys) {
    ChainEnd end = new ChainEnd(writer, new HeadGuard(new RowCheck(keys)));
    this.writer = writer;
    this.signer = signer;
    this.letters = new DeadLetterReplay(end, new RowSealer(signer), new AuditCounters());
    this.checkpoint = new VerbCheckpoint(end, file);
  }

  /**
   * Appends a dead letter's event under its own id, and marks the dead letter as replayed.
   *
   * @return why the event is still refused, and then the dead letter stays as it is; empty if the
   *     event is in the chain
   * @throws LedgerException if the dead letter was changed after it was written, or the ledger
   *     cannot be written to now
   */
  public Optional<String> replay(DeadLetter letter) throws LedgerException {
    return letters.replay(letter);
  }

  /**
   * Removes a dead letter.
   *
   * @param reason why, for the record
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void purge(DeadLetter letter, String reason) throws LedgerException {
    letters.purge(letter, reason);
  }

  /** Signs a checkpoint over what was appended, and closes the ledger. */
  @Override
  public void close() {
    checkpoint.sign(signer);
    writer.close();
  }
}
