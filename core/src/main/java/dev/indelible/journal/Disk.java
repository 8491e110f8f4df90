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
 * What a journal asks of the disk beside plain writes into its mapped files, in one place, so that
 * a test can fail every call and see every sync. Any thread.
 */
class Disk {
  /** Writes all of {@code from} at an offset. */
  void write(FileChannel channel, ByteBuffer from, long at) throws IOException {
    while (from.hasRemaining()) {
      at += channel.write(from, at);
    }
  }

  /** Returns when all that was written to a file is on disk. */
  void sync(Path file, FileChannel channel) throws IOException {
    channel.force(true);
  }

  /** Returns when all that was written to the beginning of a mapped file is on disk. */
  void sync(Path file, MappedByteBuffer map, int length) throws IOException {
    try {
      map.force(0, length);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Returns when the names in a directory are on disk. A file that was synced under a name that was
   * not is gone after a power cut.
   */
  void syncNames(Path directory) throws IOException {
    DurableFiles.syncNames(directory);
  }

  /** Gives a file its final name, where there must be none yet. */
  void rename(Path from, Path to) throws IOException {
    Files.move(from, to);
  }

  /**
   * Removes a file that may still be mapped: its blocks are given back first. An interrupt does not
   * keep it, as it would with a channel.
   */
  void remove(Path file) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(0);
    }
    Files.deleteIfExists(file);
  }

  /** Waits until this process has a file for itself. */
  FileLock lock(FileChannel channel) throws IOException {
    return channel.lock();
  }

  /** Takes a file for this process alone; null if another has it. */
  @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    return channel.tryLock();
  }

  /** Takes a file that is open to be read, so that no other process can take it alone. */
  @Nullable FileLock tryLockShared(FileChannel channel) throws IOException {
    return channel.tryLock(0, Long.MAX_VALUE, true);
  }

  /** Bytes that can still be written in a directory; unlimited where the system cannot say. */
  long usableBytes(Path directory) throws IOException {
    FileStore store = Files.getFileStore(directory);
    return store.getTotalSpace() == 0 ? Long.MAX_VALUE : store.getUsableSpace();
  }
}
