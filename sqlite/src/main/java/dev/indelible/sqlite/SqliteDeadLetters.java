// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowSealer;
import dev.indelible.queue.AuditCounters;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Brings dead letters back, or removes them. Works beside any number of writers; each step is a
 * transaction of its own, and is itself an event in the chain. One thread.
 */
public final class SqliteDeadLetters implements AutoCloseable {
  private final Path file;
  private final SqliteWriter writer;
  private final DeadLetterReplay letters;
  private final Signer signer;
  private final HeadGuard guard;
  private final VerbCheckpoint checkpoint;

  private SqliteDeadLetters(
      Path file, SqliteWriter writer, Optional<Path> lastSigned, Signer signer, KeyRing keys) {
    this.file = file;
    this.writer = writer;
    this.signer = signer;
    this.guard = new HeadGuard(new RowCheck(keys));
    this.letters = new DeadLetterReplay(writer, new RowSealer(signer), guard, new AuditCounters());
    this.checkpoint = new VerbCheckpoint(writer, lastSigned);
  }

  /**
   * Opens the ledger in that file for its dead letters.
   *
   * @throws LedgerException if it cannot be written to
   */
  public static SqliteDeadLetters open(Path file, Signer signer, KeyRing keys)
      throws LedgerException {
    return open(file, Optional.empty(), signer, keys);
  }

  /**
   * As {@link #open(Path, Signer, KeyRing)}.
   *
   * @param lastSigned the file beside the database in which the last checkpoint is kept
   */
  public static SqliteDeadLetters open(
      Path file, Optional<Path> lastSigned, Signer signer, KeyRing keys) throws LedgerException {
    return new SqliteDeadLetters(file, SqliteFile.writer(file), lastSigned, signer, keys);
  }

  /**
   * Appends a letter's event under its own id, and marks the letter as replayed.
   *
   * @return why the event is still refused, and then the letter stays as it is; empty if the event
   *     is in the chain
   * @throws LedgerException if the letter is no longer what was written, or the ledger cannot be
   *     written to now
   */
  public Optional<String> replay(DeadLetter letter) throws LedgerException {
    try {
      return letters.replay(letter);
    } catch (SQLException e) {
      throw SqliteFile.failure(file, e);
    }
  }

  /**
   * Removes a letter for good.
   *
   * @param reason why, for the record
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void purge(DeadLetter letter, String reason) throws LedgerException {
    try {
      letters.purge(letter, reason);
    } catch (SQLException e) {
      throw SqliteFile.failure(file, e);
    }
  }

  /** Signs a checkpoint over what was appended, and closes the ledger. */
  @Override
  public void close() {
    checkpoint.sign(signer, guard);
    writer.close();
  }
}
