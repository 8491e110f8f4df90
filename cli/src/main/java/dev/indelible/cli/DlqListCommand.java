// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.LedgerReader;
import picocli.CommandLine.Command;

@Command(name = "list", description = "Print the dead letters, oldest first.")
final class DlqListCommand extends Verb {
  private static final int CAUSE_WIDTH = 60;

  @Override
  public Integer call() throws Exception {
    Table table =
        new Table("letter", "failed at", "id", "agent", "type", "attempts", "state", "cause");
    try (LedgerReader ledger = ledger()) {
      ledger.forEachDeadLetter(
          letter -> {
            if (json()) {
              console().json(DlqShowCommand.toJson(letter));
            } else {
              table.row(
                  Table.Cell.of(letter.letter()),
                  Table.Cell.of(Console.printable(letter.failedAt())),
                  Table.Cell.of(Console.printable(letter.id())),
                  Table.Cell.of(Console.excerpt(letter.agentId(), 24)),
                  Table.Cell.of(Console.printable(letter.eventType())),
                  Table.Cell.of(letter.attempts()),
                  Table.Cell.of(letter.replayedAs().isPresent() ? "replayed" : "waiting"),
                  Table.Cell.of(Console.excerpt(letter.failureReason(), CAUSE_WIDTH)));
            }
            return true;
          });
    }
    if (!json() && table.isEmpty()) {
      console().line("no dead letters");
    } else if (!json()) {
      table.print(console());
    }
    return ExitCode.OK;
  }
}
