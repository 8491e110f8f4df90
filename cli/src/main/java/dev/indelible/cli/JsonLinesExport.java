// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** The whole chain in one new file, a record with its payload a line; whole and synced, or none. */
final class JsonLinesExport {
  private final Path file;
  private long rows;

  JsonLinesExport(Path file) {
    this.file = file;
  }

  /** Writes the file, and tells how many rows it has. */
  long write(LedgerReader ledger, Progress progress) throws Exception {
    NewFile.write(
        file,
        out ->
            ledger.forEachRow(
                RowQuery.all(),
                row -> {
                  writeLine(out, row.toJson());
                  progress.at(++rows);
                  return true;
                }));
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
