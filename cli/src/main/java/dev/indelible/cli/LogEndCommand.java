// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "end",
    description = "End the log: nothing more is recorded in it.",
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
    try (LedgerReader ledger = log().reader()) {
      long rows = ledger.lastRow().map(ChainRow::sequence).orElse(0L);
      long covered = ledger.lastCheckpoint().map(StoredCheckpoint::size).orElse(0L);
      if (covered < rows) {
        throw CommandFailure.failed(
            "the log is ended, but no checkpoint covers its last %s rows yet; run the command again"
                .formatted(rows - covered));
      }
      print(out -> out.member("rows", rows), "the log is ended; it has %,d rows", rows);
    }
    return ExitCode.OK;
  }
}
