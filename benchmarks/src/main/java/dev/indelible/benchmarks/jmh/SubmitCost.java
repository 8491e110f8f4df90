// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.jmh;

import dev.indelible.benchmarks.load.Latencies;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;

/**
 * The cost of a submit.
 *
 * @param drained true if a drainer was running
 * @param producers the number of concurrent producers
 * @param call the duration of the call
 * @param bytes the bytes that the whole JVM, including the drainer, allocates per event
 */
public record SubmitCost(boolean drained, int producers, Latencies call, long bytes) {
  /** Measures the cost. */
  public static List<SubmitCost> measure(Path work, List<Integer> producers, int iterations)
      throws RunnerException {
    JmhRun run = new JmhRun(work, iterations, iterations);
    RunResult nothing = run.of(SubmitBenchmark.class, "nothing", 1, List.of()).iterator().next();
    long around = JmhRun.bytes(nothing);
    List<SubmitCost> costs = new ArrayList<>();
    for (int each : producers) {
      for (RunResult result : run.of(SubmitBenchmark.class, "submit", each, List.of())) {
        boolean drained = result.getParams().getParam("drainer").equals(SubmitBenchmark.RUNNING);
        costs.add(
            new SubmitCost(drained, each, JmhRun.latencies(result), JmhRun.bytes(result) - around));
      }
    }
    costs.sort(
        Comparator.comparing(SubmitCost::drained).reversed().thenComparing(SubmitCost::producers));
    return costs;
  }
}
