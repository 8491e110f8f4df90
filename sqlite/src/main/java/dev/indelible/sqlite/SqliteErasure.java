// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.Signer;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ErasureNote;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowSealer;
import dev.indelible.queue.AuditCounters;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Erases payloads for good: the one thing that is ever changed in a row of the chain, and itself an
 * event in the chain. Works beside any number of writers. One thread.
 *
 * <p>The row keeps the hash of its payload, and with the payload goes its nonce: so the chain, the
 * tree and every proof hold as before, and the hash gives nothing away.
 */
public final class SqliteErasure implements AutoCloseable {
  /** How long to wait for those who still read the ledger as it was before. */
  private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(10);

  private final Path file;
  private final SqliteWriter writer;
  private final RowSealer sealer;
  private final HeadGuard guard;
  private final Duration patience;
  private final Signer signer;
  private final VerbCheckpoint checkpoint;

  private SqliteErasure(
      Path file,
      SqliteWriter writer,
      Optional<Path> lastSigned,
      Signer signer,
      KeyRing keys,
      Duration patience) {
    this.file = file;
    this.writer = writer;
    this.sealer = new RowSealer(signer);
    this.guard = new HeadGuard(new RowCheck(keys));
    this.patience = patience;
    this.signer = signer;
    this.checkpoint = new VerbCheckpoint(writer, lastSigned);
  }

  /**
   * Opens the ledger in that file to erase in it.
   *
   * @param signer signs what is put on record
   * @param keys the public keys accepted on rows that stand there already
   * @throws LedgerException if it cannot be written to
   */
  public static SqliteErasure open(Path file, Signer signer, KeyRing keys) throws LedgerException {
    return open(file, Optional.empty(), signer, keys);
  }

  /**
   * As {@link #open(Path, Signer, KeyRing)}.
   *
   * @param lastSigned the file beside the database in which the last checkpoint is kept
   */
  public static SqliteErasure open(
      Path file, Optional<Path> lastSigned, Signer signer, KeyRing keys) throws LedgerException {
    return open(file, lastSigned, signer, keys, DEFAULT_PATIENCE);
  }

  static SqliteErasure open(Path file, Signer signer, KeyRing keys, Duration patience)
      throws LedgerException {
    return open(file, Optional.empty(), signer, keys, patience);
  }

  private static SqliteErasure open(
      Path file, Optional<Path> lastSigned, Signer signer, KeyRing keys, Duration patience)
      throws LedgerException {
    return new SqliteErasure(file, SqliteFile.writer(file), lastSigned, signer, keys, patience);
  }

  /**
   * What an erasure left.
   *
   * @param note what the chain says of it
   * @param isGone whether the bytes are gone from the database and its write-ahead log. If not,
   *     someone still reads the ledger as it was before; they go when the log is next emptied
   */
  public record Erased(ErasureNote note, boolean isGone) {}

  /**
   * Removes the payload of an event's row, chains a {@code payload.erased} event that says so, and
   * overwrites what the payload leaves behind in the file.
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
      checkpoint.sign(signer, guard);
      return new Erased(note, emptyWal());
    } catch (AlreadyErasedException e) {
      // The one before may have found a reader in its way.
      emptyWalQuietly();
      throw new LedgerException(e.getMessage());
    } catch (SQLException e) {
      throw SqliteFile.failure(file, e);
    }
  }

  /** The payload goes, and the event that says so comes, in one transaction. */
  private ErasureNote eraseRow(String id, String reason, String by)
      throws SQLException, LedgerException {
    return writer
        .inTransaction(
            () -> {
              ChainRow row = erasable(id);
              ErasureNote note = ErasureNote.of(row, writer.removeReplayedLetters(id), reason, by);
              BatchAppend append = new BatchAppend(writer, sealer, guard, new AuditCounters());
              // First: a last row that has lost its payload is tampering until something behind it
              // says not.
              append.chain(note.toEvent(), "the erasure");
              if (append.head().sequence() <= row.sequence()) {
                throw refused(
                    row, "stands beyond the end of the chain; 'indelible log verify' names it");
              }
              if (!writer.erasePayload(row)) {
                throw new SQLException("the erasure was swallowed by a trigger");
              }
              return Optional.of(note);
            })
        .orElseThrow();
  }

  private ChainRow erasable(String id) throws SQLException, LedgerException {
    Optional<ChainRow> found = writer.row(id);
    if (found.isEmpty()) {
      throw new LedgerException(
          writer.letters(id).isEmpty()
              ? "%s: no row of event %s; 'indelible log list' shows what there is"
                  .formatted(file, id)
              : "%s: event %s is not in the chain but in the dead letters; 'indelible dlq purge' removes it"
                  .formatted(file, id));
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

  private String erasedBy(ChainRow row) throws SQLException {
    for (ChainRow said : writer.rowsOfType(SystemEvent.PAYLOAD_ERASED)) {
      if (ErasureNote.read(said).filter(note -> note.isAbout(row)).isPresent()) {
        return "it was erased already, as row " + said.sequence() + " says";
      }
    }
    return "no event in the chain says that it was erased";
  }

  private LedgerException refused(ChainRow row, String why) {
    return new LedgerException("%s: row %s %s".formatted(file, row.sequence(), why));
  }

  /** Waits for a moment in which nobody reads the ledger as it was before. */
  private boolean emptyWal() throws SQLException {
    long deadline = System.nanoTime() + patience.toNanos();
    boolean emptied = writer.emptyWal();
    while (!emptied && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
      emptied = writer.emptyWal();
    }
    return emptied;
  }

  private void emptyWalQuietly() {
    try {
      emptyWal();
    } catch (SQLException e) {
      // What is said of the row is true all the same.
    }
  }

  @Override
  public void close() {
    writer.close();
  }

  /** There is nothing left to erase. */
  private static final class AlreadyErasedException extends SQLException {
    private static final long serialVersionUID = 1;

    AlreadyErasedException(String message) {
      super(message);
    }
  }
}
