// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.jmh;

import dev.indelible.action.AgentAction;
import dev.indelible.benchmarks.decide.Corpus;
import dev.indelible.benchmarks.decide.Policies;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.policy.Policy;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Measures a decision and its explanation, without recording them. Decides about the actions of the
 * corpus in order.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DecideBenchmark {
  /** The property with the path of a file of cases; without it, the cases of the tests are used. */
  public static final String CORPUS = "benchmarks.corpus";

  private static final String AGENT = "agent:benchmark";

  /** Decides about the next action. */
  @Benchmark
  public ExplainedDecision decide(Contender contender, Actions actions) {
    return contender.deciding.explain(AGENT, actions.next());
  }

  /** A policy to measure. */
  @State(Scope.Benchmark)
  public static class Contender {
    /** Its name. */
    @Param({Policies.STARTER, Policies.TEXT, Policies.CEL})
    public String policy;

    private Policy deciding;

    /** Compiles the policy. */
    @Setup
    public void load() throws Exception {
      deciding = Policies.named(policy);
    }
  }

  /** The actions of the corpus in order, repeated without end. */
  @State(Scope.Thread)
  public static class Actions {
    private AgentAction[] all = {};
    private int last;

    /** Reads the actions. */
    @Setup
    public void read() throws Exception {
      all =
          Corpus.named(System.getProperty(CORPUS, "")).cases().stream()
              .map(Corpus.Case::action)
              .toArray(AgentAction[]::new);
    }

    AgentAction next() {
      last = last + 1 < all.length ? last + 1 : 0;
      return all[last];
    }
  }
}
