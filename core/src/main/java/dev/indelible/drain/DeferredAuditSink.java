// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.queue.EventBatch;
import java.util.List;

/**
 * The destination of a queue's events. Used by one thread.
 *
 * <p>A batch whose settlement is not known is handed in again, to this sink or to a fresh one: an
 * implementation MUST recognise an event by its id and never settle it twice (D2, D4).
 */
public interface DeferredAuditSink extends AutoCloseable {
  /**
   * Settles a batch: durably, in order, all or nothing. A sink that is able to commits the mark of
   * the batch with it.
   *
   * @return an outcome for each event, in order
   * @throws SinkUnavailableException after a transient fault; nothing is settled
   * @throws SinkException after any other fault; nothing is settled
   */
  List<AppendOutcome> append(EventBatch batch) throws SinkException;

  /**
   * Does the work that no event waits for, for example signing a checkpoint. Called after each
   * batch is settled, and now and then while nothing waits. Its time is no commit time. MUST NOT
   * throw: its failure is no failure of a batch.
   */
  default void maintain() {}

  /**
   * Writes the end of a run. Called when no more events will come, and again after a transient
   * fault for as long as the closer waits.
   *
   * @throws SinkUnavailableException after a transient fault; another call may succeed
   * @throws SinkException after any other fault
   */
  default void finish() throws SinkException {}

  /** Releases its resources; MUST NOT throw. */
  @Override
  default void close() {}

  /** A factory of sinks: one at the start, and a fresh one after each failure. */
  @FunctionalInterface
  interface Factory {
    /** Creates a sink that has opened nothing yet. */
    DeferredAuditSink create();
  }
}
