// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.jmh;

import dev.indelible.benchmarks.child.ChildJvm;
import dev.indelible.benchmarks.load.Latencies;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.util.Statistics;

/**
 * Runs of one benchmark method by JMH, with a separate JVM for each combination of its parameters.
 *
 * @param work a directory for temporary files
 * @param warmUp seconds
 * @param iterations seconds that are measured
 */
record JmhRun(Path work, int warmUp, int iterations) {
  private static final String ALLOCATION = "gc.alloc.rate.norm";

  /**
   * Runs a method.
   *
   * @param more further options of the JVM
   */
  Collection<RunResult> of(Class<?> benchmark, String method, int threads, List<String> more)
      throws RunnerException {
    List<String> arguments = new ArrayList<>(ChildJvm.flags());
    arguments.addAll(
        List.of("-Xms" + ChildJvm.HEAP, "-Xmx" + ChildJvm.HEAP, "-Djava.io.tmpdir=" + work));
    arguments.addAll(more);
    return new Runner(
            new OptionsBuilder()
                .include(benchmark.getName() + "\\." + method + "$")
                .threads(threads)
                .forks(1)
                .warmupIterations(warmUp)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(iterations)
                .measurementTime(TimeValue.seconds(1))
                .addProfiler(GCProfiler.class)
                .jvmArgs(arguments.toArray(String[]::new))
                .shouldFailOnError(true)
                .output(work.resolve("jmh.log").toString())
                .build())
        .run();
  }

  static Latencies latencies(RunResult result) {
    Statistics times = result.getPrimaryResult().getStatistics();
    return new Latencies(
        Math.round(times.getPercentile(50)),
        Math.round(times.getPercentile(99)),
        Math.round(times.getPercentile(99.9)),
        Math.round(times.getMax()));
  }

  static long bytes(RunResult result) {
    return Math.round(result.getSecondaryResults().get(ALLOCATION).getScore());
  }
}
