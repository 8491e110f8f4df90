// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "tail",
    description = "Print the last rows of the chain, then each new row.",
    footer = {"", "Runs until it is interrupted."})
final class LogTailCommand extends Verb {
  private static final Duration LOOK_INTERVAL = Duration.ofMillis(200);

  @Option(
      names = {"-n", "--lines"},
      paramLabel = "N",
      defaultValue = "10",
      description = "start with the last N rows (default: ${DEFAULT-VALUE})")
  long lines = 10;

  @Option(names = "--no-follow", description = "print the last rows and exit")
  boolean noFollow;

  private long next;

  @Override
  public Integer call() throws Exception {
    CommandFailure.refuseIf(lines < 0, "--lines %s: give a number of rows, 0 or more", lines);
    RowPrinter printer = new RowPrinter(console(), root().output, Optional.empty());
    try (LedgerReader ledger = ledger()) {
      long last = ledger.lastRow().map(ChainRow::sequence).orElse(0L);
      next = Math.max(Long.MIN_VALUE + lines, last) - lines + 1;
      printer.head();
      printNew(ledger, printer);
      while (!noFollow && !console().out().checkError()) {
        LockSupport.parkNanos(LOOK_INTERVAL.toNanos());
        printNew(ledger, printer);
      }
    }
    return ExitCode.OK;
  }

  private void printNew(LedgerReader ledger, RowPrinter printer) throws Exception {
    ledger.forEachRow(
        RowQuery.from(next),
        row -> {
          printer.row(row);
          next = row.sequence() + 1;
          return true;
        });
    console().out().flush();
  }
}
