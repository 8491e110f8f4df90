// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.time.Duration;

/**
 * Shows the progress of long work on one line of a terminal, with a bar if the total is known.
 * Prints nothing if standard error is not a terminal.
 */
final class Progress implements AutoCloseable {
  private static final long FIRST_AFTER_NANOS = Duration.ofMillis(500).toNanos();
  private static final long EVERY_NANOS = Duration.ofMillis(100).toNanos();

  private static final int BAR_CHARS = 20;

  private final Console console;
  private final String what;

  /** The total count; 0 if unknown. */
  private final long total;

  private final long started;
  private long nextNanos;
  private boolean shown;

  Progress(Console console, String what) {
    this(console, what, 0);
  }

  /**
   * Begins work with a known total.
   *
   * @param what the work, as one past participle
   * @param total the total count
   */
  Progress(Console console, String what, long total) {
    this.console = console;
    this.what = what;
    this.total = total;
    this.started = console.nanoTime().getAsLong();
    this.nextNanos = started + FIRST_AFTER_NANOS;
  }

  void at(long count) {
    long now = console.nanoTime().getAsLong();
    if (!console.errIsTerminal() || now - nextNanos < 0) {
      return;
    }
    nextNanos = now + EVERY_NANOS;
    shown = true;
    double perSecond = count / ((now - started) / 1e9);
    console.err().print("\r\u001b[K" + what + " " + line(count, perSecond));
    console.err().flush();
  }

  /** Returns a line of fewer than 80 columns. */
  private String line(long count, double perSecond) {
    if (total < 1) {
      return "%,d  (%,.0f per second)".formatted(count, perSecond);
    }
    double done = Math.min(1, (double) count / total);
    int filled = (int) (done * BAR_CHARS);
    return "[%s%s] %3.0f %%  %,d of %,d, %.0f s left"
        .formatted(
            "#".repeat(filled),
            "-".repeat(BAR_CHARS - filled),
            100 * done,
            count,
            total,
            Math.ceil(Math.max(0, total - count) / Math.max(1, perSecond)));
  }

  @Override
  public void close() {
    if (shown) {
      console.err().print("\r\u001b[K");
      console.err().flush();
    }
  }
}
