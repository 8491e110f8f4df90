// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.AuditLog;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.directory.DataDirectory;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    description = "Write the log as files that others can check and any web server can serve.",
    footer = {
      "",
      "tiles: a directory in the layout of C2SP tlog-tiles, up to the last signed",
      "checkpoint, with the records but not the payloads. A later run adds new rows",
      "and never changes a tile.",
      "jsonl: one new file with all rows, each with its payload on one line."
    })
final class LogExportCommand extends Verb {
  @Parameters(
      paramLabel = "PATH",
      description = "the directory to write to (tiles), or the new file (jsonl)")
  Path path = Path.of("log");

  @Option(
      names = "--format",
      paramLabel = "tiles|jsonl",
      defaultValue = "tiles",
      description = "tiles, or jsonl (default: tiles)")
  Format format = Format.tiles;

  enum Format {
    tiles,
    jsonl
  }

  /** Rows written so far to a JSON lines file. */
  private long rows;

  @Override
  public Integer call() throws Exception {
    try (Progress progress = new Progress(console(), "exported")) {
      if (format == Format.jsonl) {
        writeRows(progress);
      } else {
        writeTiles(progress);
      }
    }
    return ExitCode.OK;
  }

  private void writeTiles(Progress progress) throws Exception {
    AuditLog log = log();
    CommandFailure.refuseIf(
        new DataDirectory(path).recordsLedger(),
        "%s: is a data directory, which only its owner may read; name another directory",
        path);
    AuditLog.Exported exported = log.export(path, progress::at);
    Checkpoint checkpoint = exported.checkpoint();
    print(
        out ->
            out.member("directory", path.toString())
                .member("files_written", exported.filesWritten())
                .member("origin", checkpoint.origin())
                .member("root", checkpoint.root().hex())
                .member("rows", checkpoint.size()),
        "%,d rows of %s are in %s; %,d files written",
        checkpoint.size(),
        Console.printable(checkpoint.origin()),
        path,
        exported.filesWritten());
  }

  /** Writes all rows into one new file, one row per line. */
  private void writeRows(Progress progress) throws Exception {
    try (LedgerReader ledger = ledger()) {
      NewFile.write(
          path,
          out ->
              ledger.forEachRow(
                  RowQuery.all(),
                  row -> {
                    writeLine(out, row.toJson());
                    progress.at(++rows);
                    return true;
                  }));
    }
    print(
        out -> out.member("file", path.toString()).member("rows", rows),
        "%,d rows written to %s",
        rows,
        path);
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
