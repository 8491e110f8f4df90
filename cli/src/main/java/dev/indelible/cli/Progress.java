// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.time.Duration;

/** One line on a terminal that says how far a long work is; nothing elsewhere. */
final class Progress implements AutoCloseable {
  private static final long FIRST_AFTER_NANOS = Duration.ofMillis(500).toNanos();
  private static final long EVERY_NANOS = Duration.ofMillis(100).toNanos();

  private final Console console;
  private final String what;
  private final long started;
  private long nextNanos;
  private boolean shown;

  Progress(Console console, String what) {
    this.console = console;
    this.what = what;
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
    double seconds = (now - started) / 1e9;
    console.err().printf("\r\u001b[K%s %,d  (%,.0f a second)", what, count, count / seconds);
    console.err().flush();
  }

  @Override
  public void close() {
    if (shown) {
      console.err().print("\r\u001b[K");
      console.err().flush();
    }
  }
}
