// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The servers that kept this process waiting without an answer, for a short time after that. A
 * gate, its drainer and a health check connect several times; together they wait for a silent
 * server once. Safe for use by any number of threads.
 */
final class SilentServers {
  /** The time for which a server counts as silent, unless it answers. */
  private static final Duration REMEMBERED = Duration.ofSeconds(5);

  /** A failure after a shorter time, for example a refused connection, delays nothing. */
  private static final Duration SILENCE = Duration.ofMillis(500);

  private final Map<String, Failure> failures = new ConcurrentHashMap<>();

  /** A failure, and the time at which it ended, on the clock of {@link System#nanoTime}. */
  private record Failure(long end, @Nullable String message, @Nullable String state) {}

  /**
   * Fails if a server was silent a moment ago.
   *
   * @throws SQLException with the text of that failure
   */
  void requireAnswering(String url) throws SQLException {
    Failure last = failures.get(url);
    if (last != null && System.nanoTime() - last.end < REMEMBERED.toNanos()) {
      throw new SQLException(last.message, last.state);
    }
  }

  /** Remembers a failure of a connection that was begun at a time, if the server was silent. */
  void failed(String url, long begin, SQLException failure) {
    long now = System.nanoTime();
    if (now - begin >= SILENCE.toNanos()) {
      failures.put(url, new Failure(now, failure.getMessage(), failure.getSQLState()));
    }
  }

  void answered(String url) {
    failures.remove(url);
  }
}
