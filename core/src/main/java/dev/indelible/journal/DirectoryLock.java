// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lock of a journal directory. A process holds it while it takes or retires slots. Therefore no
 * slot is moved while another process opens it. If several processes start for the first time at
 * once, only one of them creates the ledger's id. The lock is held for a few file operations, never
 * while events or the ledger are read.
 */
final class DirectoryLock implements AutoCloseable {
  /**
   * The file that is locked; it is never removed. Its name cannot change: processes of two versions
   * exclude each other only if both lock one file.
   */
  static final String FILE = "door";

  /**
   * How long a reader waits for the lock. A start holds it for much less; a suspended process may
   * hold it forever.
   */
  private static final Duration READER_PATIENCE = Duration.ofSeconds(2);

  /** The interval between two attempts of a reader. */
  private static final Duration READER_POLL_INTERVAL = Duration.ofMillis(1);

  /** POSIX locks do not exclude the threads of one process. */
  private static final ReentrantLock IN_PROCESS = new ReentrantLock();

  private static final Logger LOG = LoggerFactory.getLogger(DirectoryLock.class);

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Waits for the lock until no other process and no other thread has it. */
  static DirectoryLock acquire(Path directory, Disk disk) throws IOException, JournalException {
    Path file = directory.resolve(FILE);
    boolean wasThere = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    IN_PROCESS.lock();
    @Nullable FileChannel channel = null;
    boolean locked = false;
    try {
      channel = LockFile.open(file);
      disk.lock(channel);
      locked = true;
      return new DirectoryLock(channel);
    } catch (OverlappingFileLockException e) {
      channel = keepOpen(channel);
      throw new JournalException(
          file + ": another copy of this library in this process is opening it; try again", e);
    } catch (ClosedByInterruptException | FileLockInterruptionException e) {
      throw e;
    } catch (IOException e) {
      if (channel == null) {
        throw e;
      }
      if (!wasThere) {
        // This file system has no locks, so no other process has locked the new file.
        Files.deleteIfExists(file);
      }
      throw LockFile.withoutLocks(file, e);
    } finally {
      if (!locked) {
        release(channel);
      }
    }
  }

  /**
   * Acquires a shared lock, which prevents other processes from taking and retiring slots. Needs
   * only read access to the lock file, and does not exclude readers in other processes.
   *
   * @throws JournalException if another process holds the lock for longer than a start does
   */
  static DirectoryLock acquireToRead(Path directory, Disk disk)
      throws IOException, JournalException {
    long start = System.nanoTime();
    do {
      @Nullable DirectoryLock lock = tryAcquire(directory, disk, true);
      if (lock != null) {
        return lock;
      }
      LockSupport.parkNanos(READER_POLL_INTERVAL.toNanos());
    } while (System.nanoTime() - start < READER_PATIENCE.toNanos());
    throw new JournalException(
        "%s: has been locked by another process for %s s, so it is unknown which slots are in use; try again"
            .formatted(directory.resolve(FILE), READER_PATIENCE.toSeconds()));
  }

  /** Takes the lock if it is free now; returns null if it is not. */
  static @Nullable DirectoryLock tryAcquire(Path directory, Disk disk) throws IOException {
    return tryAcquire(directory, disk, false);
  }

  private static @Nullable DirectoryLock tryAcquire(Path directory, Disk disk, boolean isReader)
      throws IOException {
    if (!IN_PROCESS.tryLock()) {
      return null;
    }
    @Nullable FileChannel channel = null;
    boolean locked = false;
    try {
      Path file = directory.resolve(FILE);
      channel = isReader ? LockFile.openToRead(file) : LockFile.open(file);
      locked = (isReader ? disk.tryLockShared(channel) : disk.tryLock(channel)) != null;
      return locked ? new DirectoryLock(channel) : null;
    } catch (OverlappingFileLockException e) {
      channel = keepOpen(channel);
      return null;
    } finally {
      if (!locked) {
        release(channel);
      }
    }
  }

  /**
   * Leaves a channel open and returns null. Closing it would release the lock of another copy of
   * these classes in this process.
   */
  private static @Nullable FileChannel keepOpen(@Nullable FileChannel channel) {
    if (channel != null) {
      LockFile.leaveOpen(channel);
    }
    return null;
  }

  private static void release(@Nullable FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // The descriptor is closed nevertheless, and the lock is released.
      LOG.warn("releasing the lock of the journal directory failed: {}", e.toString());
    } finally {
      IN_PROCESS.unlock();
    }
  }

  @Override
  public void close() {
    release(channel);
  }
}
