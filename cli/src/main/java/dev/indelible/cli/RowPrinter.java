// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.ChainRow;

/** Prints rows of the chain, one on each line, as aligned text or as JSON. */
final class RowPrinter {
  private static final int AGENT_WIDTH = 24;
  private static final int RULE_WIDTH = 20;
  private static final int ACTION_WIDTH = 72;

  /** Fixed widths, so that lines align before all rows are known. */
  private static final String FORMAT =
      "%8s  %-23s  %-" + AGENT_WIDTH + "s  %s  %-" + RULE_WIDTH + "s  %s";

  private final Console console;
  private final boolean json;

  RowPrinter(Console console, boolean json) {
    this.console = console;
    this.json = json;
  }

  void head() {
    if (!json) {
      console.line(
          console.faint(
              FORMAT.formatted("sequence", "time", "agent", pad("decision"), "rule", "action")));
    }
  }

  void row(ChainRow row) {
    if (json) {
      console.json(row.toJson());
      return;
    }
    PayloadSummary summary =
        row.payload()
            .map(PayloadSummary::of)
            .orElse(new PayloadSummary("", "", "", "(payload erased)"));
    // An event without a decision is shown by its type.
    String what = summary.verdict().isEmpty() ? row.eventType() : summary.verdict();
    console.line(
        FORMAT
            .formatted(
                row.sequence(),
                time(row),
                Console.excerpt(row.agentId(), AGENT_WIDTH),
                console.byMeaning(pad(Console.printable(what)), what),
                Console.excerpt(summary.rule(), RULE_WIDTH),
                Console.excerpt(summary.action(), ACTION_WIDTH))
            .stripTrailing());
  }

  private static String time(ChainRow row) {
    String time = Console.printable(row.timestamp());
    return time.length() > 23 ? time.substring(0, 23).replace('T', ' ') : time;
  }

  private static String pad(String verdict) {
    return "%-8s".formatted(verdict);
  }
}
