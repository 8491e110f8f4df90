// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.decide.Corpus;
import dev.indelible.benchmarks.decide.Policies;
import dev.indelible.benchmarks.jmh.DecideBenchmark;
import dev.indelible.benchmarks.jmh.DecideCost;
import dev.indelible.benchmarks.load.Scratch;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;
import dev.indelible.policy.Policy;
import java.time.Duration;
import java.util.List;

/** Measures decisions, beside rules on raw text, and with policies of many rules. */
final class Deciding implements Section {
  private static final Duration WANTED_P50 = Duration.ofNanos(5_000);
  private static final Duration WANTED_P99 = Duration.ofNanos(50_000);
  private static final double WANTED_GROWTH = 2;

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.say("decisions by JMH");
    Corpus corpus = DecideBenchmark.corpus();
    int iterations = bench.sizes().jmhIterations();
    try (Scratch scratch = Scratch.in(bench.work())) {
      sideBySide(DecideCost.sideBySide(scratch.path(), iterations), corpus, page);
      manyRules(DecideCost.manyRules(scratch.path(), iterations), page);
    }
  }

  private static void sideBySide(List<DecideCost> costs, Corpus corpus, Page page)
      throws Exception {
    MarkdownTable table =
        new MarkdownTable(
            "policy",
            "p50",
            "p99",
            "p99.9",
            "max",
            "allocated",
            "dangerous blocked",
            "ordinary blocked");
    for (DecideCost cost : costs) {
      Policy policy = Policies.named(cost.policy());
      table.row(
          cost.policy(),
          cost.call(),
          Units.count(cost.bytes()) + " B",
          blocked(policy, corpus, true),
          blocked(policy, corpus, false));
      if (cost.policy().equals(Policies.STARTER)) {
        target("a decision, starter policy, p50", WANTED_P50, cost.call().p50(), page);
        target("a decision, starter policy, p99", WANTED_P99, cost.call().p99(), page);
      }
    }
    page.section("Decisions, side by side, by JMH")
        .table(table)
        .text(
            """
            Sample time mode, one thread: from an action to its decision with the explanation, without \
            the record and without resolving links. The %s actions come one after another in a random \
            order: commands of a shell, writes, requests, processes, reads and tool calls, both \
            dangerous and ordinary ones. Text rules look for parts of the raw text, those of the first \
            starter policy; in CEL each of them is a compiled program of `dev.cel:cel` over kind and \
            text. Blocked: refused or escalated, of the actions that are meant to be, and of the others."""
                .formatted(Units.count(corpus.cases().size())));
  }

  private static String blocked(Policy policy, Corpus corpus, boolean isDangerous) {
    int count = 0;
    int blocked = 0;
    for (Corpus.Case each : corpus.cases()) {
      if (each.isDangerous() == isDangerous) {
        count++;
        blocked += policy.decide("agent:benchmark", each.action()).isBlocking() ? 1 : 0;
      }
    }
    return "%s of %s".formatted(blocked, count);
  }

  private static void manyRules(List<DecideCost> costs, Page page) {
    MarkdownTable table =
        new MarkdownTable("rules", "p50", "p99", "p99.9", "max", "allocated", "p50 over the first");
    double growth = 0;
    for (DecideCost cost : costs) {
      growth = (double) cost.call().p50() / costs.get(0).call().p50();
      table.row(
          Units.count(Long.parseLong(cost.policy())),
          cost.call(),
          Units.count(cost.bytes()) + " B",
          Units.ratio(growth));
    }
    page.section("Decisions with many rules, by JMH")
        .table(table)
        .text(
            """
            As above, with rules on paths, hosts, domains, address ranges, globs and programs, a tenth of \
            the policy each. An action that concerns everything below the root matches thousands of \
            the rules, and takes as long as it takes to find them.""");
    page.target(
        "a decision, 10,000 rules over 100, p50",
        Units.ratio(WANTED_GROWTH),
        Units.ratio(growth),
        growth <= WANTED_GROWTH);
  }

  private static void target(String what, Duration wanted, long measured, Page page) {
    page.target(
        what, Units.time(wanted.toNanos()), Units.time(measured), measured <= wanted.toNanos());
  }
}
