// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.drain.DeferredAudit;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventStore;
import dev.indelible.queue.DrainSettings;
import dev.indelible.storage.LedgerFactory;

/** Wires a deferred audit queue to a ledger. */
public final class LedgerAudit {
  private LedgerAudit() {}

  /**
   * Starts a queue whose events are appended to a ledger.
   *
   * @param store the store in which events wait
   */
  public static DeferredAudit start(
      LedgerFactory ledger, AppendSettings settings, EventStore store, DrainSettings drain) {
    AuditCounters counters = new AuditCounters();
    LedgerRun run = LedgerRun.of(ledger, settings, counters);
    return DeferredAudit.start(
        store, () -> new LedgerSink(run), counters, drain.withBatchesUpTo(ledger.maxBatch()));
  }
}
