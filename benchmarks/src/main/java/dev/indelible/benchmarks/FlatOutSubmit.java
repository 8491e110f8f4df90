// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.jmh.SubmitCost;
import dev.indelible.benchmarks.load.Scratch;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;

/** Measures submit with JMH: each producer submits without a pause. */
final class FlatOutSubmit implements Section {
  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.report("submit by JMH");
    Sizes sizes = bench.sizes();
    MarkdownTable table =
        new MarkdownTable("drainer", "producers", "p50", "p99", "p99.9", "max", "allocated");
    try (Scratch scratch = Scratch.in(bench.work())) {
      for (SubmitCost cost :
          SubmitCost.measure(scratch.path(), sizes.jmhProducers(), sizes.jmhIterations())) {
        table.row(
            cost.drained() ? "running" : "none",
            cost.producers(),
            cost.call(),
            Units.count(cost.bytes()) + " B");
      }
    }
    page.section("Submit flat out, by JMH")
        .table(table)
        .text(
            """
            Sample time mode, durability `process`, %d s of warm-up and %d s of measurement in \
            iterations of one second, each with a new log. Every producer submits without a pause. \
            With more producers than cores, a high percentile is therefore the operating system's \
            time slice. On a slow disk it is the second that a call waits for space before it is \
            rejected. Creating the event is not timed, and its allocation is subtracted. \
            `allocated` is the allocation of the whole JVM per event; with the drainer running, \
            that includes the rows that it wrote."""
                .formatted(sizes.jmhIterations(), sizes.jmhIterations()));
  }
}
