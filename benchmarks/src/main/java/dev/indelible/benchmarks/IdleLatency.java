// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.Visibility;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;
import java.time.Duration;

/** Measures the time from a submit until the row is visible, on an idle system. */
final class IdleLatency implements Section {
  private static final Duration WANTED = Duration.ofMillis(20);

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.report("from submit to row visible");
    int events = bench.sizes().visible();
    Latencies visible =
        bench
            .run(
                Visibility.class,
                directory -> Visibility.orders(directory, (int) Sizes.warmUp(events), events))
            .latencies("visible");
    page.section("From submit to row visible, idle system")
        .table(
            new MarkdownTable("events", "p50", "p99", "p99.9", "max")
                .row(Units.count(events), visible))
        .text(
            "Single events, each submitted 1 to 30 ms after the previous one was seen. A reader on another"
                + " connection looks for each event every 0.1 ms.");
    page.target(
        "submit to row visible, idle, p99",
        Units.time(WANTED.toNanos()),
        Units.time(visible.p99()),
        visible.p99() <= WANTED.toNanos());
  }
}
