// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.aimemory.AiMemoryRow;
import dev.indelible.aimemory.AiMemoryVerifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.ledger.LedgerException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Verifies a file of another system's chain with progress on the console. */
final class ForeignChain {
  private ForeignChain() {}

  /** Refuses an unknown format. */
  static void requireFormat(String format) throws CommandFailure {
    CommandFailure.refuseIf(
        !format.equals(AiMemoryVerifier.FORMAT),
        "--format %s: unknown format; use %s",
        format,
        AiMemoryVerifier.FORMAT);
  }

  /**
   * Verifies all of a file by the rules of its own format.
   *
   * @param each receives every row
   * @throws LedgerException if the file has another format
   */
  static AiMemoryVerifier verify(
      Path path, KeyRing keys, Console console, Consumer<AiMemoryRow> each) throws LedgerException {
    try (Progress progress = new Progress(console, "verified")) {
      return AiMemoryVerifier.verify(
          path,
          keys,
          row -> {
            each.accept(row);
            progress.at(row.sequence());
          });
    }
  }
}
