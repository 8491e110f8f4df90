// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.child.Growth;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;
import java.time.Duration;

/** Measures an append to a large ledger. */
final class GrowingLedger implements Section {
  private static final double WANTED = 1.2;
  private static final long PROOF_NANOS = Duration.ofMillis(10).toNanos();

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.report("append to a large ledger");
    Sizes sizes = bench.sizes();
    Facts facts =
        bench.run(
            Growth.class,
            directory ->
                Growth.orders(
                    directory,
                    sizes.smallLedger(),
                    sizes.largeLedger(),
                    sizes.growthRounds(),
                    Sizes.warmUp(sizes.growth()),
                    sizes.growth(),
                    sizes.proofs()));
    double ratio = (double) facts.number("large") / facts.number("small");
    MarkdownTable table =
        new MarkdownTable("rows before", "events/s", "an append", "over the first");
    row(table, sizes, sizes.smallLedger(), facts.number("small"), 1);
    row(table, sizes, sizes.largeLedger(), facts.number("large"), ratio);
    page.section("Appending to a large ledger")
        .table(table)
        .text(
            """
            %,d events through journal and drainer into a ledger with this number of rows, after \
            %,d warm-up events. The figure is the median of the rounds (%d); rounds with the two \
            ledgers alternate. Each round creates a new small ledger. One more round before them \
            is not measured."""
                .formatted(sizes.growth(), Sizes.warmUp(sizes.growth()), sizes.growthRounds()));
    page.target(
        "an append at %,d rows over one at %,d".formatted(sizes.largeLedger(), sizes.smallLedger()),
        Units.ratio(WANTED),
        Units.ratio(ratio),
        ratio <= WANTED);
    Latencies proof = facts.latencies("proof");
    page.section("A proof from a large ledger")
        .table(
            new MarkdownTable("rows", "p50", "p99", "p99.9", "max")
                .row(Units.count(sizes.largeLedger()), proof))
        .text(
            """
            The time to find a random event by its id, to make its inclusion proof from the tiles, \
            and to verify the proof and the signature of the last checkpoint. %d proofs from an \
            open reader, after an equal number that is not measured."""
                .formatted(sizes.proofs()));
    page.target(
        "a proof from %,d rows, p99".formatted(sizes.largeLedger()),
        Units.time(PROOF_NANOS),
        Units.time(proof.p99()),
        proof.p99() <= PROOF_NANOS);
  }

  private static void row(MarkdownTable table, Sizes sizes, long rows, long nanos, double ratio) {
    table.row(
        Units.count(rows),
        Units.count(Units.perSecond(sizes.growth(), nanos)),
        Units.time(nanos / sizes.growth()),
        Units.ratio(ratio));
  }
}
