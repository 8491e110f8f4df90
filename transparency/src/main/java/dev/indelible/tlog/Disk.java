// SPDX-License-Identifier: Apache-2.0
package dev.indelible.tlog;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Disk operations that tests replace to simulate faults. */
class Disk {
  /** Writes a new file without syncing it. */
  void write(Path file, byte[] bytes) throws IOException {
    Files.write(file, bytes);
  }

  /** Syncs the content of a file. */
  void sync(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Renames a file atomically. Replaces an existing file. */
  void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Syncs the names in a directory. */
  void syncNames(Path directory) throws IOException {
    DurableFiles.syncNames(directory);
  }
}
