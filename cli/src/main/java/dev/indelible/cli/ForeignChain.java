// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.adopt.AiMemoryRow;
import dev.indelible.adopt.AiMemoryVerifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.ledger.LedgerException;
import dev.indelible.sqlite.AiMemoryFile;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A chain that another system wrote, in a file, as the verbs that are about such a file read it.
 */
final class ForeignChain {
  private ForeignChain() {}

  /** Refuses a format that cannot be read here. */
  static void requireFormat(String format) throws CommandFailure {
    if (!format.equals(AiMemoryVerifier.FORMAT)) {
      throw CommandFailure.usage(
          "--format %s: no such format; there is %s".formatted(format, AiMemoryVerifier.FORMAT));
    }
  }

  /**
   * Checks all of a file by the rules of its own format.
   *
   * @param also shown every row, too
   * @throws LedgerException if it is no such file
   */
  static AiMemoryVerifier verify(
      Path path, KeyRing keys, Console console, Consumer<AiMemoryRow> also) throws LedgerException {
    AiMemoryVerifier verifier = new AiMemoryVerifier(keys);
    try (AiMemoryFile file = AiMemoryFile.open(path);
        Progress progress = new Progress(console, "verified")) {
      file.damage().forEach(verifier::damaged);
      verifier.laterColumns(file.laterColumns());
      file.forEachRow(
          row -> {
            verifier.row(row);
            also.accept(row);
            progress.at(verifier.rows());
          });
      file.repeatedId().ifPresent(verifier::repeatedId);
      verifier.unchained(file.unchained());
      verifier.deadLetters(file.deadLetters());
    } catch (LedgerException e) {
      if (!e.isDamaged()) {
        throw e;
      }
      verifier.damaged(String.valueOf(e.getMessage()));
    }
    return verifier;
  }
}
