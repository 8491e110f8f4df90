// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A process in which threads read an index that is deleted and built again meanwhile. It ends with
 * a signal if SQLite writes to a part of a file that another connection has cut off.
 */
final class IndexRebuilds {
  private IndexRebuilds() {}

  public static void main(String[] args) throws Exception {
    Path index = Path.of(args[1]);
    AtomicBoolean over = new AtomicBoolean();
    for (int i = 0; i < 3; i++) {
      Thread reader = new Thread(() -> read(Path.of(args[0]), index, over));
      reader.setDaemon(true);
      reader.start();
    }
    try (SqliteLedger ledger = SqliteLedger.open(Path.of(args[0]))) {
      for (int round = 0; round < Integer.parseInt(args[2]); round++) {
        if (round % 2 == 0) {
          Files.deleteIfExists(index);
        } else {
          IndexWriter.discard(index);
        }
        Optional<IndexWriter> opened = IndexWriter.open(index, ledger, Duration.ZERO);
        if (opened.isPresent()) {
          try (IndexWriter writer = opened.get()) {
            writer.append();
            writer.append();
          }
        }
      }
    }
    over.set(true);
    System.out.println("built");
  }

  private static void read(Path file, Path index, AtomicBoolean over) {
    try (SqliteLedger ledger = SqliteLedger.open(file)) {
      while (!over.get()) {
        SqliteIndex.open(index, ledger).ifPresent(SqliteIndex::close);
      }
    } catch (Exception e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }
}
