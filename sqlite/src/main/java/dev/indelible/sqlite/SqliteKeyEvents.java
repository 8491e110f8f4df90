// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.event.SystemEvent;
import dev.indelible.event.Timestamps;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.KeyReplacement;
import dev.indelible.ledger.KeyRevocation;
import dev.indelible.ledger.KeyRotation;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowSealer;
import dev.indelible.ledger.TamperAnswer;
import dev.indelible.queue.AuditCounters;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Puts into the chain what becomes of its keys, and the answers to notes of tampering, each under a
 * checkpoint of its own. Works beside any number of writers; each event is a transaction of its
 * own. One thread.
 */
public final class SqliteKeyEvents implements AutoCloseable {
  private final Path file;
  private final SqliteWriter writer;
  private final HeadGuard guard;
  private final VerbCheckpoint checkpoint;

  private SqliteKeyEvents(
      Path file, SqliteWriter writer, Optional<Path> lastSigned, HeadGuard guard) {
    this.file = file;
    this.writer = writer;
    this.guard = guard;
    this.checkpoint = new VerbCheckpoint(writer, lastSigned);
  }

  /**
   * Opens the ledger in that file.
   *
   * @param keys the public keys accepted on rows that stand there already
   * @throws LedgerException if it cannot be written to
   */
  public static SqliteKeyEvents open(Path file, KeyRing keys) throws LedgerException {
    return open(file, Optional.empty(), keys);
  }

  /**
   * As {@link #open(Path, KeyRing)}.
   *
   * @param lastSigned the file beside the database in which the last checkpoint is kept
   */
  public static SqliteKeyEvents open(Path file, Optional<Path> lastSigned, KeyRing keys)
      throws LedgerException {
    return new SqliteKeyEvents(
        file, SqliteFile.writer(file), lastSigned, new HeadGuard(new RowCheck(keys)));
  }

  /** As {@link #open(Path, Optional, KeyRing)}, for {@link #replace}: a key is lost. */
  public static SqliteKeyEvents openWithLostKey(Path file, Optional<Path> lastSigned, KeyRing keys)
      throws LedgerException {
    return new SqliteKeyEvents(
        file, SqliteFile.writer(file), lastSigned, HeadGuard.ofLostKey(new RowCheck(keys)));
  }

  /**
   * Chains that the signing key is lost and another one signs from there on, by the word of that
   * one alone.
   *
   * @param next the key that signs from there on
   * @param lostKeyId the key that is lost, if it is known which
   * @param reason why, for the record
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void replace(Signer next, Optional<String> lostKeyId, String reason)
      throws LedgerException {
    try {
      KeyReplacement said =
          new KeyReplacement(writer.ledger(), next.verificationKey(), lostKeyId, reason);
      chain(next, said.toEvent());
      checkpoint.signAfterLostKey(next);
    } catch (SQLException e) {
      throw SqliteFile.failure(file, e);
    }
  }

  /**
   * Chains an answer to a note of tampering. Whether it counts is for {@link
   * dev.indelible.ledger.TamperNotes}.
   *
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void answer(Signer current, TamperAnswer said) throws LedgerException {
    try {
      append(current, said.toEvent());
    } catch (SQLException e) {
      throw SqliteFile.failure(file, e);
    }
  }

  /**
   * Chains that one key introduces the next, signed by both.
   *
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void introduce(Signer current, Signer next) throws LedgerException {
    try {
      append(current, KeyRotation.event(writer.ledger(), current.verificationKey(), next));
    } catch (SQLException e) {
      throw SqliteFile.failure(file, e);
    }
  }

  /**
   * Chains that a key is given up from now on.
   *
   * @param current signs that; not the key itself
   * @param said which key, since which row, and why
   * @throws LedgerException if there is no such row, or the ledger cannot be written to now
   */
  public void giveUp(Signer current, KeyRevocation said) throws LedgerException {
    try {
      long last = writer.lastRow().map(ChainRow::sequence).orElse(0L);
      long since = said.sinceSequence().orElse(1);
      if (since < 1 || since > last) {
        throw new LedgerException(
            "%s: there is no row %s; the chain ends with row %s".formatted(file, since, last));
      }
      append(current, said.toEvent());
    } catch (SQLException e) {
      throw SqliteFile.failure(file, e);
    }
  }

  /**
   * The first row that says of itself that it was written at that time or later.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public OptionalLong firstRowSince(Instant time) throws LedgerException {
    try {
      return writer.firstRowSince(Timestamps.format(time));
    } catch (SQLException e) {
      throw SqliteFile.failure(file, e);
    }
  }

  private void append(Signer signer, SystemEvent event) throws SQLException {
    chain(signer, event);
    checkpoint.sign(signer, guard);
  }

  private void chain(Signer signer, SystemEvent event) throws SQLException {
    BatchAppend append = new BatchAppend(writer, new RowSealer(signer), guard, new AuditCounters());
    Optional<Head> head =
        writer.inTransaction(
            () -> {
              append.chain(event, "it");
              return Optional.of(append.head());
            });
    head.ifPresent(guard::committed);
  }

  @Override
  public void close() {
    writer.close();
  }
}
