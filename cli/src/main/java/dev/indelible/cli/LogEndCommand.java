// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "end",
    description = "End the log for good: nothing more is recorded in it.",
    footer = {
      "",
      "The end is the last row of the chain, and a checkpoint covers it. Only payloads",
      "can still be erased. A process that has the log open stops recording, and its",
      "gate refuses every action; events that wait in its journal stay there. So stop",
      "every writer first. This cannot be undone."
    })
final class LogEndCommand extends Verb {
  @Mixin ReasonOption reason = new ReasonOption();

  @Mixin ByOption by = new ByOption();

  @Override
  public Integer call() throws Exception {
    String why = reason.text();
    String who = by.name();
    log().end(why, who);
    long rows;
    try (LedgerReader ledger = log().reader()) {
      rows = ledger.lastRow().map(ChainRow::sequence).orElse(0L);
    }
    long count = rows;
    print(out -> out.member("rows", count), "the log is ended; it has %,d rows", count);
    return ExitCode.OK;
  }
}
