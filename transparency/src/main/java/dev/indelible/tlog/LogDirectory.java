// SPDX-License-Identifier: Apache-2.0
package dev.indelible.tlog;

import dev.indelible.base.DurableFiles;
import dev.indelible.base.ExclusiveLock;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.merkle.EntryBundle;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileParseException;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files of one log (C2SP tlog-tiles). At every moment, and after a power cut, a reader finds a
 * checkpoint and all tiles and entries that it covers: each file is synced before it is renamed to
 * its final name, and the checkpoint is renamed last. Tiles and entry bundles never change. Adding
 * different bytes under an existing name is refused.
 *
 * <p>A writer holds a lock on the file {@code .lock} in the directory. Used by one thread.
 */
public final class LogDirectory implements AutoCloseable {
  private static final String CHECKPOINT = "checkpoint";
  private static final String LOCK = ".lock";

  /** The size of the largest file: a full bundle of entries of maximum length. */
  private static final int MAX_FILE_BYTES = TilePath.FULL_WIDTH * (2 + EntryBundle.MAX_ENTRY_BYTES);

  private final Path directory;
  private final StagedFiles staged;

  /** The writer's lock; null in a reader. */
  private final @Nullable ExclusiveLock lock;

  private LogDirectory(Path directory, Disk disk, @Nullable ExclusiveLock lock) {
    this.directory = directory;
    this.staged = new StagedFiles(directory, disk);
    this.lock = lock;
  }

  /**
   * Opens a directory for reading.
   *
   * @throws LogDirectoryException if it does not exist
   */
  public static LogDirectory open(Path directory) throws LogDirectoryException {
    if (!Files.isDirectory(directory)) {
      throw LogDirectoryException.unfit(directory + ": is not a directory", null);
    }
    return new LogDirectory(directory, new Disk(), null);
  }

  /**
   * Opens a directory for writing. Creates it, but not its parents, if it does not exist.
   *
   * @throws LogDirectoryException if it cannot be opened, or another writer has it open
   */
  public static LogDirectory openForWriting(Path directory) throws LogDirectoryException {
    return openForWriting(directory, new Disk());
  }

  static LogDirectory openForWriting(Path directory, Disk disk) throws LogDirectoryException {
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw LogDirectoryException.unfit(directory + ": is a file; name a directory", null);
    }
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectory(directory);
        disk.syncNames(directory.toAbsolutePath().getParent());
      }
      LogDirectory opened = new LogDirectory(directory, disk, lock(directory));
      opened.staged.removeLeftovers();
      return opened;
    } catch (NoSuchFileException e) {
      throw LogDirectoryException.unfit(
          directory + ": its parent directory does not exist; create it first", e);
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  private static ExclusiveLock lock(Path directory) throws IOException, LogDirectoryException {
    return ExclusiveLock.tryLock(directory.resolve(LOCK))
        .orElseThrow(
            () ->
                LogDirectoryException.unfit(
                    directory
                        + ": another writer has this directory open; try again when it is done",
                    null));
  }

  /** Returns the directory. */
  public Path path() {
    return directory;
  }

  /** Returns the number of files written since this directory was opened. */
  public long written() {
    return staged.written();
  }

  /**
   * Returns the checkpoint, unverified; empty if none has been published.
   *
   * @throws LogDirectoryException if the file cannot be read or is not a checkpoint
   */
  public Optional<SignedCheckpoint> checkpoint() throws LogDirectoryException {
    Path file = directory.resolve(CHECKPOINT);
    Optional<byte[]> bytes = read(file);
    try {
      return bytes.isPresent()
          ? Optional.of(SignedCheckpoint.parse(bytes.get()))
          : Optional.empty();
    } catch (CheckpointParseException e) {
      throw LogDirectoryException.contradicted(file + ": " + e.getMessage());
    }
  }

  /** Returns the tiles, unverified. May return a full tile in place of a partial one. */
  public TileSource<LogDirectoryException> tiles() {
    return this::tile;
  }

  private Tile tile(TilePath path) throws LogDirectoryException {
    Stored stored = stored(path);
    try {
      return Tile.parse(stored.path(), stored.bytes());
    } catch (TileParseException e) {
      throw damaged(e);
    }
  }

  /**
   * Returns the entries of a bundle, unverified.
   *
   * @throws LogDirectoryException if the bundle is missing, or its number of entries differs from
   *     its name
   */
  public List<byte[]> entries(TilePath path) throws LogDirectoryException {
    Stored stored = stored(path);
    try {
      List<byte[]> entries = EntryBundle.parse(stored.path(), stored.bytes()).entries();
      return entries.subList(0, path.width());
    } catch (TileParseException e) {
      throw damaged(e);
    }
  }

  private LogDirectoryException damaged(TileParseException e) {
    return LogDirectoryException.contradicted(directory + ": " + e.getMessage());
  }

  /** The path and the content of a file. */
  private record Stored(TilePath path, byte[] bytes) {}

  private Stored stored(TilePath path) throws LogDirectoryException {
    Optional<byte[]> bytes = read(file(path));
    if (bytes.isPresent()) {
      return new Stored(path, bytes.get());
    }
    TilePath full = new TilePath(path.level(), path.index(), TilePath.FULL_WIDTH);
    return new Stored(
        full,
        read(file(full))
            .orElseThrow(
                () -> LogDirectoryException.contradicted(file(path) + ": the file is missing")));
  }

  /**
   * Adds a tile or an entry bundle. Readers can rely on it once {@link #publish} has returned.
   *
   * @throws LogDirectoryException if the name exists with different bytes, which are not changed
   */
  public void add(TilePath path, byte[] bytes) throws LogDirectoryException {
    Path file = file(path);
    Optional<byte[]> there = read(file);
    if (there.isEmpty()) {
      staged.add(file, bytes);
    } else if (!Arrays.equals(there.get(), bytes)) {
      throw LogDirectoryException.contradicted(
          file
              + ": its content differs from the log's, and this file never changes; log or file was"
              + " tampered with, or this is another log's directory. The file was not overwritten");
    }
  }

  /**
   * Replaces the checkpoint with one that covers the added files. When this method returns, all of
   * them are on disk.
   *
   * @param note the bytes of the signed checkpoint
   */
  public void publish(byte[] note) throws LogDirectoryException {
    staged.sync();
    replace(CHECKPOINT, note);
  }

  /**
   * Replaces a file that is not part of the log.
   *
   * @param name a name that no tile has
   */
  public void replace(String name, byte[] bytes) throws LogDirectoryException {
    Path file = directory.resolve(name);
    Optional<byte[]> there = read(file);
    if (there.isEmpty() || !Arrays.equals(there.get(), bytes)) {
      staged.add(file, bytes);
      staged.sync();
    }
  }

  /**
   * Removes a file that no checkpoint covers. A writer that crashed before it published may have
   * left it, and it would prevent adding a file with this name.
   *
   * @param publishedSize the size of the last checkpoint
   */
  void removeUnpublished(TilePath path, long publishedSize) throws LogDirectoryException {
    int level = Math.max(path.level(), 0);
    long hashes = publishedSize >>> 8 * level;
    if ((path.index() << 8) + path.width() <= hashes) {
      return;
    }
    try {
      Files.deleteIfExists(file(path));
    } catch (IOException e) {
      throw unwritable(file(path), e);
    }
  }

  private Path file(TilePath path) {
    return directory.resolve(path.toString());
  }

  /**
   * Returns the bytes of a file; empty if it does not exist. Refuses a file larger than any file of
   * a log.
   */
  private Optional<byte[]> read(Path file) throws LogDirectoryException {
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw LogDirectoryException.contradicted(file + ": is not a regular file");
      }
      try (InputStream in = Files.newInputStream(file)) {
        byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
        if (bytes.length > MAX_FILE_BYTES) {
          throw LogDirectoryException.contradicted(
              "%s: too large for a file of a log: the limit is %s bytes"
                  .formatted(file, MAX_FILE_BYTES));
        }
        return Optional.of(bytes);
      }
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw LogDirectoryException.unfit(file + ": cannot be read: " + DurableFiles.reason(e), e);
    }
  }

  static LogDirectoryException unwritable(Path file, IOException e) {
    return LogDirectoryException.unfit(file + ": cannot be written: " + DurableFiles.reason(e), e);
  }

  /** Releases the lock. Files that were added but not published are lost. */
  @Override
  public void close() {
    try {
      if (lock != null) {
        staged.removeLeftovers();
        lock.close();
      }
    } catch (IOException e) {
      // The next writer removes leftover files, and the lock ends with the process.
    }
  }
}
