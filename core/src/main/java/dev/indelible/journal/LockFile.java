// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.DurableFiles;
import dev.indelible.base.ThrowingFunction;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Files that exist only to be locked.
 *
 * <p>POSIX releases a lock when its process closes <em>any</em> descriptor of the locked file. So a
 * lock file is opened only to lock it. A channel is left open if another copy of these classes in
 * this process may hold a lock on its file.
 */
final class LockFile {
  /** Channels whose closing would release a lock of another copy of these classes. */
  private static final List<FileChannel> LEFT_OPEN = new CopyOnWriteArrayList<>();

  private LockFile() {}

  /** Opens a file, and creates it if it does not exist. Does not follow a link. */
  static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
        DurableFiles.ownerOnlyFile(file.toAbsolutePath().getParent()));
  }

  /** Opens a file to check whether it is locked. */
  static FileChannel openToRead(Path file) throws IOException {
    return FileChannel.open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
  }

  /**
   * Locks a file if it is free; closes the channel if it is not.
   *
   * @param tryLock returns the lock, or null
   */
  static Optional<FileLock> tryLock(
      Path file,
      FileChannel channel,
      ThrowingFunction<FileChannel, @Nullable FileLock, IOException> tryLock)
      throws IOException, JournalException {
    boolean keep = false;
    try {
      Optional<FileLock> lock = Optional.ofNullable(tryLock.apply(channel));
      keep = lock.isPresent();
      return lock;
    } catch (OverlappingFileLockException e) {
      leaveOpen(channel);
      keep = true;
      return Optional.empty();
    } catch (IOException e) {
      throw withoutLocks(file, e);
    } finally {
      if (!keep) {
        channel.close();
      }
    }
  }

  /** Keeps a channel open until the process ends. */
  static void leaveOpen(FileChannel channel) {
    LEFT_OPEN.add(channel);
  }

  /** Returns the error for a file that cannot be locked. */
  static JournalException withoutLocks(Path file, IOException cause) {
    return new JournalException(
        "%s: cannot be locked (%s); a journal needs a file system with locks, so keep the data directory on a local disk"
            .formatted(file, cause.getMessage()),
        cause);
  }
}
