// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.Backlog;
import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;

/** Measures millions of waiting events in a small heap. */
final class SmallHeap implements Section {
  private static final String HEAP = "64m";

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.say("backlog in a small heap");
    long events = bench.sizes().backlog();
    String what = "heap with %,d events waiting".formatted(events);
    try {
      Facts facts = bench.run(HEAP, Backlog.class, directory -> Backlog.told(directory, events));
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
              "`-Xmx64m`: another connection holds the database's lock while the events are"
                  + " submitted, and lets go; then all of them are drained. The heap is what is in use"
                  + " after a collection, with all events waiting.");
      page.target(what, "-Xmx64m passes", heap + " in use; passes", true);
    } catch (IllegalStateException e) {
      bench.say(e.getMessage());
      page.target(what, "-Xmx64m passes", "does not pass", false);
    }
  }
}
