// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.note.KeyHistory;
import dev.indelible.storage.StoredTiles;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Result of comparing the file {@code last-checkpoint} with the database. A log writes the file to
 * its data directory with each checkpoint that it signs. If a key of this log signed the checkpoint
 * in the file and the database does not continue it, the database was rolled back, replaced or
 * forked.
 *
 * @param agreement states whether the file and the database agree
 * @param message the file, what was found and, unless they agree, what to do
 */
public record LastCheckpoint(Agreement agreement, String message) {
  /** Longest file that is read; no checkpoint is longer. */
  private static final int MOST_BYTES = 1 << 20;

  /** The result of the comparison. */
  public enum Agreement {
    /** The file does not exist; earlier versions wrote none. */
    ABSENT,
    /** The database continues the checkpoint in the file. */
    AGREES,
    /** The database does not continue the checkpoint that this log signed last. */
    CONTRADICTS,
    /** The file cannot be read, or is signed by no known key, or the tree cannot be read. */
    UNKNOWN
  }

  /**
   * Compares the file with the database. The file is read first: a log commits a checkpoint before
   * it writes the file, so the database, read later, has at least the rows of that checkpoint.
   *
   * @param file the file {@code last-checkpoint} of the data directory
   * @param ledger the database of that directory; its stored tree is trusted
   * @param history the keys of the log
   */
  public static LastCheckpoint judge(Path file, LedgerReader ledger, KeyHistory history) {
    if (Files.notExists(file)) {
      return new LastCheckpoint(
          Agreement.ABSENT,
          file
              + ": there is no such file, so a rollback of the database alone would not be detected");
    }
    try {
      SignedCheckpoint signed = SignedCheckpoint.parse(read(file));
      return new Judging(file, ledger, history).judge(signed);
    } catch (IOException e) {
      return unknown(
          file,
          "it cannot be read (%s: %s); check its permissions"
              .formatted(e.getClass().getSimpleName(), e.getMessage()));
    } catch (CheckpointParseException e) {
      return unknown(
          file,
          "it is not a checkpoint (%s); keep it, and compare with a backup"
              .formatted(e.getMessage()));
    } catch (LedgerException e) {
      return unknown(
          file, "the database that it is compared with cannot be read: " + e.getMessage());
    }
  }

  /** Returns this result as a finding of a report. */
  public Finding finding() {
    Status status =
        switch (agreement) {
          case AGREES -> Status.OK;
          case CONTRADICTS -> Status.BROKEN;
          case ABSENT, UNKNOWN -> Status.UNKNOWN;
        };
    return new Finding(
        Finding.LAST_CHECKPOINT,
        status,
        OptionalLong.empty(),
        message,
        agreement != Agreement.ABSENT);
  }

  private static byte[] read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("not a regular file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(MOST_BYTES + 1);
    }
  }

  private static LastCheckpoint unknown(Path file, String message) {
    return new LastCheckpoint(Agreement.UNKNOWN, file + ": " + message);
  }

  /** Comparison of one file with the database. */
  private record Judging(Path file, LedgerReader ledger, KeyHistory history) {
    LastCheckpoint judge(SignedCheckpoint signed) throws LedgerException {
      Checkpoint last = signed.unverified();
      try {
        CheckpointKeys.verifyByAny(signed, history);
      } catch (VerificationException e) {
        // Anyone who can write the file, or a fault of the disk, can cause this.
        String found =
            e.reason() == Reason.BAD_SIGNATURE
                ? "has a signature that does not verify (%s)".formatted(e.getMessage())
                : "is not signed by a known key";
        return unknown(
            file,
            "its checkpoint over %s rows %s, so it proves nothing about the log; keep the file, and compare with a backup"
                .formatted(last.size(), found));
      }
      if (!CheckpointKeys.isSignedInTime(signed, history)) {
        return unknown(
            file,
            "its checkpoint over %s rows is signed by a key that was already revoked at that size: others may hold that key"
                .formatted(last.size()));
      }
      Optional<String> otherLog = otherLog(last.origin());
      return otherLog.isPresent() ? contradicts(otherLog.get()) : compare(last);
    }

    /** Returns a message if the file and the database are of different logs. */
    private Optional<String> otherLog(String origin) throws LedgerException {
      Optional<String> own = CheckpointKeys.origin(ledger, history);
      if (own.isPresent() && !own.get().equals(origin)) {
        return Optional.of(
            "it is of the log %s, and the database is of the log %s: one of the two was replaced; restore the one that belongs here"
                .formatted(origin, own.get()));
      }
      return Optional.empty();
    }

    private LastCheckpoint compare(Checkpoint last) throws LedgerException {
      long rows = rows();
      if (last.size() > rows) {
        return contradicts(
            "the database was rolled back or replaced: this log signed a checkpoint over %s rows, but the database has %s; restore the database that has them. To continue with this database, move the file away and keep it: it proves which rows are missing"
                .formatted(last.size(), rows));
      }
      if (ledger.treeSize().isEmpty()) {
        return unknown(
            file,
            "its checkpoint over %s rows cannot be compared with the database, which has no tree"
                .formatted(last.size()));
      }
      Hash root = TiledNodes.tree(new StoredTiles(ledger), last.size()).root();
      if (!root.equals(last.root())) {
        return contradicts(
            "the database was replaced or forked: this log signed a checkpoint over %s rows that differ from the first %s of the %s rows in the database; restore the database that has them"
                .formatted(last.size(), last.size(), rows));
      }
      return new LastCheckpoint(
          Agreement.AGREES,
          "%s: this database continues its checkpoint over %s rows".formatted(file, last.size()));
    }

    /**
     * Returns the number of rows that are in both the chain and its tree; a planted row does not
     * count.
     */
    private long rows() throws LedgerException {
      long last = ledger.lastRow().map(ChainRow::sequence).orElse(0L);
      OptionalLong leaves = ledger.treeSize();
      return leaves.isPresent() ? Math.min(leaves.getAsLong(), last) : last;
    }

    private LastCheckpoint contradicts(String message) {
      return new LastCheckpoint(Agreement.CONTRADICTS, file + ": " + message);
    }
  }
}
