// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.EventQuery.Page;
import dev.indelible.ledger.RowQuery;
import dev.indelible.storage.StoredLedger;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "list",
    description = "Print the rows of the chain, oldest first.",
    footer = {
      "",
      "With --output csv: a line of names, then one line per row (RFC 4180).",
      "Columns: sequence, time, id, agent, type, decision, rule, reason, kind,",
      "session, action."
    })
final class LogListCommand extends Verb {
  /** The most rows that {@code --last} holds in memory. */
  private static final long MOST_LAST = 100_000;

  /** Longest search for one page; a person waits for the first rows. */
  private static final Duration PAGE_TIME = Duration.ofSeconds(1);

  @Option(names = "--limit", paramLabel = "N", description = "at most N rows (default: all)")
  long limit = Long.MAX_VALUE;

  @Option(names = "--last", paramLabel = "N", description = "only the last N of the rows")
  @Nullable Long last;

  @Option(names = "--from", paramLabel = "SEQUENCE", description = "from this row on")
  long from = Long.MIN_VALUE;

  @Mixin FilterOptions filters = new FilterOptions();

  @Option(
      names = "--columns",
      paramLabel = "NAMES",
      description = "these columns, separated by commas")
  @Nullable String columns;

  private long printed;

  @Override
  boolean printsCsv() {
    return true;
  }

  @Override
  public Integer call() throws Exception {
    CommandFailure.refuseIf(limit < 0, "--limit %s: give a number of rows, 0 or more", limit);
    CommandFailure.refuseIf(
        last != null && (last < 0 || last > MOST_LAST),
        "--last %s: give a number of rows, 0 to %s",
        last,
        MOST_LAST);
    CommandFailure.refuseIf(
        last != null && limit != Long.MAX_VALUE, "--last cannot be combined with --limit");
    Filter filter = filters.filter();
    RowPrinter printer =
        new RowPrinter(
            console(),
            root().output,
            columns == null ? Optional.empty() : Optional.of(RowColumn.named(columns)));
    if (filters.needIndex() || last != null) {
      printFound(filter, printer);
    } else {
      printRead(filter, printer);
    }
    return ExitCode.OK;
  }

  /** Prints rows of the ledger itself. */
  private void printRead(Filter filter, RowPrinter printer) throws Exception {
    try (StoredLedger ledger = ledger()) {
      if (filter.type().isPresent()) {
        LogIndexUse.requireType(filter.type().get(), ledger);
      }
      printer.head();
      if (limit > 0) {
        ledger.forEachRow(
            new RowQuery(from, filter.agent(), filter.type()), row -> print(row, printer));
      }
    }
  }

  /** Prints rows that the index finds. */
  private void printFound(Filter filter, RowPrinter printer) throws Exception {
    LogIndexUse index = new LogIndexUse(this);
    index.update();
    if (last != null) {
      printLast(index, EventQuery.newest(filter), printer);
      return;
    }
    EventQuery query = EventQuery.oldest(filter).limit(EventQuery.MAX_LIMIT).within(PAGE_TIME);
    Page page = index.find(query);
    printer.head();
    boolean more = limit > 0;
    while (more) {
      for (ChainRow row : page.rows()) {
        more = more && (row.sequence() < from || print(row, printer));
      }
      more = more && page.next().isPresent();
      if (more) {
        page = index.find(query.after(page.next().get()));
      }
    }
    index.warnIfBehind(page.coverage());
  }

  private void printLast(LogIndexUse index, EventQuery newest, RowPrinter printer)
      throws Exception {
    EventQuery query = newest.limit(EventQuery.MAX_LIMIT).within(PAGE_TIME);
    Deque<ChainRow> rows = new ArrayDeque<>();
    Page page = index.find(query);
    boolean more = true;
    while (more) {
      for (ChainRow row : page.rows()) {
        if (rows.size() < last && row.sequence() >= from) {
          rows.addFirst(row);
        }
      }
      more = rows.size() < last && page.reached() > from && page.next().isPresent();
      if (more) {
        page = index.find(query.after(page.next().get()));
      }
    }
    printer.head();
    rows.forEach(printer::row);
    index.warnIfBehind(page.coverage());
  }

  /** Prints a row; returns true to continue. */
  private boolean print(ChainRow row, RowPrinter printer) {
    printer.row(row);
    return ++printed < limit && (printed % 1_000 != 0 || !console().out().checkError());
  }
}
