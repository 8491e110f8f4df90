// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.json.CanonicalWriter;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    description = "Write the whole chain to a file, one JSON record with its payload a line.",
    footer = {"", "The file is synced before the command ends; one that exists is left alone."})
final class LogExportCommand extends Verb {
  @Parameters(paramLabel = "FILE", description = "the file to make, for example chain.jsonl")
  Path file = Path.of("chain.jsonl");

  private long rows;

  @Override
  public Integer call() throws Exception {
    try (LedgerReader ledger = ledger();
        Progress progress = new Progress(console(), "exported")) {
      write(ledger, progress);
    } catch (FileAlreadyExistsException e) {
      throw CommandFailure.usage(file + ": exists already; name a new file");
    } catch (NoSuchFileException e) {
      throw CommandFailure.usage(file + ": its directory does not exist; make it first");
    } catch (AccessDeniedException e) {
      throw CommandFailure.usage(file + ": no permission to write there; name another file");
    } catch (IOException | UncheckedIOException e) {
      throw CommandFailure.usage(file + ": cannot be written: " + e.getMessage());
    }
    if (json()) {
      console()
          .json(
              new CanonicalWriter()
                  .beginObject()
                  .member("file", file.toString())
                  .member("rows", rows)
                  .endObject());
    } else {
      console().line("%,d rows written to %s".formatted(rows, file));
    }
    return ExitCode.OK;
  }

  private void write(LedgerReader ledger, Progress progress) throws Exception {
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
    }
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
