// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

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
 * A lock on a file that exists only to be locked. One thread of one process at a time holds it.
 * {@link #close} releases it, and so does the end of the process.
 *
 * <p>POSIX releases a process's lock on a file when the process closes <em>any</em> descriptor of
 * the file. So a file that this process has locked MUST NOT be opened by other code, and is not
 * opened by a second attempt to lock it.
 */
public final class ExclusiveLock implements AutoCloseable {
  /** The files that this process has locked, or is about to lock. */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private ExclusiveLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Locks a file. Creates it with mode 0600 if it does not exist; does not follow a link.
   *
   * @return empty if another thread or process holds the lock
   * @throws IOException if the directory does not exist, or the file cannot be opened or locked
   */
  public static Optional<ExclusiveLock> tryLock(Path file) throws IOException {
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
      return locked ? Optional.of(new ExclusiveLock(known, channel)) : Optional.empty();
    } catch (OverlappingFileLockException e) {
      // Another class loader has loaded this class, and its copy holds the lock.
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

  /** Releases the lock. */
  @Override
  public synchronized void close() {
    if (!channel.isOpen()) {
      // A second close must not release the lock of a later holder.
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      // The lock ends with the process.
    } finally {
      HELD.remove(file);
    }
  }
}
