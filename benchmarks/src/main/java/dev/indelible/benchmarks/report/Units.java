// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.report;

import java.time.Duration;
import java.util.Locale;

/** Formats numbers for people. */
public final class Units {
  private static final double NANOS_PER_SECOND = Duration.ofSeconds(1).toNanos();
  private static final double KILO = 1_000;
  private static final double MEBI = 1 << 20;

  private Units() {}

  /** Formats a count. */
  public static String count(long value) {
    return format("%,d", value);
  }

  /** Formats a time in nanoseconds. */
  public static String time(long nanos) {
    if (nanos < KILO) {
      return format("%d ns", nanos);
    }
    if (nanos < KILO * KILO) {
      return format("%.1f µs", nanos / KILO);
    }
    return nanos < NANOS_PER_SECOND
        ? format("%.1f ms", nanos / KILO / KILO)
        : format("%.1f s", nanos / NANOS_PER_SECOND);
  }

  /** Formats a ratio. */
  public static String ratio(double value) {
    return format("%.2f", value);
  }

  /** Formats a size in bytes. */
  public static String mebibytes(long bytes) {
    return format("%,.1f MiB", bytes / MEBI);
  }

  /** Returns a rate per second. */
  public static long perSecond(long events, long nanos) {
    return Math.round(events * NANOS_PER_SECOND / nanos);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
