// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "list", description = "Print the rows of the chain, oldest first.")
final class LogListCommand extends Verb {
  @Option(names = "--limit", paramLabel = "N", description = "at most N rows (default: all)")
  long limit = Long.MAX_VALUE;

  @Option(names = "--from", paramLabel = "SEQUENCE", description = "from this row on")
  long from = Long.MIN_VALUE;

  @Option(names = "--agent", paramLabel = "ID", description = "only rows of this agent")
  @Nullable String agent;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "only rows of this type, for example governance.refusal")
  @Nullable String type;

  private long printed;

  @Override
  public Integer call() throws Exception {
    CommandFailure.refuseIf(limit < 0, "--limit %s: give a number of rows, 0 or more", limit);
    RowPrinter printer = new RowPrinter(console(), json());
    try (LedgerReader ledger = ledger()) {
      printer.head();
      if (limit > 0) {
        ledger.forEachRow(
            new RowQuery(from, Optional.ofNullable(agent), Optional.ofNullable(type)),
            row -> {
              printer.row(row);
              return ++printed < limit && (printed % 1_000 != 0 || !console().out().checkError());
            });
      }
    }
    return ExitCode.OK;
  }
}
