// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.Backlog;
import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;

/** Measures a backlog of millions of events in a small heap. */
final class SmallHeap implements Section {
  private static final String HEAP = "64m";

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.report("backlog in a small heap");
    long events = bench.sizes().backlog();
    String what = "heap with %,d events waiting".formatted(events);
    try {
      Facts facts = bench.run(HEAP, Backlog.class, directory -> Backlog.orders(directory, events));
      String heap = Units.mebibytes(facts.number("heap"));
      page.section("Backlog in a heap of 64 MiB")
          .table(
              new MarkdownTable(
                      "waiting", "heap in use", "journal on disk", "drained in", "events/s")
                  .row(
                      Units.count(facts.number("waiting")),
                      heap,
                      Units.mebibytes(facts.number("journal")),
                      Units.time(facts.number("nanos")),
                      Units.count(Units.perSecond(events, facts.number("nanos")))))
          .text(
              "`-Xmx64m`. Another connection holds the database lock while the events are submitted, and"
                  + " then releases it; all events are drained. `heap in use` is measured after a garbage"
                  + " collection, with all events waiting.");
      page.target(what, "-Xmx64m passes", heap + " in use; passes", true);
    } catch (IllegalStateException e) {
      bench.report(e.getMessage());
      page.target(what, "-Xmx64m passes", "does not pass", false);
    }
  }
}
