// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A process that adds rows to an index in small steps, and prints the last indexed row. */
final class IndexProcess {
  private IndexProcess() {}

  public static void main(String[] args) throws Exception {
    int rounds = Integer.parseInt(args[2]);
    try (SqliteLedger ledger = SqliteLedger.open(Path.of(args[0]))) {
      for (int round = 0; round < rounds; round++) {
        Optional<IndexWriter> opened = IndexWriter.open(Path.of(args[1]), ledger, Duration.ZERO);
        if (opened.isEmpty()) {
          System.out.println("locked");
        } else {
          try (IndexWriter writer = opened.get()) {
            System.out.println("reached " + writer.reached());
            writer.append();
            System.out.println("reached " + writer.reached());
          }
        }
        System.out.flush();
      }
    }
  }
}
