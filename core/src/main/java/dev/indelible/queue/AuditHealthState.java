// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.health.HealthEntries;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The state of a log's health, reported by the drainer, the ledger's writer and the followers of
 * the log. Safe for use by any number of threads.
 */
public final class AuditHealthState {
  private final HealthEntries entries = new HealthEntries();
  private final AtomicReference<AuditHealth> current = new AtomicReference<>(AuditHealth.RECORDING);

  /** Whether the log contradicts what it signed before; set once. */
  private volatile boolean contradicted;

  /** Returns what the drainer reported last. */
  public AuditHealth current() {
    return current.get();
  }

  /** Reports whether events reach the ledger. A terminal state stays. Allocates nothing. */
  public void report(AuditHealth now) {
    AuditHealth was = current.get();
    while (was != now && !was.state().isTerminal() && !current.compareAndSet(was, now)) {
      was = current.get();
    }
  }

  /** The faults that exist although events reach the ledger. */
  public HealthEntries entries() {
    return entries;
  }

  /**
   * Reports that the log contradicts what it signed before: recording goes on, and no checkpoint is
   * signed any more.
   *
   * @param source the source of the health entry: who found it
   */
  public void reportContradiction(String source, String reason) {
    contradicted = true;
    entries.set(source, reason);
  }

  /** Returns whether the log was found to contradict what it signed before. */
  public boolean isContradicted() {
    return contradicted;
  }
}
