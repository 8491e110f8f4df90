// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Identity, size and time of change of some files. Two equal stamps mean that nothing was written
 * between them.
 */
record FileStamp(List<Entry> entries) {
  /**
   * The time after a change in which a further change may leave the file time unchanged, because
   * file systems record time in steps.
   */
  private static final Duration STEP = Duration.ofSeconds(2);

  /** One file; without attributes if the file does not exist. */
  private record Entry(Path file, @Nullable Object key, long size, @Nullable FileTime changed) {}

  /** Returns the stamp of files; empty if a file changed within {@link #STEP} or cannot be read. */
  static Optional<FileStamp> of(List<Path> files) {
    List<Entry> entries = new ArrayList<>();
    Instant settled = Instant.now().minus(STEP);
    for (Path file : files) {
      if (Files.notExists(file)) {
        entries.add(new Entry(file, null, 0, null));
        continue;
      }
      try {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        if (found.lastModifiedTime().toInstant().isAfter(settled)) {
          return Optional.empty();
        }
        entries.add(new Entry(file, found.fileKey(), found.size(), found.lastModifiedTime()));
      } catch (IOException e) {
        return Optional.empty();
      }
    }
    return Optional.of(new FileStamp(entries));
  }
}
