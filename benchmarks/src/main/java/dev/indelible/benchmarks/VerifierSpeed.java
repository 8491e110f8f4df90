// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.child.Verification;
import dev.indelible.benchmarks.contender.IndelibleContender;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;
import dev.indelible.queue.Durability;

/** Measures the verification of a log. */
final class VerifierSpeed implements Section {
  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    Sizes sizes = bench.sizes();
    MarkdownTable table =
        new MarkdownTable("row signatures", "rows", "verified rows/s", "read alone", "of that");
    for (RowSignatures signatures : RowSignatures.usable()) {
      bench.report("verify: signatures " + signatures.title());
      Facts facts =
          bench.run(
              new IndelibleContender(Durability.PROCESS, signatures),
              Verification.class,
              directory ->
                  Verification.orders(
                      directory, signatures, sizes.verified(), sizes.verifiedRounds()));
      long rows = facts.number("rows");
      long rate = Units.perSecond(rows, facts.number("verified"));
      long limit = Units.perSecond(rows, facts.number("read"));
      table.row(
          signatures.title(),
          Units.count(rows),
          Units.count(rate),
          Units.count(limit),
          Units.ratio((double) rate / limit));
      target(page, signatures, rate);
    }
    page.section("Verifying a log")
        .table(table)
        .text(
            """
            `log verify` with all checks, from SQLite, on all cores. Sequence numbers, links, \
            payloads, tree and checkpoints are verified. With signatures off, the checkpoints \
            cover the rows; otherwise the signature of every row is verified as well. `read alone`: \
            only reading equal rows and columns with as many threads. Each figure is the median of \
            the rounds (%d), which alternate, after one round that is not measured."""
                .formatted(sizes.verifiedRounds()));
  }

  private static void target(Page page, RowSignatures signatures, long rate) {
    long wanted =
        switch (signatures) {
          case OFF -> 1_000_000;
          case CORRETTO -> 60_000;
          case BOUNCY_CASTLE -> 0;
        };
    if (wanted > 0) {
      page.target(
          "verify, signatures " + signatures.title(),
          Units.count(wanted) + " rows/s",
          Units.count(rate) + " rows/s",
          rate >= wanted);
    }
  }
}
