// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.event.DeferredAuditEvent;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Submits the events of one producer in order. Retries a rejected event after a short pause. Times
 * only the call itself. Not thread-safe.
 */
final class Handover {
  private static final Duration MOMENT = Duration.ofNanos(50_000);

  private final Contender.Session session;
  private final EventStream events;
  private final Histogram calls;
  private long accepted;
  private long rejected;

  /**
   * Creates a handover.
   *
   * @param calls receives the duration of each call
   */
  Handover(Contender.Session session, EventStream events, Histogram calls) {
    this.session = session;
    this.events = events;
    this.calls = calls;
  }

  /** Submits the next event. */
  void handOver() throws Exception {
    DeferredAuditEvent event = events.next();
    while (!submit(event)) {
      rejected++;
      LockSupport.parkNanos(MOMENT.toNanos());
    }
    accepted++;
  }

  /** Returns the number of accepted events. */
  long accepted() {
    return accepted;
  }

  /** Returns the number of rejected calls. */
  long rejected() {
    return rejected;
  }

  private boolean submit(DeferredAuditEvent event) throws Exception {
    long before = System.nanoTime();
    boolean taken = session.submit(event);
    calls.recordValue(System.nanoTime() - before);
    return taken;
  }
}
