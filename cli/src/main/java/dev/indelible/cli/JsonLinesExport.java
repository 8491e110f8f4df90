// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
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

/** The whole chain in one new file, a record with its payload a line; whole and synced, or none. */
final class JsonLinesExport {
  private final Path file;
  private long rows;

  JsonLinesExport(Path file) {
    this.file = file;
  }

  /** Writes the file, and tells how many rows it has. */
  long write(LedgerReader ledger, Progress progress) throws Exception {
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
      try {
        ledger.forEachRow(
            RowQuery.all(),
            row -> {
              writeLine(out, row.toJson());
              progress.at(++rows);
              return true;
            });
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
    return rows;
  }

  private static void writeLine(OutputStream out, byte[] json) {
    try {
      out.write(json);
      out.write('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
