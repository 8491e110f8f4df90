// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.action.AgentAction;
import dev.indelible.benchmarks.decide.Corpus;
import dev.indelible.benchmarks.decide.Policies;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.policy.Policy;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Measures the decisions of several policies. Each round measures all policies, one after another.
 * The result for an action is its shortest time over all rounds, because other work of the machine
 * lengthens only some rounds.
 */
public final class Decisions implements Task {
  private static final String AGENT = "agent:benchmark";

  /**
   * Number of timed rounds for each warm-up round; the warm-up is long enough to compile the code.
   */
  private static final int WARM_UP_SHARE = 2;

  /** Uses the decisions, so that the compiler does not remove them. */
  private volatile int blocked;

  /**
   * Returns the task's parameters.
   *
   * @param policies the names of the policies to compare, or numbers of rules as text
   * @param corpus a file of cases; empty for the cases of the tests
   */
  public static Facts orders(List<String> policies, String corpus, int rounds) {
    return new Facts()
        .with("policies", String.join(",", policies))
        .with("corpus", corpus)
        .with("rounds", rounds);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    List<String> names = List.of(orders.text("policies").split(","));
    List<Policy> policies = new ArrayList<>();
    for (String name : names) {
      policies.add(Policies.named(name));
    }
    AgentAction[] actions =
        Corpus.named(orders.text("corpus")).cases().stream()
            .map(Corpus.Case::action)
            .toArray(AgentAction[]::new);
    int rounds = orders.count("rounds");
    long[][] best = new long[names.size()][];
    for (int round = -rounds / WARM_UP_SHARE; round < rounds; round++) {
      for (int i = 0; i < best.length; i++) {
        long[] times = times(policies.get(i), actions);
        best[i] = round <= 0 ? times : shorter(best[i], times);
      }
    }
    Facts answers = new Facts();
    for (int i = 0; i < best.length; i++) {
      Histogram histogram = Latencies.histogram();
      for (long time : best[i]) {
        histogram.recordValue(time);
      }
      answers.with(names.get(i), Latencies.of(histogram));
    }
    return answers;
  }

  private long[] times(Policy policy, AgentAction[] actions) {
    long[] times = new long[actions.length];
    for (int i = 0; i < times.length; i++) {
      long start = System.nanoTime();
      boolean isBlocking = policy.explain(AGENT, actions[i]).decision().isBlocking();
      times[i] = System.nanoTime() - start;
      blocked += isBlocking ? 1 : 0;
    }
    return times;
  }

  private static long[] shorter(long[] one, long[] other) {
    long[] times = new long[one.length];
    for (int i = 0; i < times.length; i++) {
      times[i] = Math.min(one[i], other[i]);
    }
    return times;
  }
}
