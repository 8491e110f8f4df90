// SPDX-License-Identifier: Apache-2.0
package dev.indelible.tlog;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Writes files under temporary names in {@code .new}, syncs them in batches, and then renames them
 * to their final names. Used by one thread.
 */
final class StagedFiles {
  private static final String NEW = ".new";

  /** Number of files that are synced together. */
  private static final int BATCH_FILES = 256;

  /** Number of concurrent syncs. A file system commits concurrent syncs together. */
  private static final int SYNCS_AT_ONCE = 16;

  private final Path directory;
  private final Disk disk;

  /** The final names of the written files. The index in this list is the temporary name. */
  private final List<Path> waiting = new ArrayList<>();

  /** Directories with renamed files whose names may not be on disk yet. */
  private final Set<Path> renamedIn = new LinkedHashSet<>();

  private long written;

  StagedFiles(Path directory, Disk disk) {
    this.directory = directory;
    this.disk = disk;
  }

  /** Returns the number of added files. */
  long written() {
    return written;
  }

  /** Writes a file under a temporary name. Its batch renames it to {@code file}. */
  void add(Path file, byte[] bytes) throws LogDirectoryException {
    try {
      Files.createDirectories(directory.resolve(NEW));
      disk.write(staged(waiting.size()), bytes);
    } catch (IOException e) {
      throw LogDirectory.unwritable(file, e);
    }
    waiting.add(file);
    written++;
    if (waiting.size() == BATCH_FILES) {
      renameWaiting();
    }
  }

  /** Syncs and renames the waiting files, and syncs the names. */
  void sync() throws LogDirectoryException {
    renameWaiting();
    try {
      for (Path each : renamedIn) {
        disk.syncNames(each);
      }
      renamedIn.clear();
    } catch (IOException e) {
      throw LogDirectory.unwritable(directory, e);
    }
  }

  /** Renames the files, once all of them are on disk. */
  private void renameWaiting() throws LogDirectoryException {
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
      throw LogDirectory.unwritable(directory, e);
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

  /** Removes temporary files that a crashed writer left. */
  void removeLeftovers() throws IOException {
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

  private Path staged(int index) {
    return directory.resolve(NEW).resolve(Integer.toString(index));
  }
}
