// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The disk calls of a journal, except writes into its mapped files. A test can make each call fail
 * and see each sync. Safe for use by any number of threads.
 */
class Disk {
  /** Writes all of {@code from} at an offset. */
  void write(FileChannel channel, ByteBuffer from, long at) throws IOException {
    while (from.hasRemaining()) {
      at += channel.write(from, at);
    }
  }

  /** Syncs a file to disk. */
  void sync(Path file, FileChannel channel) throws IOException {
    channel.force(true);
  }

  /** Syncs the beginning of a mapped file to disk. */
  void sync(Path file, MappedByteBuffer map, int length) throws IOException {
    try {
      map.force(0, length);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Syncs the names in a directory to disk. A power cut loses a synced file if its name was not
   * synced.
   */
  void syncNames(Path directory) throws IOException {
    DurableFiles.syncNames(directory);
  }

  /** Renames a file; the new name must not exist. */
  void rename(Path from, Path to) throws IOException {
    Files.move(from, to);
  }

  /**
   * Removes a file that may still be mapped; its blocks are freed first. Uses no channel, because
   * an interrupt would close it before the file is removed.
   */
  void remove(Path file) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(0);
    }
    Files.deleteIfExists(file);
  }

  /** Waits until this process has an exclusive lock on a file. */
  FileLock lock(FileChannel channel) throws IOException {
    return channel.lock();
  }

  /** Locks a file exclusively; returns null if another process has locked it. */
  @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    return channel.tryLock();
  }

  /**
   * Locks a file that is open for reading, in shared mode; returns null if it is locked
   * exclusively.
   */
  @Nullable FileLock tryLockShared(FileChannel channel) throws IOException {
    return channel.tryLock(0, Long.MAX_VALUE, true);
  }

  /**
   * Returns the free bytes on the file system of a directory; {@link Long#MAX_VALUE} if it is
   * unknown.
   */
  long usableBytes(Path directory) throws IOException {
    FileStore store = Files.getFileStore(directory);
    return store.getTotalSpace() == 0 ? Long.MAX_VALUE : store.getUsableSpace();
  }
}
