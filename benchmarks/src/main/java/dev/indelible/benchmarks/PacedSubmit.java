// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.child.Stride;
import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.IndelibleContender;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;
import dev.indelible.queue.Durability;
import java.nio.file.Files;
import java.time.Duration;

/** Measures submit at a steady pace while the drainer is running. */
final class PacedSubmit implements Section {
  private static final Duration WANTED_P50 = Duration.ofNanos(1_000);
  private static final Duration WANTED_P99 = Duration.ofNanos(10_000);
  private static final Duration WANTED_P999 = Duration.ofNanos(100_000);

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.report("paced submit");
    Sizes sizes = bench.sizes();
    Contender contender = new IndelibleContender(Durability.PROCESS, RowSignatures.CORRETTO);
    Facts facts =
        bench.run(
            contender,
            Stride.class,
            directory ->
                Stride.orders(
                    contender,
                    Files.createDirectories(directory),
                    sizes.producers(),
                    sizes.pacedRate(),
                    sizes.strideWarmUp(),
                    sizes.paced()));
    Latencies call = facts.latencies("call");
    page.section("Submit at a steady pace")
        .table(
            new MarkdownTable("submit", "p50", "p99", "p99.9", "max")
                .row("the call itself", call)
                .row("response, from when the event was due", facts.latencies("response")))
        .text(
            """
            Durability `process`, signatures Corretto, the drainer running; %d producers, %,d \
            events/s in total for %d s (%,d events, %,d rejected). Open loop: the events of a \
            producer are due at the start of each millisecond, whether or not earlier ones are \
            done. The producer sleeps in between; spinning would occupy cores that the measured code needs. \
            The call is timed from just before it to just after it. The response also includes the \
            delay before the call: how late the operating system woke the producer, and the other \
            calls of that millisecond."""
                .formatted(
                    sizes.producers(),
                    sizes.pacedRate(),
                    sizes.paced().toSeconds(),
                    facts.number("events"),
                    facts.number("rejected")));
    target(page, sizes, "p50", WANTED_P50, call.p50());
    target(page, sizes, "p99", WANTED_P99, call.p99());
    target(page, sizes, "p99.9", WANTED_P999, call.p999());
  }

  private static void target(Page page, Sizes sizes, String what, Duration wanted, long measured) {
    page.target(
        "submit, %d producers, %,d/s, %s".formatted(sizes.producers(), sizes.pacedRate(), what),
        Units.time(wanted.toNanos()),
        Units.time(measured),
        measured <= wanted.toNanos());
  }
}
