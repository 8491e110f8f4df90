// SPDX-License-Identifier: Apache-2.0
package dev.indelible.health;

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
 * Everything that is wrong with a log although events reach its ledger: at most one entry per
 * source. An entry is replaced when its reason changes and removed when the fault is cured, so a
 * fault that lasts for a day is one entry. Safe for use by any number of threads.
 */
public final class HealthEntries {
  /** How often one source is logged, at most, while its reason changes or the fault comes back. */
  static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(HealthEntries.class);

  private final LongSupplier nanoTime;
  private final BiConsumer<String, String> log;

  /** In the order in which the sources were first set. Guarded by itself. */
  private final Map<String, HealthEntry> entries = new LinkedHashMap<>();

  /**
   * One per source that was ever set; also of those that are cured. Guarded by {@link #entries}.
   */
  private final Map<String, Throttle> throttles = new HashMap<>();

  /** No entries yet; new ones are logged at ERROR. */
  public HealthEntries() {
    this(System::nanoTime, (source, reason) -> LOG.error("{}: {}", source, reason));
  }

  /**
   * No entries yet.
   *
   * @param nanoTime the clock of {@link #LOG_INTERVAL}, as {@link System#nanoTime}
   * @param log takes the source and the reason of an entry that is new or changed
   */
  HealthEntries(LongSupplier nanoTime, BiConsumer<String, String> log) {
    this.nanoTime = nanoTime;
    this.log = log;
  }

  /**
   * Sets the entry of a source. Logs it at ERROR when it is new or its reason has changed, at most
   * once a minute for one source.
   *
   * @param source what is at fault, see {@link HealthEntry#source}
   * @param reason what is wrong and what to do, for a person
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

  /** Sets the entry of a source, or removes it where there is no reason. */
  public void set(String source, Optional<String> reason) {
    reason.ifPresentOrElse(text -> set(source, text), () -> clear(source));
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
      return List.copyOf(entries.values());
    }
  }
}
