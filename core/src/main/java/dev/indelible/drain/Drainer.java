// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.GapNote;
import dev.indelible.queue.AuditCounters;
import dev.indelible.queue.AuditCounters.Counter;
import dev.indelible.queue.AuditHealth;
import dev.indelible.queue.EventBatch;
import dev.indelible.queue.EventStore;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Moves the oldest waiting events into a sink, batch by batch. Runs on the supervisor's thread and
 * keeps no events: its batch is still in the store.
 */
final class Drainer {
  private final EventStore store;
  private final AuditCounters counters;
  private final BatchSize batchSize;

  /** The phase of the drainer; changed by its thread and by the closer. */
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.WAITING);

  private enum Phase {
    /** Reads events, or waits for the sink. */
    WAITING,
    /** Removes a settled batch from the store. */
    SETTLING,
    /** Settles nothing any more. */
    ABANDONED
  }

  Drainer(EventStore store, AuditCounters counters, int maxBatch) {
    this.store = store;
    this.counters = counters;
    this.batchSize = new BatchSize(maxBatch);
  }

  /**
   * Moves one batch into the ledger. Comments state what a crash of the process leaves at each
   * step.
   *
   * @return whether there was a batch; one without events moves only the mark of the ledger
   */
  boolean drainBatch(DeferredAuditSink sink) throws SinkException {
    // A crash here: the events are in the store, and nowhere else.
    EventBatch batch = store.peek(batchSize.limit());
    int size = batch.events().size();
    if (size == 0 && batch.mark().isEmpty()) {
      return false;
    }
    long start = System.nanoTime();
    // A crash in it: the batch is in the ledger as a whole, with its mark, or not at all. A failure
    // in it: the batch stays in the store and is retried; the ledger knows its events by id.
    List<AppendOutcome> answer = sink.append(batch);
    long nanos = System.nanoTime() - start;
    batchSize.took(size, nanos);
    if (answer.size() != size) {
      throw new SinkException(
          "the sink answered %s outcomes for %s events".formatted(answer.size(), size));
    }
    // Read in full before anything is settled: if this throws, the batch is still in the store.
    List<AppendOutcome> outcomes = List.copyOf(answer);
    long lost = batch.events().stream().mapToLong(GapNote::lost).sum();
    if (phase.compareAndSet(Phase.WAITING, Phase.SETTLING)) {
      try {
        // A crash before it or in it: the next process reads the mark in the ledger, and begins
        // after it. What the store still holds before the mark is removed then.
        store.settle(size);
        // A crash from here on loses the counters and nothing else.
        count(nanos, lost, batch.events(), outcomes);
      } finally {
        // Should the store fail, the batch is tried again; in any other phase none would settle.
        phase.set(Phase.WAITING);
      }
    } else {
      // The store has the batch as waiting, and the ledger as appended: the last tally states it.
      countOutcomes(batch.events(), outcomes);
    }
    return true;
  }

  /** Counts a settled batch, whatever else fails: events that are not counted count as pending. */
  private void count(long nanos, long lost, List<AuditEvent> events, List<AppendOutcome> outcomes) {
    int deadLettered = 0;
    for (AppendOutcome outcome : outcomes) {
      deadLettered += outcome.isDeadLetter() ? 1 : 0;
    }
    try {
      countOutcomes(events, outcomes);
      counters.count(Counter.COMMITS, 1);
      counters.count(Counter.COMMIT_NANOS, nanos);
      counters.count(Counter.LOST, lost);
      counters.health().report(AuditHealth.RECORDING);
    } finally {
      // Last: whoever sees that everything is settled sees the rest as well.
      counters.count(Counter.APPENDED, outcomes.size() - deadLettered);
      counters.count(Counter.DEAD_LETTERED, deadLettered);
    }
  }

  private void countOutcomes(List<AuditEvent> events, List<AppendOutcome> outcomes) {
    for (int i = 0; i < events.size(); i++) {
      AuditEvent event = events.get(i);
      switch (outcomes.get(i)) {
        case APPENDED -> counters.outcomes().countAppended(event);
        case DLQ_LANDED -> counters.outcomes().countDeadLettered(event);
        case REPEATED, DLQ_REPEATED -> counters.outcomes().countRepeated(event);
      }
    }
  }

  /**
   * Makes later answers of the sink settle nothing: the closer has returned, and the store may get
   * another drainer. Called by the closer; never waits.
   */
  void abandon() {
    phase.compareAndSet(Phase.WAITING, Phase.ABANDONED);
  }
}
