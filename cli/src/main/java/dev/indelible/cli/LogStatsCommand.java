// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.encoding.TimeTexts;
import dev.indelible.ledger.EventQuery.Counting;
import dev.indelible.ledger.EventQuery.Counts;
import dev.indelible.ledger.EventQuery.Counts.Bucket;
import dev.indelible.ledger.EventQuery.Counts.Named;
import dev.indelible.ledger.EventQuery.Counts.Top;
import dev.indelible.ledger.EventQuery.Counts.Verdicts;
import dev.indelible.ledger.EventQuery.Filter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "stats",
    description = "Count the decisions: by verdict, rule, agent and time.",
    footer = {
      "",
      "An escalation is not counted as a refusal. A decision with an erased or",
      "unreadable payload is counted as 'unknown'."
    })
final class LogStatsCommand extends Verb {
  /** Longest count: counting by text reads every row, and a person can wait or interrupt it. */
  private static final Duration TIME = Duration.ofMinutes(10);

  private static final int BAR = 30;
  private static final int NAME_WIDTH = 48;

  @Mixin FilterOptions filters = new FilterOptions();

  @Option(
      names = "--bucket",
      paramLabel = "DURATION",
      description = "the length of a time bucket, for example 1h (default: suits the rows)")
  @Nullable String bucket;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "10",
      description = "name at most N rules and agents (default: ${DEFAULT-VALUE})")
  int top = 10;

  @Override
  public Integer call() throws Exception {
    Filter filter = filters.filter();
    CommandFailure.refuseIf(
        top < 0 || top > Counting.MAX_TOP,
        "--top %s: give a number of names, 0 to %s",
        top,
        Counting.MAX_TOP);
    Counting counting = Counting.of(filter).top(top).within(TIME);
    if (bucket != null) {
      try {
        counting = counting.bucket(TimeTexts.duration(bucket));
      } catch (IllegalArgumentException e) {
        throw CommandFailure.usage("--bucket %s", e.getMessage());
      }
    }
    LogIndexUse index = new LogIndexUse(this);
    index.update();
    Counts counts = index.count(counting);
    print(counts::write, () -> print(counts));
    index.warnIfBehind(counts.coverage());
    return ExitCode.OK;
  }

  private void print(Counts counts) {
    Verdicts all = counts.verdicts();
    line("rows: %,d; decisions: %,d", counts.rows(), all.total());
    counts
        .from()
        .ifPresent(row -> line("%s", console().yellow("only rows from %s on".formatted(row))));
    if (all.total() == 0) {
      return;
    }
    console().line();
    Table verdicts = new Table("decision", "number", "share");
    verdict(verdicts, "allow", all.allow(), all);
    verdict(verdicts, "warn", all.warn(), all);
    verdict(verdicts, "refuse", all.refuse(), all);
    verdict(verdicts, "escalate", all.escalate(), all);
    if (all.unknown() > 0) {
      verdict(verdicts, "unknown", all.unknown(), all);
    }
    verdicts.print(console());
    named("rule", counts.rules());
    named("agent", counts.agents());
    buckets(counts);
  }

  private void verdict(Table table, String name, long number, Verdicts all) {
    table.row(
        new Table.Cell(name, text -> console().byMeaning(text, name)),
        Table.Cell.right("%,d".formatted(number)),
        Table.Cell.right("%.1f %%".formatted(100.0 * number / all.total())));
  }

  private void named(String what, Top names) {
    if (names.first().isEmpty()) {
      return;
    }
    console().line();
    Table table = new Table(what, "decisions", "allow", "warn", "refuse", "escalate");
    for (Named each : names.first()) {
      counted(table, Console.excerpt(each.name(), NAME_WIDTH), each.verdicts(), "");
    }
    table.print(console());
    if (names.more() > 0) {
      line("and %,d more; --top names more", names.more());
    }
    if (!names.isComplete()) {
      line(
          "%s",
          console().yellow("too many to count each: only those of the newest rows are named"));
    }
  }

  private void buckets(Counts counts) {
    if (counts.buckets().size() < 2) {
      return;
    }
    console().line();
    long most =
        counts.buckets().stream().mapToLong(each -> each.verdicts().total()).max().orElse(1);
    Table table = new Table("from (UTC)", "decisions", "allow", "warn", "refuse", "escalate", "");
    List<Bucket> buckets = counts.buckets();
    for (Bucket each : buckets) {
      String start = each.start().toString().replace('T', ' ').replace("Z", "");
      String bar = "#".repeat((int) ((each.verdicts().total() * BAR + most - 1) / most));
      counted(table, start, each.verdicts(), bar);
    }
    table.print(console());
  }

  private void counted(Table table, String name, Verdicts verdicts, String bar) {
    Object[] cells = {
      name,
      Table.Cell.right("%,d".formatted(verdicts.total())),
      number(verdicts.allow(), "allow"),
      number(verdicts.warn(), "warn"),
      number(verdicts.refuse(), "refuse"),
      number(verdicts.escalate(), "escalate"),
      new Table.Cell(bar, console()::faint)
    };
    table.row(bar.isEmpty() ? Arrays.copyOf(cells, cells.length - 1) : cells);
  }

  /** Returns a number in the colour of its decision; zero is faint. */
  private Table.Cell number(long number, String verdict) {
    return Table.Cell.right("%,d".formatted(number))
        .styled(text -> number == 0 ? console().faint(text) : console().byMeaning(text, verdict));
  }
}
