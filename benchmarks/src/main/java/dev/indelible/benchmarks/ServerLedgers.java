// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.child.ServerLedger;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;
import java.time.Duration;

/** Measures a ledger in PostgreSQL beside one in SQLite. */
final class ServerLedgers implements Section {
  /** Fewer events than in the sustained run, because each round stores them three times. */
  private static final int SHARE = 10;

  private static final double WANTED_APPEND = 0.7;
  private static final double WANTED_VERIFY = 0.5;
  private static final Duration WANTED_VISIBLE = Duration.ofMillis(100);

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.report("PostgreSQL beside SQLite");
    Sizes sizes = bench.sizes();
    long events = sizes.sustained() / SHARE;
    Facts facts =
        bench.run(
            ServerLedger.class,
            directory ->
                ServerLedger.orders(
                    directory, sizes.producers(), events, sizes.verifiedRounds(), sizes.visible()));
    long rows = facts.number("rows");
    long append = Units.perSecond(rows, facts.number("append"));
    long copy = Units.perSecond(rows, facts.number("copy"));
    long verify = Units.perSecond(rows, facts.number("verify"));
    long sqliteVerify = Units.perSecond(rows, facts.number("sqliteVerify"));
    double appended = (double) append / copy;
    double verified = (double) verify / sqliteVerify;
    Latencies visible = facts.latencies("visible");
    page.section("PostgreSQL beside SQLite")
        .table(
            new MarkdownTable("", "PostgreSQL", "SQLite", "ratio")
                .row(
                    "end to end, events/s",
                    Units.count(append),
                    Units.count(Units.perSecond(rows, facts.number("sqliteAppend"))),
                    "")
                .row("raw COPY of these rows, rows/s", Units.count(copy), "", "")
                .row("end to end over raw COPY", "", "", Units.ratio(appended))
                .row(
                    "`log verify`, rows/s",
                    Units.count(verify),
                    Units.count(sqliteVerify),
                    Units.ratio(verified))
                .row("second gate's event visible, p50", Units.time(visible.p50()), "", "")
                .row("second gate's event visible, p99", Units.time(visible.p99()), "", ""))
        .text(
            """
            PostgreSQL 18 on this machine with fsync, full_page_writes and synchronous_commit on; \
            signatures Corretto. End to end: %d producers submit %,d events through journal and \
            drainer. The raw COPY sends the rows that this stored, as the server itself wrote them, \
            into an equal table with its indexes, 2,000 per durable transaction. Each figure is the \
            median of the rounds (%d), in which the measurements alternate, after one that is not \
            measured. Visible: single events of one of two gates with their own data directories, \
            each submitted 1 to 30 ms after the previous one was seen; a reader looks for each every \
            0.1 ms."""
                .formatted(sizes.producers(), events, sizes.verifiedRounds()));
    page.target(
        "PostgreSQL: end to end over raw COPY",
        Units.ratio(WANTED_APPEND),
        "%s, %s events/s".formatted(Units.ratio(appended), Units.count(append)),
        appended >= WANTED_APPEND);
    page.target(
        "PostgreSQL: verify over SQLite's",
        Units.ratio(WANTED_VERIFY),
        Units.ratio(verified),
        verified >= WANTED_VERIFY);
    page.target(
        "PostgreSQL: second gate's event visible, p99",
        Units.time(WANTED_VISIBLE.toNanos()),
        Units.time(visible.p99()),
        visible.p99() <= WANTED_VISIBLE.toNanos());
  }
}
