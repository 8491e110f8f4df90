// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.ThrowingConsumer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes new files: a file is complete and synced, or does not exist. An existing file is not
 * changed.
 */
final class NewFile {
  private NewFile() {}

  static void write(Path file, byte[] content) throws Exception {
    write(file, out -> out.write(content));
  }

  static void write(Path file, ThrowingConsumer<OutputStream, Exception> content) throws Exception {
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
      try {
        content.accept(out);
        out.flush();
        channel.force(true);
      } catch (Exception e) {
        Files.deleteIfExists(file);
        throw e;
      }
    } catch (FileAlreadyExistsException e) {
      throw CommandFailure.usage("%s: exists already; name a new file", file);
    } catch (NoSuchFileException e) {
      throw CommandFailure.usage("%s: its directory does not exist; create it first", file);
    } catch (AccessDeniedException e) {
      throw CommandFailure.usage("%s: no permission to write there; name another file", file);
    } catch (IOException | UncheckedIOException e) {
      throw CommandFailure.usage("%s: cannot be written: %s", file, e.getMessage());
    }
  }
}
