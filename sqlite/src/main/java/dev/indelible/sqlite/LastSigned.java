// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.checkpoint.SignedCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last checkpoint that was signed here, in a file beside the database. A database that was set
 * back by itself, to a copy of it, is not one to sign on with. Written behind the commit and not
 * synced, so that it is never ahead of a database that was not set back; one that is lost is missed
 * by nobody. It is no evidence, and no hindrance to whoever can write beside the database.
 *
 * @param file where it is
 */
record LastSigned(Path file) {
  private static final Logger LOG = LoggerFactory.getLogger(LastSigned.class);

  /** The note that is there, whatever it is; empty if there is none. */
  Optional<byte[]> read() {
    try {
      return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    } catch (IOException e) {
      LOG.warn("{}: cannot be read: {}", file, e.toString());
      return Optional.empty();
    }
  }

  /** Puts a checkpoint in the place of the one before. */
  void write(SignedCheckpoint checkpoint) {
    Path aside = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.write(aside, checkpoint.bytes());
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.warn("{}: cannot be written: {}", file, e.toString());
    }
  }
}
