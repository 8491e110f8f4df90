// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.event.AuditEvent;
import dev.indelible.queue.AuditBooks;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.EventStore;
import java.util.List;

/**
 * Moves the oldest waiting events into a sink, batch by batch. Runs on the supervisor's thread and
 * keeps nothing: what it has in hand is still in the store.
 */
final class Drainer {
  private final EventStore store;
  private final DeferredAuditQueue queue;
  private final AuditBooks books;
  private final int maxBatch;

  Drainer(EventStore store, DeferredAuditQueue queue, AuditBooks books, int maxBatch) {
    this.store = store;
    this.queue = queue;
    this.books = books;
    this.maxBatch = maxBatch;
  }

  /**
   * Settles one batch.
   *
   * @return how many events it settled; 0 when none wait
   */
  int drainBatch(DeferredAuditSink sink) throws SinkException {
    List<AuditEvent> batch = store.peek(maxBatch);
    if (batch.isEmpty()) {
      return 0;
    }
    List<AppendOutcome> outcomes = sink.append(batch);
    if (outcomes.size() != batch.size()) {
      throw new SinkException(
          "the sink answered %d outcomes for %d events".formatted(outcomes.size(), batch.size()));
    }
    store.settle(batch.size());
    enter(outcomes);
    return batch.size();
  }

  private void enter(List<AppendOutcome> outcomes) {
    long appended = outcomes.stream().filter(AppendOutcome.APPENDED::equals).count();
    books.countAppended(appended);
    books.countDlqLanded(outcomes.size() - appended);
    queue.countSettled(outcomes.size());
    books.reportRecording();
  }
}
