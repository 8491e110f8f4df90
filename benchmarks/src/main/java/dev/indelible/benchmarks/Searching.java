// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.child.Search;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;
import java.time.Duration;
import java.time.Instant;

/** Measures the searches of the console over a large log. */
final class Searching implements Section {
  private static final long PAGE_NANOS = Duration.ofMillis(100).toNanos();
  private static final long COUNTS_NANOS = Duration.ofMillis(300).toNanos();

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.report("search a large log");
    Sizes sizes = bench.sizes();
    Facts facts =
        bench.run(
            Search.class,
            directory -> Search.orders(directory, sizes.largeLedger(), sizes.searches()));
    MarkdownTable table = new MarkdownTable("rows of", "what", "p50", "p99", "p99.9", "max");
    long slowestPage = 0;
    long slowestCounts = 0;
    for (String filter : Search.filters(Instant.EPOCH).keySet()) {
      Latencies found = facts.latencies(Search.PAGE + filter);
      Latencies counted = facts.latencies(Search.COUNTS + filter);
      table.row(filter, "page", found).row(filter, "counts", counted);
      slowestPage = Math.max(slowestPage, found.p50());
      slowestCounts = Math.max(slowestCounts, counted.p50());
    }
    page.section("Searching a large log")
        .table(table)
        .text(
            """
            A page of the 100 newest rows that match, and the counts for a histogram of 60 bars \
            with its facets, over a log of %,d rows of 30 days by 64 agents. Each is one call in \
            the process that has the log open, without HTTP; %d of each, after an equal number \
            that is not measured."""
                .formatted(sizes.largeLedger(), sizes.searches()));
    target(page, "a page of %,d rows, slowest median", sizes, PAGE_NANOS, slowestPage);
    target(
        page,
        "histogram and facets of %,d rows, slowest median",
        sizes,
        COUNTS_NANOS,
        slowestCounts);
  }

  private static void target(Page page, String what, Sizes sizes, long wanted, long measured) {
    page.target(
        what.formatted(sizes.largeLedger()),
        Units.time(wanted),
        Units.time(measured),
        measured <= wanted);
  }
}
