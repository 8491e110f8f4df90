// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.jmh;

import dev.indelible.benchmarks.load.Latencies;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;

/**
 * The cost of a decision.
 *
 * @param policy its name, or the number of its rules
 * @param call the duration of the call
 * @param bytes the allocation for each decision
 */
public record DecideCost(String policy, Latencies call, long bytes) {
  /** A decision runs more code than a submit does, and so takes longer to be compiled. */
  private static final int WARM_UPS = 5;

  /** Measures all policies. */
  public static List<DecideCost> measure(Path work, int iterations) throws RunnerException {
    List<String> properties =
        List.of(
            "-D%s=%s"
                .formatted(DecideBenchmark.CORPUS, System.getProperty(DecideBenchmark.CORPUS, "")));
    List<DecideCost> costs = new ArrayList<>();
    for (RunResult result :
        new JmhRun(work, WARM_UPS * iterations, iterations)
            .of(DecideBenchmark.class, "decide", 1, properties)) {
      costs.add(
          new DecideCost(
              result.getParams().getParam("policy"),
              JmhRun.latencies(result),
              JmhRun.bytes(result)));
    }
    return costs;
  }
}
