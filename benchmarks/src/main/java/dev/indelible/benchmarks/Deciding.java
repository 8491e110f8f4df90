// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.Decisions;
import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.decide.Corpus;
import dev.indelible.benchmarks.decide.Policies;
import dev.indelible.benchmarks.jmh.DecideBenchmark;
import dev.indelible.benchmarks.jmh.DecideCost;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.load.Scratch;
import dev.indelible.benchmarks.report.MarkdownTable;
import dev.indelible.benchmarks.report.Page;
import dev.indelible.benchmarks.report.Units;
import dev.indelible.policy.Policy;
import java.time.Duration;
import java.util.List;

/** Measures decisions by facts, compared with rules on raw text, and by policies of many rules. */
final class Deciding implements Section {
  private static final Duration WANTED_P50 = Duration.ofNanos(5_000);
  private static final Duration WANTED_P99 = Duration.ofNanos(50_000);
  private static final Duration WANTED_REDACTION = Duration.ofNanos(3_000);
  private static final double WANTED_GROWTH = 2;
  private static final List<String> SIDE_BY_SIDE =
      List.of(Policies.STARTER, Policies.REDACTED, Policies.TEXT, Policies.CEL);
  private static final List<String> RULES = List.of("100", "1000", "10000");

  /** Rounds for each second that JMH measures. */
  private static final int ROUNDS = 15;

  private final String corpus = System.getProperty(DecideBenchmark.CORPUS, "");

  @Override
  public void measure(Workbench bench, Page page) throws Exception {
    bench.report("decisions");
    int rounds = ROUNDS * bench.sizes().jmhIterations();
    sideBySide(
        bench.run(Decisions.class, any -> Decisions.orders(SIDE_BY_SIDE, corpus, rounds)),
        rounds,
        page);
    manyRules(bench.run(Decisions.class, any -> Decisions.orders(RULES, corpus, rounds)), page);
    bench.report("decisions by JMH");
    try (Scratch scratch = Scratch.in(bench.work())) {
      byJmh(DecideCost.measure(scratch.path(), bench.sizes().jmhIterations()), page);
    }
  }

  private void sideBySide(Facts times, int rounds, Page page) throws Exception {
    MarkdownTable table =
        new MarkdownTable(
            "policy", "p50", "p99", "p99.9", "max", "dangerous blocked", "ordinary blocked");
    Corpus actions = Corpus.named(corpus);
    for (String name : SIDE_BY_SIDE) {
      Policy policy = Policies.named(name);
      table.row(
          name,
          times.latencies(name),
          blocked(policy, actions, true),
          blocked(policy, actions, false));
    }
    Latencies starter = times.latencies(Policies.STARTER);
    target("a decision, starter policy, p50", WANTED_P50, starter.p50(), page);
    target("a decision, starter policy, p99", WANTED_P99, starter.p99(), page);
    long redaction = times.latencies(Policies.REDACTED).p50() - starter.p50();
    target("a redaction, added to a decision, p50", WANTED_REDACTION, redaction, page);
    page.section("Decisions, side by side")
        .table(table)
        .text(
            """
            The time from an action to its explained decision, without recording and without resolving \
            links. The policies decide in turn about %s actions in a random order, %s rounds in one JVM \
            after half as many untimed rounds; each action counts with its shortest time, so that other \
            work of the machine hardly counts, and the percentiles are over all actions. Text rules look for \
            fragments of the raw text; they are the rules of the first starter policy. In CEL, each text rule \
            is a compiled program of `dev.cel:cel` over kind and text. A redacted decision \
            is one with its secrets replaced, as the gate records it. Blocked: refused or escalated actions, \
            among the dangerous ones and among the ordinary ones."""
                .formatted(Units.count(actions.cases().size()), rounds));
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

  private static void manyRules(Facts times, Page page) {
    MarkdownTable table =
        new MarkdownTable("rules", "p50", "p99", "p99.9", "max", "p50 over the first");
    double growth = 0;
    for (String rules : RULES) {
      Latencies of = times.latencies(rules);
      growth = (double) of.p50() / times.latencies(RULES.get(0)).p50();
      table.row(Units.count(Long.parseLong(rules)), of, Units.ratio(growth));
    }
    page.section("Decisions with many rules")
        .table(table)
        .text(
            """
            As above, for policies with rules on paths, hosts, domains, address ranges, globs and programs; \
            ten kinds of rules in equal numbers. An action on everything below the root matches thousands of rules, \
            and finding all of them takes time.""");
    page.target(
        "a decision, 10,000 rules over 100, p50",
        Units.ratio(WANTED_GROWTH),
        Units.ratio(growth),
        growth <= WANTED_GROWTH);
  }

  private static void byJmh(List<DecideCost> costs, Page page) {
    MarkdownTable table = new MarkdownTable("policy", "p50", "p99", "p99.9", "max", "allocated");
    for (DecideCost cost : costs) {
      table.row(cost.policy(), cost.call(), Units.count(cost.bytes()) + " B");
    }
    page.section("Decisions by JMH")
        .table(table)
        .text(
            """
            Sample time mode, one thread, a separate JVM for each policy. Every call counts, including those \
            that other work of the machine interrupts.""");
  }

  private static void target(String what, Duration wanted, long measured, Page page) {
    page.target(
        what, Units.time(wanted.toNanos()), Units.time(measured), measured <= wanted.toNanos());
  }
}
