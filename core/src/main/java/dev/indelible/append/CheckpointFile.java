// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.base.DurableFiles;
import dev.indelible.base.ThrowingSupplier;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.MlDsa44SigningKey;
import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.LedgerUnavailableException;
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
 * The last checkpoint signed by this log, in a file next to the ledger, so that no checkpoint is
 * signed over a ledger that was rolled back to a copy. The file is written after the commit and not
 * synced, so it is never ahead of an intact ledger; losing it does no harm. The file is not
 * evidence, and does not stop an attacker who can write to its directory.
 *
 * <p>Also names the source of the log's ML-DSA-44 key, which is read for each checkpoint if the
 * chain requires its signature. Used by the writer's thread.
 */
public final class CheckpointFile {
  private static final Logger LOG = LoggerFactory.getLogger(CheckpointFile.class);

  /** Null if no file is kept. */
  private final @Nullable Path file;

  private final ThrowingSupplier<MlDsa44SigningKey, KeyException> secondKey;

  /** True if the last write failed and the failure was logged. */
  private boolean failed;

  private CheckpointFile(
      @Nullable Path file, ThrowingSupplier<MlDsa44SigningKey, KeyException> secondKey) {
    this.file = file;
    this.secondKey = secondKey;
  }

  /** Returns a store of the last checkpoint in a file, without an ML-DSA-44 key. */
  public static CheckpointFile at(Path file) {
    return new CheckpointFile(file, CheckpointFile::noKey);
  }

  /** Returns a store that keeps no checkpoint and has no ML-DSA-44 key. */
  public static CheckpointFile none() {
    return new CheckpointFile(null, CheckpointFile::noKey);
  }

  /** Returns this store with a source of the log's ML-DSA-44 key. */
  public CheckpointFile withSecondKey(ThrowingSupplier<MlDsa44SigningKey, KeyException> source) {
    return new CheckpointFile(file, source);
  }

  private static MlDsa44SigningKey noKey() throws KeyException {
    throw new KeyException("this program does not know where the log's ML-DSA-44 key is");
  }

  /**
   * Returns the log's ML-DSA-44 key.
   *
   * @throws KeyException if there is none, or it cannot be read
   */
  MlDsa44SigningKey secondKey() throws KeyException {
    return secondKey.get();
  }

  /**
   * Returns the stored note, unchecked; empty if there is none.
   *
   * @throws LedgerException if the file cannot be read
   */
  Optional<byte[]> read() throws LedgerException {
    try {
      return file == null ? Optional.empty() : Optional.of(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new LedgerUnavailableException(
          file + ": cannot be read: " + DurableFiles.reason(e), false, e);
    }
  }

  /** Replaces the stored checkpoint. */
  void write(SignedCheckpoint checkpoint) {
    if (file == null) {
      return;
    }
    try {
      // The name is unique, because another process may write at the same time.
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
