// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A temporary directory that is deleted on close.
 *
 * @param path the directory
 */
public record Scratch(Path path) implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration MOMENT = Duration.ofMillis(50);

  /** Creates a directory. */
  public static Scratch in(Path parent) throws IOException {
    return new Scratch(Files.createTempDirectory(parent, "indelible-bench-"));
  }

  /** Deletes the directory. Retries, because a contender may still be writing its last batch. */
  @Override
  public void close() throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (Files.exists(path)) {
      try {
        delete();
      } catch (IOException | UncheckedIOException e) {
        if (System.nanoTime() - deadline >= 0) {
          throw e;
        }
        LockSupport.parkNanos(MOMENT.toNanos());
      }
    }
  }

  private void delete() throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
