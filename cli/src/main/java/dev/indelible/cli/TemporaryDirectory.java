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

/** A directory that is gone when its user is done, or told to end (Ctrl-C, SIGTERM). */
final class TemporaryDirectory implements AutoCloseable {
  /** How long an end of the process may take for the sake of this directory. */
  private static final Duration PATIENCE = Duration.ofSeconds(8);

  /** Work that is still going on may bring a file back; after this long without, it will not. */
  private static final Duration GONE_FOR_GOOD = Duration.ofMillis(100);

  private final Path path;
  private final Thread hook = new Thread(this::deleteForGood, "indelible-bench-cleanup");

  private TemporaryDirectory(Path path) {
    this.path = path;
  }

  /** Makes one whose name begins so. */
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
      // The process is ending, and the hook is at it already.
      return;
    }
    delete();
  }

  /** While the process ends, its other threads still run, and write. */
  private void deleteForGood() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    boolean wasGone = false;
    while (System.nanoTime() - deadline < 0) {
      boolean gone = !Files.exists(path);
      if (gone && wasGone) {
        return;
      }
      wasGone = gone;
      try {
        delete();
      } catch (IOException e) {
        // A file came or went meanwhile; the next round takes it.
      }
      LockSupport.parkNanos(GONE_FOR_GOOD.toNanos());
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
