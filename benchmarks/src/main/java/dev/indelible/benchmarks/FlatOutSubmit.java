// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.jmh.SubmitCost;
import dev.indelible.benchmarks.load.Scratch;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;

/** Measures submit by producers that do nothing else, by JMH. */
final class FlatOutSubmit implements Section {
  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.say("submit by JMH");
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
            iterations of a second, each with a new log. Every producer submits one event after the \
            other without a pause, so that with more producers than cores a high percentile is the \
            operating system's time slice, and on a slow disk the second that a call waits for room before \
            it is refused. The event is made outside of what is timed, and what making \
            it allocates is taken off. `allocated` is of the whole JVM: with the drainer running it \
            includes the rows that were written meanwhile."""
                .formatted(sizes.jmhIterations(), sizes.jmhIterations()));
  }
}
