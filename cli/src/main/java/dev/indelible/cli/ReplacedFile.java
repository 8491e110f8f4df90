// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A file whose content is replaced as a whole: after a crash it has the old or the new one. */
final class ReplacedFile {
  private ReplacedFile() {}

  /** Writes the content aside, syncs it, and renames it; keeps the permissions of the old file. */
  static void write(Path file, byte[] content) throws CommandFailure {
    Path directory = file.getParent();
    try {
      Files.createDirectories(directory);
      Path aside = Files.createTempFile(directory, "." + file.getFileName(), ".new");
      try {
        if (Files.exists(file)) {
          Files.setPosixFilePermissions(aside, Files.getPosixFilePermissions(file));
        }
        try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
          ByteBuffer rest = ByteBuffer.wrap(content);
          while (rest.hasRemaining()) {
            channel.write(rest);
          }
          channel.force(true);
        }
        Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(aside);
      }
    } catch (IOException e) {
      throw CommandFailure.usage(file + ": cannot be written: " + e);
    }
  }
}
