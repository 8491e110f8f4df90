// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.event.AuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.monitor.AuditCounters.Counter;
import dev.indelible.monitor.GapNote;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.EventStore;
import dev.indelible.pending.JournalMark;
import dev.indelible.pending.Redelivery;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Moves the oldest waiting events to a sink, batch by batch. Runs on the supervisor's thread. Holds
 * no events itself, because a batch stays in the store until it is settled.
 */
final class Drainer {
  private final EventStore store;
  private final AuditCounters counters;
  private final int maxBatch;
  private final BatchSize batchSize;

  /** The phase of the drainer; changed by its thread and by the closing thread. */
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.WAITING);

  private enum Phase {
    /** Reads events, or waits for the sink. */
    WAITING,
    /** Removes a settled batch from the store. */
    SETTLING,
    /** Settles no more batches. */
    ABANDONED
  }

  Drainer(EventStore store, AuditCounters counters, int maxBatch) {
    this.store = store;
    this.counters = counters;
    this.maxBatch = maxBatch;
    this.batchSize = new BatchSize(maxBatch);
  }

  /**
   * Moves one batch into the ledger. Comments state the effect of a crash of the process at each
   * step.
   *
   * @return true if there was a batch; a batch without events only advances the ledger's position
   */
  boolean drainBatch(DeferredAuditSink sink) throws SinkException {
    // A crash here: the events are only in the store, or in slots of dead processes.
    store.adopt(counters::countRecovered);
    lookBack(sink, false);
    EventBatch batch = store.peek(sink.isExclusive() ? batchSize.limit() : maxBatch);
    int size = batch.events().size();
    if (size == 0 && batch.mark().isEmpty()) {
      return false;
    }
    long start = System.nanoTime();
    // If the process crashes in the append, the ledger has the whole batch with its mark, or none
    // of it. If the append fails, the batch stays in the store and is retried; the ledger
    // recognises its events by id.
    List<AppendOutcome> answer;
    try {
      answer = sink.append(batch);
    } catch (MarkMovedException e) {
      if (!lookBack(sink, true)) {
        throw e;
      }
      return true;
    }
    long nanos = System.nanoTime() - start;
    batchSize.took(size, nanos);
    if (answer.size() != size) {
      throw new SinkException(
          "the sink returned %s outcomes for %s events".formatted(answer.size(), size));
    }
    // Copied before any event is settled: if this throws, the batch is still in the store.
    List<AppendOutcome> outcomes = List.copyOf(answer);
    long lost = batch.events().stream().mapToLong(GapNote::lost).sum();
    if (phase.compareAndSet(Phase.WAITING, Phase.SETTLING)) {
      try {
        // If the process crashes before or during the settlement, the next process reads the mark
        // in the ledger and continues after it. It removes events before the mark from the store.
        store.settle(size);
        // A crash after this line loses only counters.
        count(nanos, lost, batch, outcomes);
      } finally {
        // If the store fails, the batch is retried; that requires this phase.
        phase.set(Phase.WAITING);
      }
    } else {
      // The closing thread has abandoned this drainer. The batch stays in the store, but it is in
      // the ledger, so the last tally must count it.
      countOutcomes(batch.events(), outcomes);
    }
    return true;
  }

  /**
   * Compares the ledger's positions with the settled events of the store, if that is due. If the
   * ledger went back, the events that it lost wait again, and count once more as submitted.
   *
   * @param isRefused true if the ledger has refused the mark of the last batch
   * @return true if the store goes on from another position
   */
  private boolean lookBack(DeferredAuditSink sink, boolean isRefused) {
    Set<UUID> journals = new HashSet<>(store.toCompare(isRefused));
    if (journals.isEmpty()) {
      return false;
    }
    journals.addAll(counters.outcomes().journals());
    Optional<Map<UUID, Long>> positions = sink.positions(journals);
    if (positions.isEmpty()) {
      return false;
    }
    Redelivery found = store.goBack(positions.get(), sink);
    if (found.events() > 0) {
      counters.countRedelivered(found, positions.get());
    }
    if (found.isBack()) {
      sink.forget();
    }
    return found.isBack();
  }

  /**
   * Counts a settled batch. The last two counters are counted even after a failure, because
   * uncounted events would count as pending.
   */
  private void count(long nanos, long lost, EventBatch batch, List<AppendOutcome> outcomes) {
    int deadLettered = 0;
    for (AppendOutcome outcome : outcomes) {
      deadLettered += outcome.isDeadLetter() ? 1 : 0;
    }
    try {
      countOutcomes(batch.events(), outcomes);
      batch.mark().filter(JournalMark::isRetained).ifPresent(counters.outcomes()::committed);
      counters.count(Counter.COMMITS, 1);
      counters.count(Counter.COMMIT_NANOS, nanos);
      counters.count(Counter.LOST, lost);
      counters.health().report(AuditHealth.RECORDING);
    } finally {
      // Counted last, so that a thread that sees all events settled also sees the other counters.
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
   * Makes the drainer ignore later results of the sink, because the store may get another drainer.
   * Called by the closing thread; does not wait.
   */
  void abandon() {
    phase.compareAndSet(Phase.WAITING, Phase.ABANDONED);
  }
}
