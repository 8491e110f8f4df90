// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.adopt.AdoptedChain;
import dev.indelible.adopt.AiMemoryRow;
import dev.indelible.adopt.AiMemoryVerifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.sqlite.AiMemoryFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Chain of another system, in a file. */
final class ForeignChain {
  private ForeignChain() {}

  /** Refuses an unknown format. */
  static void requireFormat(String format) throws CommandFailure {
    if (!format.equals(AiMemoryVerifier.FORMAT)) {
      throw CommandFailure.usage(
          "--format %s: no such format; there is %s".formatted(format, AiMemoryVerifier.FORMAT));
    }
  }

  /**
   * Verifies a file by the rules of its own format.
   *
   * @param also called with every row
   * @throws LedgerException if the file is not of this format
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

  /** Returns the chains that a ledger has adopted, by the row that records it. */
  static Map<Long, AdoptedChain> adopted(LedgerReader ledger) throws LedgerException {
    Map<Long, AdoptedChain> adopted = new TreeMap<>();
    ledger.forEachRow(
        RowQuery.ofType(AdoptedChain.EVENT_TYPE),
        row -> {
          AdoptedChain.read(row).ifPresent(chain -> adopted.put(row.sequence(), chain));
          return true;
        });
    return adopted;
  }
}
