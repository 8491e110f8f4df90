// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import dev.indelible.base.Throttle;
import dev.indelible.health.HealthEntry;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The faults of a log whose events reach the ledger: at most one entry per source. An entry is
 * replaced when its reason changes and removed when the fault is repaired, so a fault that lasts
 * for a day is one entry. Safe for use by any number of threads.
 */
public final class HealthEntries {
  /**
   * The minimum time between two log lines of one source, while its reason changes or the fault
   * recurs.
   */
  static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(HealthEntries.class);

  private final LongSupplier nanoTime;
  private final BiConsumer<String, String> log;

  /** In the order in which the sources were first set. Guarded by itself. */
  private final Map<String, HealthEntry> entries = new LinkedHashMap<>();

  /**
   * One throttle for each source that was ever set, even if its fault was repaired. Guarded by
   * {@link #entries}.
   */
  private final Map<String, Throttle> throttles = new HashMap<>();

  /** Creates an empty set of entries; new ones are logged at ERROR. */
  public HealthEntries() {
    this(System::nanoTime, (source, reason) -> LOG.error("{}: {}", source, reason));
  }

  /**
   * Creates an empty set of entries.
   *
   * @param nanoTime a clock like {@link System#nanoTime}, for {@link #LOG_INTERVAL}
   * @param log receives the source and the reason of an entry that is new or changed
   */
  HealthEntries(LongSupplier nanoTime, BiConsumer<String, String> log) {
    this.nanoTime = nanoTime;
    this.log = log;
  }

  /**
   * Sets the entry of a source. Logs it at ERROR when it is new or its reason has changed, at most
   * once a minute for one source.
   *
   * @param source the part at fault, see {@link HealthEntry#source}
   * @param reason the fault and its remedy, in words
   */
  public void set(String source, String reason) {
    HealthEntry entry = new HealthEntry(source, reason);
    Throttle throttle;
    synchronized (entries) {
      if (entry.equals(entries.put(source, entry))) {
        return;
      }
      throttle = throttles.computeIfAbsent(source, any -> Throttle.of(LOG_INTERVAL, nanoTime));
    }
    throttle.ifDue(() -> log.accept(source, reason));
  }

  /** Sets the entry of a source, or removes it if there is no reason. */
  public void set(String source, Optional<String> reason) {
    reason.ifPresentOrElse(text -> set(source, text), () -> clear(source));
  }

  /** Removes the entry of a source, if it has one: the fault is repaired. */
  public void clear(String source) {
    synchronized (entries) {
      entries.remove(source);
    }
  }

  /** Returns the entries, in the order in which their sources were first set. */
  public List<HealthEntry> all() {
    synchronized (entries) {
      return List.copyOf(entries.values());
    }
  }
}
