// SPDX-License-Identifier: Apache-2.0
package dev.indelible.tlog;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.merkle.EntryBundle;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileParseException;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The files of one log (C2SP tlog-tiles). Guarantees that whoever reads them finds, at every moment
 * and after a power cut at every moment, a checkpoint and all the tiles and entries it is over: a
 * file is synced before it gets its name, and the checkpoint gets its name last. Tiles and entry
 * bundles never change; one that is there already is left alone, and refused if it is another.
 *
 * <p>A writer has the directory to itself: it holds the lock on {@code .lock} there. Used by one
 * thread.
 */
public final class LogDirectory implements AutoCloseable {
  private static final String CHECKPOINT = "checkpoint";
  private static final String LOCK = ".lock";

  /** Where files are written before they get their names. */
  private static final String NEW = ".new";

  /** A full bundle of the longest entries, which is the largest file there is. */
  private static final int MAX_FILE_BYTES = TilePath.FULL_WIDTH * (2 + EntryBundle.MAX_ENTRY_BYTES);

  /** Files written before they are synced together. */
  private static final int BATCH_FILES = 256;

  /** Syncs that wait at once: a file system has one commit for all of them. */
  private static final int SYNCS_AT_ONCE = 16;

  private final Path directory;
  private final Disk disk;

  /** Held while writing; none when only reading. */
  private final Optional<FileChannel> lock;

  /** Written and not named yet: each file's place in {@link #NEW} is its place in the list. */
  private final List<Path> waiting = new ArrayList<>();

  /** Directories that got names which may not be on disk yet. */
  private final Set<Path> renamedIn = new LinkedHashSet<>();

  private long written;

  private LogDirectory(Path directory, Disk disk, Optional<FileChannel> lock) {
    this.directory = directory;
    this.disk = disk;
    this.lock = lock;
  }

  /**
   * Opens a directory for reading.
   *
   * @throws LogDirectoryException if there is none
   */
  public static LogDirectory open(Path directory) throws LogDirectoryException {
    if (!Files.isDirectory(directory)) {
      throw LogDirectoryException.unfit(directory + ": no directory here", null);
    }
    return new LogDirectory(directory, new Disk(), Optional.empty());
  }

  /**
   * Opens a directory to write to, and makes it if it is not there; not those above it.
   *
   * @throws LogDirectoryException if it cannot be, or another writer is at work in it
   */
  public static LogDirectory openForWriting(Path directory) throws LogDirectoryException {
    return openForWriting(directory, new Disk());
  }

  static LogDirectory openForWriting(Path directory, Disk disk) throws LogDirectoryException {
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw LogDirectoryException.unfit(directory + ": a file; name a directory", null);
    }
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectory(directory);
        disk.syncNames(directory.toAbsolutePath().getParent());
      }
      LogDirectory opened = new LogDirectory(directory, disk, Optional.of(lock(directory)));
      opened.removeLeftovers();
      return opened;
    } catch (NoSuchFileException e) {
      throw LogDirectoryException.unfit(
          directory + ": the directory above it does not exist; make it first", e);
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  private static FileChannel lock(Path directory) throws IOException, LogDirectoryException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock held = channel.tryLock();
      if (held != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      // Held within this process, which is the same to whoever asks.
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    throw LogDirectoryException.unfit(
        directory + ": another writer is at work here; try again when it is done", null);
  }

  /** The directory. */
  public Path path() {
    return directory;
  }

  /** How many files were written since it was opened; those that were there already not counted. */
  public long written() {
    return written;
  }

  /**
   * The checkpoint, believed or not; empty if none was published yet.
   *
   * @throws LogDirectoryException if it cannot be read as one
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

  /** The tiles, unchecked. A partial one may be given as the full one that it became. */
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
   * The entries of a bundle, unchecked.
   *
   * @throws LogDirectoryException if it is missing, or not as many entries as its name says
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

  /** A file's name, and what is in it. */
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
                () -> LogDirectoryException.contradicted(file(path) + ": the file is gone")));
  }

  /**
   * Adds a tile or an entry bundle. It has its name at the latest when {@link #publish} returns.
   *
   * @throws LogDirectoryException if there is another one under that name, which is left as it is
   */
  public void add(TilePath path, byte[] bytes) throws LogDirectoryException {
    Path file = file(path);
    Optional<byte[]> there = read(file);
    if (there.isEmpty()) {
      stage(file, bytes);
    } else if (!Arrays.equals(there.get(), bytes)) {
      throw LogDirectoryException.contradicted(
          file
              + ": differs from what is to be written, and such a file never changes; one of the two"
              + " was tampered with, or this is another log's directory. Nothing was overwritten");
    }
  }

  /**
   * Publishes a checkpoint over what was added, in place of the one before. Once this has returned
   * all of it is on disk.
   *
   * @param note the signed checkpoint, byte for byte
   */
  public void publish(byte[] note) throws LogDirectoryException {
    sync();
    replace(CHECKPOINT, note);
  }

  /**
   * Writes a file beside those of the log, in place of the one that has the name.
   *
   * @param name not that of a tile
   */
  public void replace(String name, byte[] bytes) throws LogDirectoryException {
    Path file = directory.resolve(name);
    Optional<byte[]> there = read(file);
    if (there.isEmpty() || !Arrays.equals(there.get(), bytes)) {
      stage(file, bytes);
      sync();
    }
  }

  private void stage(Path file, byte[] bytes) throws LogDirectoryException {
    try {
      Files.createDirectories(directory.resolve(NEW));
      disk.write(staged(waiting.size()), bytes);
    } catch (IOException e) {
      throw unwritable(file, e);
    }
    waiting.add(file);
    written++;
    if (waiting.size() == BATCH_FILES) {
      nameWaiting();
    }
  }

  /** Every file is on disk before any of them has its name. */
  private void nameWaiting() throws LogDirectoryException {
    try {
      syncWaiting();
      for (int i = 0; i < waiting.size(); i++) {
        Path file = waiting.get(i);
        Files.createDirectories(file.getParent());
        disk.rename(staged(i), file);
        for (Path at = file.getParent(); !at.equals(directory); at = at.getParent()) {
          renamedIn.add(at);
        }
        renamedIn.add(directory);
      }
      waiting.clear();
    } catch (IOException e) {
      waiting.clear();
      throw unwritable(directory, e);
    }
  }

  private void syncWaiting() throws IOException {
    ExecutorService threads = Executors.newFixedThreadPool(SYNCS_AT_ONCE);
    try {
      List<Future<?>> syncs = new ArrayList<>();
      for (int i = 0; i < waiting.size(); i++) {
        Path file = staged(i);
        syncs.add(
            threads.submit(
                () -> {
                  disk.sync(file);
                  return file;
                }));
      }
      for (Future<?> each : syncs) {
        each.get();
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } finally {
      threads.shutdownNow();
    }
  }

  private void sync() throws LogDirectoryException {
    nameWaiting();
    try {
      for (Path each : renamedIn) {
        disk.syncNames(each);
      }
      renamedIn.clear();
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  /**
   * Removes a file that no checkpoint is over, so that another can be added in its place: one that
   * a writer left which died before it published.
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

  private void removeLeftovers() throws IOException {
    Path leftovers = directory.resolve(NEW);
    if (Files.isDirectory(leftovers)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(leftovers)) {
        for (Path file : files) {
          Files.delete(file);
        }
      }
      Files.delete(leftovers);
    }
  }

  private Path staged(int place) {
    return directory.resolve(NEW).resolve(Integer.toString(place));
  }

  private Path file(TilePath path) {
    return directory.resolve(path.toString());
  }

  /** What is in a file of the log, none of which is large, whatever others put in its place. */
  private Optional<byte[]> read(Path file) throws LogDirectoryException {
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw LogDirectoryException.contradicted(file + ": not a plain file");
      }
      try (InputStream in = Files.newInputStream(file)) {
        byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
        if (bytes.length > MAX_FILE_BYTES) {
          throw LogDirectoryException.contradicted(
              "%s: more than the %s bytes that a file of a log has at most"
                  .formatted(file, MAX_FILE_BYTES));
        }
        return Optional.of(bytes);
      }
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw LogDirectoryException.unfit(file + ": cannot be read: " + reason(e), e);
    }
  }

  private static LogDirectoryException unwritable(Path file, IOException e) {
    return LogDirectoryException.unfit(file + ": cannot be written: " + reason(e), e);
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "no permission";
    }
    return e instanceof FileSystemException system && system.getReason() != null
        ? system.getReason()
        : e.getClass().getSimpleName() + ": " + e.getMessage();
  }

  /** Gives the directory free. What was added and not published may be lost. */
  @Override
  public void close() {
    try {
      if (lock.isPresent()) {
        removeLeftovers();
        lock.get().close();
      }
    } catch (IOException e) {
      // What is left over is removed by the next writer; the lock ends with the process.
    }
  }
}
