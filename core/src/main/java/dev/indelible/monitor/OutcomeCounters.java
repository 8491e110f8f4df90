// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;

/**
 * Counters of the outcomes of one run's decisions, by event type. An event is counted once, after
 * it is settled. Used by the drainer's thread; counting allocates nothing.
 */
public final class OutcomeCounters {
  /** Events of an earlier run that are not settled yet; they are settled before all others. */
  private long recoveredLeft;

  private final Counter recovered = new Counter();
  private final Counter appended = new Counter();
  private final Counter deadLettered = new Counter();
  private final Counter repeated = new Counter();
  private long lost;

  /** Records the number of events that an earlier run left waiting. */
  void expectRecovered(long events) {
    recoveredLeft += events;
  }

  /** Counts an event that became a row. */
  public void countAppended(AuditEvent event) {
    boolean earlier = isRecovered(event);
    (earlier ? recovered : appended).add(event);
  }

  /** Counts an event that became a dead letter. */
  public void countDeadLettered(AuditEvent event) {
    if (!isRecovered(event)) {
      deadLettered.add(event);
    }
  }

  /** Counts an event that already was a row or a dead letter. */
  public void countRepeated(AuditEvent event) {
    if (!isRecovered(event)) {
      repeated.add(event);
    }
  }

  private boolean isRecovered(AuditEvent event) {
    if (recoveredLeft > 0) {
      recoveredLeft--;
      return true;
    }
    lost += GapNote.lost(event);
    return false;
  }

  /** Returns the decisions of an earlier run that became rows. */
  public TypeCounts recovered() {
    return recovered.counts();
  }

  /** Returns the decisions of this run that became rows. */
  public TypeCounts appended() {
    return appended.counts();
  }

  /** Returns the decisions of this run that became dead letters. */
  public TypeCounts deadLettered() {
    return deadLettered.counts();
  }

  /** Returns the decisions of this run that already were rows or dead letters. */
  public TypeCounts repeated() {
    return repeated.counts();
  }

  /** Returns the number of lost events that this run's gap events report (D7). */
  public long lost() {
    return lost;
  }

  private static final class Counter {
    private long checks;
    private long refusals;

    void add(AuditEvent event) {
      checks += event.eventType().equals(DeferredAuditEvent.CHECK) ? 1 : 0;
      refusals += event.eventType().equals(DeferredAuditEvent.REFUSAL) ? 1 : 0;
    }

    TypeCounts counts() {
      return new TypeCounts(checks, refusals);
    }
  }
}
