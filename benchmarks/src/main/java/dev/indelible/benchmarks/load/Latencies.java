// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Percentiles of durations, in nanoseconds.
 *
 * @param p50 half of the durations are at most this
 * @param p99 99 of 100 are at most this
 * @param p999 999 of 1,000 are at most this
 * @param max all are at most this
 */
public record Latencies(long p50, long p99, long p999, long max) {
  /** Significant decimal digits of a recorded value. */
  private static final int DIGITS = 3;

  /** Returns a new histogram. Not thread-safe. */
  public static Histogram histogram() {
    return new Histogram(DIGITS);
  }

  /** Returns the percentiles of a histogram. */
  public static Latencies of(Histogram histogram) {
    return new Latencies(
        histogram.getValueAtPercentile(50),
        histogram.getValueAtPercentile(99),
        histogram.getValueAtPercentile(99.9),
        histogram.getMaxValue());
  }

  /** Returns the median. */
  public static long median(List<Long> times) {
    return times.stream().sorted().skip(times.size() / 2).findFirst().orElseThrow();
  }
}
