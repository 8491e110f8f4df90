// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.pending.EventBatch;
import dev.indelible.pending.LedgerView;
import java.util.List;

/**
 * The destination of a queue's events (D2, D4). Used by one thread.
 *
 * <p>A batch whose settlement is unknown is appended again, to this sink or to a new one. So an
 * implementation MUST recognise an event by its id and never settle it twice.
 */
public interface DeferredAuditSink extends AutoCloseable, LedgerView {
  /**
   * Settles a batch durably, in order and atomically. A sink that supports marks commits the
   * batch's marks in the same transaction.
   *
   * @return an outcome for each event, in order
   * @throws SinkUnavailableException after a transient fault; nothing is settled
   * @throws SinkException after any other fault; nothing is settled
   */
  List<AppendOutcome> append(EventBatch batch) throws SinkException;

  /**
   * Does work for which no event waits, for example signing a checkpoint. Called after each settled
   * batch, and from time to time while no events are waiting. Its time does not count as commit
   * time. MUST NOT throw, because its failure is not a failure of the batch.
   */
  default void maintain() {}

  /**
   * Writes the end of a run. Called when no more events will follow, and again after a transient
   * fault while the closing thread is waiting.
   *
   * @throws SinkUnavailableException after a transient fault; another call may succeed
   * @throws SinkException after any other fault
   */
  default void finish() throws SinkException {}

  /**
   * Returns true if an append keeps other writers out of the destination, so that a batch must be
   * short. If not, batches are as large as the settings allow.
   */
  default boolean isExclusive() {
    return true;
  }

  /**
   * Drops all state about the destination, which has gone back to an earlier state. MUST NOT throw.
   */
  default void forget() {}

  /** Releases the sink's resources. MUST NOT throw. */
  @Override
  default void close() {}

  /** A factory of sinks. A sink is created at the start and after each failure. */
  @FunctionalInterface
  interface Factory {
    /** Creates a sink, which opens its destination later. */
    DeferredAuditSink create();

    /**
     * Reports that the queue is about to close; a last event may still be submitted. Called by the
     * closing thread. MUST NOT throw or wait.
     */
    default void closing() {}

    /**
     * Reports that nobody waits any longer for events to be settled. An append that waits for its
     * destination SHOULD end at once with a {@link SinkUnavailableException}, so that the store of
     * this run can be closed. Called by the closing thread. MUST NOT throw or wait.
     */
    default void stopWaiting() {}
  }
}
