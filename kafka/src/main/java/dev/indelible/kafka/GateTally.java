// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.event.SystemEvent;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.queue.DeferredAuditQueue;
import java.time.Duration;
import java.util.UUID;

/**
 * Submits a gate's own tally to its queue from time to time, and when the queue is about to close.
 * It travels as {@code gate.tally}, and states how many events the gate accepted and rejected: rows
 * alone do not show a rejection. Used by the drainer's thread and the closing thread.
 */
final class GateTally {
  private final DeferredAuditQueue queue;
  private final Duration interval;
  private final UUID run = UUID.randomUUID();
  private long submittedAt = System.nanoTime();

  /** Events submitted when the last tally was made, the tally included. */
  private long counted;

  private boolean closed;

  GateTally(DeferredAuditQueue queue, Duration interval) {
    this.queue = queue;
    this.interval = interval;
  }

  synchronized void submitIfDue() {
    if (!closed && System.nanoTime() - submittedAt >= interval.toNanos()) {
      submittedAt = System.nanoTime();
      submitIfNew();
    }
  }

  /** Submits the last tally of the run, if it differs from the one before; may be called again. */
  synchronized void submitLast() {
    if (!closed) {
      closed = true;
      submitIfNew();
    }
  }

  private void submitIfNew() {
    DeferredAuditMetrics.Events events = queue.metrics().events();
    if (events.submitted() != counted && queue.submit(toEvent(events))) {
      counted = events.submitted() + 1;
    }
  }

  private SystemEvent toEvent(DeferredAuditMetrics.Events events) {
    return SystemEvent.of(
        SystemEvent.TALLY,
        new CanonicalWriter()
            .beginObject()
            .member("closed", closed)
            .member("pending", events.pending())
            .member("rejected", events.sendFailures())
            .member("run", run)
            .member("settled", events.appended())
            .member("submitted", events.submitted())
            .endObject());
  }
}
