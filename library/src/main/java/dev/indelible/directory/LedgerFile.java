// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.DurableFiles;
import dev.indelible.ledger.LedgerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/**
 * The file {@code ledger}: one line, the URL of a ledger outside of the data directory. A file that
 * cannot be read is an error, never the absence of a file: otherwise events would go into another
 * ledger.
 *
 * @param path the file
 */
record LedgerFile(Path path) {
  /** More bytes than a URL needs. */
  private static final int MOST_BYTES = 4_096;

  /** Returns true if there is a file, or that cannot be determined. */
  boolean mayExist() {
    return !Files.notExists(path, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Reads the URL.
   *
   * @return empty if there is no such file
   * @throws LedgerException if the file cannot be read, or has not one line
   */
  Optional<String> read() throws LedgerException {
    if (!mayExist()) {
      return Optional.empty();
    }
    try {
      String text = Files.size(path) > MOST_BYTES ? "" : Files.readString(path);
      String url = text.strip();
      if (url.isEmpty() || url.lines().count() != 1) {
        throw new LedgerException(
            path
                + ": does not have one line with the URL of the ledger; restore the file; nothing is"
                + " recorded without it");
      }
      return Optional.of(url);
    } catch (IOException e) {
      throw new LedgerException(
          "%s: cannot be read: %s; the place of the ledger is unknown, so nothing is recorded"
              .formatted(path, DurableFiles.reason(e)),
          false,
          e);
    }
  }

  /** Writes the URL durably. */
  void write(String url) throws LedgerException {
    try {
      DurableFiles.replace(
          path,
          path.resolveSibling(".new-ledger-" + UUID.randomUUID()),
          (url + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new LedgerException(
          "%s: cannot be written: %s".formatted(path, DurableFiles.reason(e)), false, e);
    }
  }
}
