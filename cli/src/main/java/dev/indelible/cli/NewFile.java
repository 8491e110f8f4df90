// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

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

/** A file that is made anew: whole and synced, or not there. One that is there is left alone. */
final class NewFile {
  private NewFile() {}

  /** What is in it. */
  @FunctionalInterface
  interface Content {
    void writeTo(OutputStream out) throws Exception;
  }

  static void write(Path file, byte[] content) throws Exception {
    write(file, out -> out.write(content));
  }

  static void write(Path file, Content content) throws Exception {
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
      try {
        content.writeTo(out);
        out.flush();
        channel.force(true);
      } catch (Exception e) {
        Files.deleteIfExists(file);
        throw e;
      }
    } catch (FileAlreadyExistsException e) {
      throw CommandFailure.usage(file + ": exists already; name a new file");
    } catch (NoSuchFileException e) {
      throw CommandFailure.usage(file + ": its directory does not exist; make it first");
    } catch (AccessDeniedException e) {
      throw CommandFailure.usage(file + ": no permission to write there; name another file");
    } catch (IOException | UncheckedIOException e) {
      throw CommandFailure.usage(file + ": cannot be written: " + e.getMessage());
    }
  }
}
