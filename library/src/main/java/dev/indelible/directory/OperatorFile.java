// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyException;
import dev.indelible.note.OperatorHistory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/**
 * The file {@code keys/operator.vkey}: the operator's key on one line, the log's origin on the
 * next. It decides only while the chain shows no operator's key, for example because the ledger
 * cannot be read: a policy then still needs a signature.
 *
 * @param path the file
 */
record OperatorFile(Path path) {
  /** Writes the key, in place of an earlier one. */
  void write(VerifierKey key, String origin) throws KeyException {
    try {
      DurableFiles.replace(
          path,
          path.resolveSibling(".new-" + UUID.randomUUID() + ".vkey"),
          content(key, origin).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new KeyException(
          "%s: cannot be written: %s; the chain has the operator's key; run the command again"
              .formatted(path, DurableFiles.reason(e)),
          e);
    }
  }

  /** Writes the key, unless the file has it. */
  void writeIfOther(VerifierKey key, String origin) throws KeyException {
    Optional<String> found;
    try {
      found = Optional.of(Files.readString(path));
    } catch (IOException e) {
      found = Optional.empty();
    }
    if (!found.equals(Optional.of(content(key, origin)))) {
      write(key, origin);
    }
  }

  private static String content(VerifierKey key, String origin) {
    return key.vkey() + "\n" + origin + "\n";
  }

  /**
   * Reads the key. The number of a policy is unknown here.
   *
   * @return empty if there is no such file
   * @throws KeyException if the file cannot be read
   */
  Optional<OperatorHistory> read() throws KeyException {
    try {
      String[] lines = Files.readString(path).split("\n", -1);
      if (lines.length != 3 || !VerifierKey.isName(lines[1])) {
        throw new KeyException(path + ": does not have a vkey and an origin, one on each line");
      }
      return Optional.of(OperatorHistory.unread(VerifierKey.parse(lines[0]), lines[1]));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new KeyException(path + ": cannot be read: " + DurableFiles.reason(e), e);
    } catch (CheckpointParseException e) {
      throw new KeyException(path + ": " + e.getMessage(), e);
    }
  }
}
