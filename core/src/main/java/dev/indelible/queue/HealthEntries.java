// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that is wrong with a log although events reach its ledger: at most one entry per
 * source. An entry is replaced when its reason changes and removed when the fault is cured, so a
 * fault that lasts for a day is one entry. Safe for use by any number of threads.
 */
public final class HealthEntries {
  /** How often one source may log a reason that keeps changing. */
  private static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(HealthEntries.class);

  /** In the order in which the sources were first set. Guarded by itself. */
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  /**
   * Sets the entry of a source. Logs it at ERROR when the source had none, and when the reason
   * changed, the latter at most once a minute.
   *
   * @param source what reports, for example {@code checkpoints} or {@code witness w1}
   * @param reason what is wrong and what to do, for a person
   */
  public void set(String source, String reason) {
    long now = System.nanoTime();
    synchronized (entries) {
      Entry before = entries.get(source);
      boolean due = before == null || before.isLogDue(reason, now);
      entries.put(source, new Entry(source, reason, due ? now : before.loggedNanos()));
      if (!due) {
        return;
      }
    }
    LOG.error("{}: {}", source, reason);
  }

  /** Removes the entry of a source, if it has one: its fault is cured. */
  public void clear(String source) {
    synchronized (entries) {
      entries.remove(source);
    }
  }

  /** The entries, in the order in which their sources were first set. */
  public List<HealthEntry> all() {
    synchronized (entries) {
      return entries.values().stream()
          .map(entry -> new HealthEntry(entry.source(), entry.reason()))
          .toList();
    }
  }

  private record Entry(String source, String reason, long loggedNanos) {
    boolean isLogDue(String next, long nowNanos) {
      return !reason.equals(next)
          && nowNanos - loggedNanos >= TimeUnit.NANOSECONDS.convert(LOG_INTERVAL);
    }
  }
}
