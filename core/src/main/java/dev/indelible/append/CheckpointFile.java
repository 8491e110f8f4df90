// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last checkpoint that was signed here, in a file beside the ledger, so that a ledger that was
 * rolled back to a copy is not signed on. Written after the commit and not synced, so it is never
 * ahead of a ledger that was not rolled back; a lost one does no harm. It is no evidence, and no
 * obstacle to someone who can write beside the ledger. Used by the writer's thread.
 */
public final class CheckpointFile {
  private static final Logger LOG = LoggerFactory.getLogger(CheckpointFile.class);

  /** Null if none is kept. */
  private final @Nullable Path file;

  /** Whether it could not be written the last time, and that was logged. */
  private boolean failed;

  private CheckpointFile(@Nullable Path file) {
    this.file = file;
  }

  /** Keeps the last checkpoint in a file. */
  public static CheckpointFile at(Path file) {
    return new CheckpointFile(file);
  }

  /** Keeps none. */
  public static CheckpointFile none() {
    return new CheckpointFile(null);
  }

  /**
   * Returns the note that is kept, unchecked; empty if there is none.
   *
   * @throws LedgerException if the file cannot be read: whether there is one is not known then
   */
  Optional<byte[]> read() throws LedgerException {
    try {
      return file == null ? Optional.empty() : Optional.of(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new LedgerUnavailableException(file + ": cannot be read: " + e, false, e);
    }
  }

  /** Replaces the checkpoint that is kept. */
  void write(SignedCheckpoint checkpoint) {
    if (file == null) {
      return;
    }
    try {
      // A name of its own: another process may write at this moment.
      Path aside = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + ".new");
      try {
        Files.write(aside, checkpoint.bytes());
        Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(aside);
      }
      failed = false;
    } catch (IOException e) {
      if (!failed) {
        LOG.warn("{}: cannot be written: {}", file, e.toString());
      }
      failed = true;
    }
  }
}
