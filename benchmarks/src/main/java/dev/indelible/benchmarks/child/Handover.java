// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.event.DeferredAuditEvent;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * One producer's way of handing its events in: in order, and again after a moment what was not
 * accepted. Only the call itself is timed. One thread.
 */
final class Handover {
  private static final Duration MOMENT = Duration.ofNanos(50_000);

  private final Contender.Session session;
  private final EventStream events;
  private final Histogram calls;
  private long accepted;
  private long rejected;

  /**
   * A handover.
   *
   * @param calls where the time of each call is recorded
   */
  Handover(Contender.Session session, EventStream events, Histogram calls) {
    this.session = session;
    this.events = events;
    this.calls = calls;
  }

  /** Hands in the next event. */
  void handOver() throws Exception {
    DeferredAuditEvent event = events.next();
    while (!submit(event)) {
      rejected++;
      LockSupport.parkNanos(MOMENT.toNanos());
    }
    accepted++;
  }

  /** How many were accepted. */
  long accepted() {
    return accepted;
  }

  /** How many calls were in vain. */
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
