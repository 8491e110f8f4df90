// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.fleet.FleetReport;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Prints a verification report, as a table or as JSON. */
final class ReportPrinter {
  /** Maximum number of lines of findings in text; further ones are only counted. JSON has more. */
  private static final int SHOWN = 20;

  private ReportPrinter() {}

  static void print(Verb verb, VerificationReport report) {
    verb.print(report::write, () -> printText(verb.console(), report));
  }

  /** Prints the report on a fleet: each log in a line, then the log of logs, then the faults. */
  static void print(Verb verb, FleetReport report) {
    verb.print(report::write, () -> printText(verb.console(), report));
  }

  private static void printText(Console console, FleetReport report) {
    String verdict = report.verdict().label();
    console.line(
        "%s  fleet %s: %,d shards, %,d rows",
        console.bold(console.byMeaning(verdict, verdict)),
        Console.printable(report.origin()),
        report.shards().size(),
        report.rows());
    Table table = new Table("shard", "verdict", "rows", "admitted", "state", "seen");
    for (FleetReport.ShardReport shard : report.shards()) {
      String found = shard.report().verdict().label();
      table.row(
          shard.name(),
          new Table.Cell(found, text -> console.byMeaning(text, found)),
          Table.Cell.right("%,d".formatted(shard.report().rows())),
          Table.Cell.right("%,d".formatted(shard.admitted())),
          shard.isOpen() ? "open" : "closed",
          "%,d s ago".formatted(shard.age().toSeconds()));
    }
    table.printOr("no shards", console);
    console.line();
    console.line("log of logs: %s", head(console, report.log()));
    printFindings(console, report.log(), report.log().findings());
    for (FleetReport.ShardReport shard : report.shards()) {
      if (shard.report().verdict() != Verdict.INTACT) {
        console.line();
        console.line("shard %s: %s", shard.name(), head(console, shard.report()));
        printFindings(
            console,
            shard.report(),
            shard.report().findings().stream().filter(Finding::isFault).toList());
      }
    }
  }

  static void printText(Console console, VerificationReport report) {
    console.line(head(console, report));
    printFindings(console, report, report.findings());
  }

  private static String head(Console console, VerificationReport report) {
    String verdict = report.verdict().label();
    return "%s  %,d rows, head %d %s"
        .formatted(
            console.bold(console.byMeaning(verdict, verdict)),
            report.rows(),
            report.head().sequence(),
            report.head().hex());
  }

  /** Prints some of the findings of a report. */
  private static void printFindings(
      Console console, VerificationReport report, List<Finding> findings) {
    List<Run> runs = Run.of(findings);
    Table table = new Table("check", "status", "row", "");
    runs.stream().limit(SHOWN).forEach(run -> table.row(run.cells(console)));
    table.print(console);
    long shown = runs.stream().limit(SHOWN).mapToLong(Run::findings).sum();
    long unnamed = report.faults() - report.findings().stream().filter(Finding::isFault).count();
    long more = findings.size() - shown + unnamed;
    if (more > 0) {
      console.line("and %,d more findings; --output json shows up to %,d", more, Finding.MAX_NAMED);
    }
  }

  /**
   * Equal findings of consecutive rows, printed as one line.
   *
   * @param first the finding of the first row
   * @param findings the number of rows
   */
  private record Run(Finding first, long findings) {
    static List<Run> of(List<Finding> findings) {
      List<Run> all = new ArrayList<>();
      for (Finding finding : findings) {
        int last = all.size() - 1;
        if (last >= 0 && all.get(last).continuesWith(finding)) {
          all.set(last, new Run(all.get(last).first, all.get(last).findings + 1));
        } else {
          all.add(new Run(finding, 1));
        }
      }
      return all;
    }

    private boolean continuesWith(Finding next) {
      return first.sequence().isPresent()
          && next.sequence().equals(OptionalLong.of(first.sequence().getAsLong() + findings))
          && next.check().equals(first.check())
          && next.status() == first.status()
          && next.message().equals(first.message());
    }

    Object[] cells(Console console) {
      String status = first.status().label();
      return new Object[] {
        first.check(),
        new Table.Cell(status, text -> console.byMeaning(text, status)),
        rows(),
        Console.printable(first.message())
      };
    }

    private String rows() {
      if (first.sequence().isEmpty()) {
        return "";
      }
      long from = first.sequence().getAsLong();
      return findings == 1 ? Long.toString(from) : from + "-" + (from + findings - 1);
    }
  }
}
