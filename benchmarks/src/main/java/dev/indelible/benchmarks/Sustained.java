// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.child.Flood;
import dev.indelible.benchmarks.child.RawInsert;
import dev.indelible.benchmarks.child.RawInsert.Beside;
import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.IndelibleContender;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;
import dev.indelible.queue.Durability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Measures many events from the first submit to the last committed row, and compares with the raw
 * insert.
 */
final class Sustained implements Section {
  /** The time limit of a run; no run should reach it. */
  private static final Duration LIMIT = Duration.ofHours(1);

  /** The largest fraction of the drain time that the tree may cost. */
  private static final double TREE_SHARE = 0.1;

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    Map<RowSignatures, List<Long>> limits = new EnumMap<>(RowSignatures.class);
    Map<RowSignatures, List<Long>> bounds = new EnumMap<>(RowSignatures.class);
    Map<RowSignatures, List<Long>> rates = new EnumMap<>(RowSignatures.class);
    List<Long> treeless = new ArrayList<>();
    for (int round = 1; round <= bench.sizes().sustainedRounds(); round++) {
      for (RowSignatures signatures : RowSignatures.usable()) {
        bench.report("sustained, round " + round + ": signatures " + signatures.title());
        if (signatures == limitOf(signatures)) {
          note(limits, signatures, raw(bench, signatures, Beside.NOTHING));
        }
        if (signatures != RowSignatures.OFF) {
          note(bounds, signatures, raw(bench, signatures, Beside.SIGNING));
        }
        note(rates, signatures, indelible(bench, signatures, true));
      }
      bench.report("sustained, round " + round + ": no tree");
      treeless.add(perSecond(indelible(bench, RowSignatures.OFF, false)));
    }
    write(bench.sizes(), page, limits, bounds, rates, mean(treeless));
  }

  /** Returns the signer whose raw insert is the limit: all signers produce rows of one size. */
  private static RowSignatures limitOf(RowSignatures signatures) {
    return signatures == RowSignatures.OFF ? RowSignatures.OFF : RowSignatures.BOUNCY_CASTLE;
  }

  private static void note(
      Map<RowSignatures, List<Long>> all, RowSignatures signatures, Facts facts) {
    all.computeIfAbsent(signatures, any -> new ArrayList<>()).add(perSecond(facts));
  }

  private static long perSecond(Facts facts) {
    return Units.perSecond(facts.number("accepted"), facts.number("nanos"));
  }

  private static Facts raw(Workbench bench, RowSignatures signatures, Beside beside)
      throws Exception {
    Sizes sizes = bench.sizes();
    return bench.run(
        new IndelibleContender(Durability.PROCESS, signatures),
        RawInsert.class,
        directory ->
            RawInsert.orders(
                directory,
                signatures,
                beside,
                sizes.producers(),
                warmUp(sizes),
                sizes.sustained()));
  }

  private static Facts indelible(Workbench bench, RowSignatures signatures, boolean tree)
      throws Exception {
    Sizes sizes = bench.sizes();
    Contender contender = new IndelibleContender(Durability.PROCESS, signatures, tree);
    Facts facts =
        bench.run(
            contender,
            Flood.class,
            directory ->
                Flood.orders(
                    contender,
                    directory,
                    sizes.producers(),
                    warmUp(sizes),
                    sizes.sustained(),
                    LIMIT));
    if (facts.number("found") != facts.number("accepted")) {
      throw new IllegalStateException("accepted and found differ: " + facts.number("found"));
    }
    return facts;
  }

  /**
   * Returns the warm-up of the side-by-side run, because a fifth of the sustained events would take
   * too long.
   */
  private static long warmUp(Sizes sizes) {
    return Sizes.warmUp(sizes.flood());
  }

  private static void write(
      Sizes sizes,
      Page page,
      Map<RowSignatures, List<Long>> limits,
      Map<RowSignatures, List<Long>> bounds,
      Map<RowSignatures, List<Long>> rates,
      long treeless) {
    MarkdownTable table =
        new MarkdownTable("row signatures", "events/s", "of the limit", "bound", "of the bound");
    rates.forEach(
        (signatures, each) -> {
          long rate = mean(each);
          long limit = mean(limits.get(limitOf(signatures)));
          double ratio = (double) rate / limit;
          long bound = mean(bounds.getOrDefault(signatures, limits.get(limitOf(signatures))));
          table.row(
              signatures.title(),
              Units.count(rate),
              Units.ratio(ratio),
              Units.count(bound),
              Units.ratio((double) rate / bound));
          Goal goal = goal(signatures);
          page.target(
              "end to end, signatures " + signatures.title(),
              goal.toString(),
              "%s events/s, %s".formatted(Units.count(rate), Units.ratio(ratio)),
              rate >= goal.rate() && ratio >= goal.ratio());
        });
    double tree = (double) treeless / mean(rates.get(RowSignatures.OFF)) - 1;
    table.row(
        "off, no tree",
        Units.count(treeless),
        Units.ratio((double) treeless / mean(limits.get(RowSignatures.OFF))),
        "",
        "");
    page.target(
        "share of the tree in the drain time, signatures off",
        "0.10 at most",
        Units.ratio(tree),
        tree <= TREE_SHARE);
    limits.forEach(
        (signatures, each) ->
            table.row(
                signatures == RowSignatures.OFF
                    ? "the limit: unsigned rows inserted in bulk"
                    : "the limit: signed rows inserted in bulk",
                Units.count(mean(each)),
                Units.ratio(1),
                "",
                ""));
    page.section("End to end, sustained")
        .table(table)
        .text(
            """
            Durability `process`, synchronous=FULL: %d producers submit %,d events as fast as they \
            are accepted, while the drainer is running. Timed from the first call to the last \
            committed row. The limit inserts equal rows, computed before the clock starts, into \
            the same tables and indexes, %,d per transaction, synchronous=FULL. The bound is the \
            limit while other threads make a signature for each row; no design that signs each row \
            with that signer can be faster here. For the row "no tree", the tree was damaged \
            first, so no checkpoint is signed. Rounds: %d, alternating; each figure is the mean."""
                .formatted(
                    sizes.producers(),
                    sizes.sustained(),
                    RawInsert.BATCH,
                    sizes.sustainedRounds()));
  }

  private static Goal goal(RowSignatures signatures) {
    return switch (signatures) {
      case CORRETTO -> new Goal(100_000, 0.7);
      case BOUNCY_CASTLE -> new Goal(50_000, 0);
      case OFF -> new Goal(0, 0.85);
    };
  }

  private static long mean(List<Long> values) {
    return Math.round(values.stream().mapToLong(Long::longValue).average().orElseThrow());
  }

  /** A target: events per second, and fraction of the limit; 0 if there is no target. */
  private record Goal(long rate, double ratio) {
    @Override
    public String toString() {
      List<String> parts = new ArrayList<>();
      if (rate > 0) {
        parts.add(Units.count(rate) + " events/s");
      }
      if (ratio > 0) {
        parts.add(Units.ratio(ratio) + " of the limit");
      }
      return String.join(", ", parts);
    }
  }
}
