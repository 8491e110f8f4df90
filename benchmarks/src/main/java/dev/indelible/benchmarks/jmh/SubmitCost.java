// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.jmh;

import dev.indelible.benchmarks.child.ChildJvm;
import dev.indelible.benchmarks.load.Latencies;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.util.Statistics;

/**
 * The cost of a submit.
 *
 * @param drained true if a drainer was running
 * @param producers the number of concurrent producers
 * @param call the duration of the call
 * @param bytes the bytes that the whole JVM, including the drainer, allocates per event
 */
public record SubmitCost(boolean drained, int producers, Latencies call, long bytes) {
  private static final String ALLOCATION = "gc.alloc.rate.norm";

  /** Measures the cost. */
  public static List<SubmitCost> measure(Path work, List<Integer> producers, int iterations)
      throws RunnerException {
    long around = bytes(run(work, "nothing", 1, iterations).iterator().next());
    List<SubmitCost> costs = new ArrayList<>();
    for (int each : producers) {
      for (RunResult result : run(work, "submit", each, iterations)) {
        boolean drained = result.getParams().getParam("drainer").equals(SubmitBenchmark.RUNNING);
        costs.add(new SubmitCost(drained, each, latencies(result), bytes(result) - around));
      }
    }
    costs.sort(
        Comparator.comparing(SubmitCost::drained).reversed().thenComparing(SubmitCost::producers));
    return costs;
  }

  private static Iterable<RunResult> run(Path work, String method, int threads, int iterations)
      throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(SubmitBenchmark.class.getName() + "\\." + method + "$")
            .threads(threads)
            .forks(1)
            .warmupIterations(iterations)
            .warmupTime(TimeValue.seconds(1))
            .measurementIterations(iterations)
            .measurementTime(TimeValue.seconds(1))
            .addProfiler(GCProfiler.class)
            .jvmArgs(jvmArgs(work))
            .shouldFailOnError(true)
            .output(work.resolve("jmh.log").toString());
    return new Runner(options.build()).run();
  }

  private static String[] jvmArgs(Path work) {
    List<String> arguments = new ArrayList<>(ChildJvm.flags());
    arguments.addAll(
        List.of(
            "-Xms" + ChildJvm.HEAP, "-Xmx" + ChildJvm.HEAP, "-Djava.io.tmpdir=" + work.toString()));
    return arguments.toArray(String[]::new);
  }

  private static Latencies latencies(RunResult result) {
    Statistics times = result.getPrimaryResult().getStatistics();
    return new Latencies(
        Math.round(times.getPercentile(50)),
        Math.round(times.getPercentile(99)),
        Math.round(times.getPercentile(99.9)),
        Math.round(times.getMax()));
  }

  private static long bytes(RunResult result) {
    return Math.round(result.getSecondaryResults().get(ALLOCATION).getScore());
  }
}
