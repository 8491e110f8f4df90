// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A directory that is deleted on {@link #close}, and when Ctrl-C or SIGTERM ends the process. */
final class TemporaryDirectory implements AutoCloseable {
  /** Longest time that the deletion delays the end of the process. */
  private static final Duration PATIENCE = Duration.ofSeconds(8);

  /** Time between two deletions; threads that still run may create a file in between. */
  private static final Duration CHECK_INTERVAL = Duration.ofMillis(100);

  /**
   * The number of looks that must find no directory; on a busy machine, a thread that creates a
   * file may pause for some tenths of a second.
   */
  private static final int LOOKS = 6;

  private final Path path;
  private final Thread hook = new Thread(this::deleteUntilGone, "indelible-bench-cleanup");

  private TemporaryDirectory(Path path) {
    this.path = path;
  }

  /** Creates a directory whose name has this prefix. */
  static TemporaryDirectory create(String prefix) throws IOException {
    TemporaryDirectory made = new TemporaryDirectory(Files.createTempDirectory(prefix));
    Runtime.getRuntime().addShutdownHook(made.hook);
    return made;
  }

  Path resolve(String name) {
    return path.resolve(name);
  }

  @Override
  public void close() throws IOException {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending, and the hook deletes the directory.
      return;
    }
    delete();
  }

  /** Deletes until the directory stays deleted, because other threads write while the JVM ends. */
  private void deleteUntilGone() {
    long start = System.nanoTime();
    int gone = 0;
    while (gone < LOOKS && System.nanoTime() - start < PATIENCE.toNanos()) {
      gone = Files.exists(path) ? 0 : gone + 1;
      try {
        delete();
      } catch (IOException e) {
        // A file was created or deleted meanwhile; the next round deletes it.
      }
      LockSupport.parkNanos(CHECK_INTERVAL.toNanos());
    }
  }

  private void delete() throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> all = Files.walk(path)) {
      files = all.sorted(Comparator.reverseOrder()).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}
