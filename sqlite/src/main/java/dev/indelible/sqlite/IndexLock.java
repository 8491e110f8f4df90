// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The lock that makes a writer the only one of its index, among all threads and processes. The end
 * of the process releases it.
 */
final class IndexLock implements AutoCloseable {
  /**
   * Files locked by this process. POSIX releases a lock when its process closes any descriptor of
   * the file, so a file that is locked here is not opened a second time.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private IndexLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Takes the lock; empty if a thread or process has it. */
  static Optional<IndexLock> tryLock(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent().toRealPath();
    Path known = directory.resolve(file.getFileName());
    if (!HELD.add(known)) {
      return Optional.empty();
    }
    FileChannel channel = null;
    boolean locked = false;
    try {
      channel =
          FileChannel.open(
              known,
              Set.of(
                  StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
              DurableFiles.ownerOnlyFile(directory));
      locked = channel.tryLock() != null;
      return locked ? Optional.of(new IndexLock(known, channel)) : Optional.empty();
    } catch (OverlappingFileLockException e) {
      // Another copy of these classes in this process has the lock.
      return Optional.empty();
    } finally {
      if (!locked) {
        if (channel != null) {
          channel.close();
        }
        HELD.remove(known);
      }
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The lock ends with the process.
    } finally {
      HELD.remove(file);
    }
  }
}
