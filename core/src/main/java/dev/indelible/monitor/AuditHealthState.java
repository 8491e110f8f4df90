// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import dev.indelible.health.AuditHealth;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The state of a log's health, reported by the drainer, the ledger's writer and the followers of
 * the log. Safe for use by any number of threads.
 */
public final class AuditHealthState {
  private final HealthEntries entries = new HealthEntries();
  private final AtomicReference<AuditHealth> current = new AtomicReference<>(AuditHealth.RECORDING);

  /** True if the log contradicts its own signed checkpoints; set once. */
  private volatile boolean contradicted;

  /** Returns the health that the drainer reported last. */
  public AuditHealth current() {
    return current.get();
  }

  /**
   * Reports whether events reach the ledger. A terminal state is never replaced. Allocates nothing.
   */
  public void report(AuditHealth now) {
    AuditHealth was = current.get();
    while (was != now && !was.state().isTerminal() && !current.compareAndSet(was, now)) {
      was = current.get();
    }
  }

  /** Returns the faults that exist although events reach the ledger. */
  public HealthEntries entries() {
    return entries;
  }

  /**
   * Reports that the log contradicts its own signed checkpoints. Recording continues, and no more
   * checkpoints are signed.
   *
   * @param source the source of the health entry: the part that found the contradiction
   */
  public void reportContradiction(String source, String reason) {
    contradicted = true;
    entries.set(source, reason);
  }

  /** Returns true if the log was found to contradict its own signed checkpoints. */
  public boolean isContradicted() {
    return contradicted;
  }
}
