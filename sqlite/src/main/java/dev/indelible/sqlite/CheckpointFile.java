// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.checkpoint.SignedCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last checkpoint that was signed here, in a file beside the database. A database that was set
 * back by itself, to a copy of it, is not one to sign on with. Written behind the commit and not
 * synced, so that it is never ahead of a database that was not set back; one that is lost is missed
 * by nobody. It is no evidence, and no hindrance to whoever can write beside the database. Used by
 * the drainer's thread.
 */
final class CheckpointFile {
  private static final Logger LOG = LoggerFactory.getLogger(CheckpointFile.class);

  private final Path file;

  /** Whether it could not be written the last time, and that was logged. */
  private boolean failed;

  /**
   * What is kept there.
   *
   * @param file where it is
   */
  CheckpointFile(Path file) {
    this.file = file;
  }

  /**
   * The note that is there, whatever it is; empty if there is none.
   *
   * @throws SQLException if it cannot be read: then it is not known whether there is one
   */
  Optional<byte[]> read() throws SQLException {
    try {
      return Optional.of(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new SQLException(file + ": cannot be read: " + e, e);
    }
  }

  /** Puts a checkpoint in the place of the one before. */
  void write(SignedCheckpoint checkpoint) {
    try {
      // A name of its own: another process may be at the same.
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
