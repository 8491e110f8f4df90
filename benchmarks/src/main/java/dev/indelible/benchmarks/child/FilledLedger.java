// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.append.RowSealer;
import dev.indelible.benchmarks.contender.PlainLedger;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.AuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Fills a ledger with valid rows, faster than a log does. */
final class FilledLedger {
  private FilledLedger() {}

  /**
   * Appends signed rows to a ledger until it has a number of rows.
   *
   * @param directory the directory of a closed log that has a ledger
   */
  static void fill(Path directory, long rows, Supplier<? extends AuditEvent> events)
      throws Exception {
    DataDirectory data = new DataDirectory(directory);
    RowSealer sealer = new RowSealer(data.keys().openOrCreate());
    try (PlainLedger ledger = PlainLedger.open(data.database(), PlainLedger.Synchronous.OFF)) {
      Head head = ledger.head();
      while (head.sequence() < rows) {
        List<AuditEvent> batch = new ArrayList<>();
        while (batch.size() < Math.min(RawInsert.BATCH, rows - head.sequence())) {
          batch.add(events.get());
        }
        List<ChainRow> sealed = sealer.seal(head, batch);
        ledger.append(sealed);
        head = sealed.get(sealed.size() - 1).head();
      }
    }
  }
}
