// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.queue.EventBatch;
import java.util.List;

/**
 * What takes events off the queue for good. Used by one thread.
 *
 * <p>A batch that was not settled is handed in again, to this sink or to a fresh one, even if it
 * was settled in truth and only the answer was lost: an implementation MUST recognise an event by
 * its id and never settle it twice (D2, D4).
 */
public interface DeferredAuditSink extends AutoCloseable {
  /**
   * Settles a batch, durably, in order, all or nothing. A sink that can, commits the batch's mark
   * with it.
   *
   * @return an outcome for each event, in order
   * @throws SinkUnavailableException if the surroundings are at fault; nothing is settled
   * @throws SinkException if anything else is; nothing is settled
   */
  List<AppendOutcome> append(EventBatch batch) throws SinkException;

  /**
   * Does the work that no event waits for, for example signing a checkpoint. Called after each
   * batch is settled, and from time to time while nothing waits. Its time counts as nobody's commit
   * time. MUST NOT throw: its failure is no failure of a batch.
   */
  default void maintain() {}

  /**
   * Writes what belongs at the end of a run. Called when nothing more will come, and again after a
   * transient fault for as long as the closer waits.
   *
   * @throws SinkUnavailableException if the surroundings are at fault; calling again may help
   * @throws SinkException if anything else is
   */
  default void finish() throws SinkException {}

  /** Lets go of what it holds; must not throw. */
  @Override
  default void close() {}

  /** Makes sinks: one at the start, and a fresh one after each failure. */
  @FunctionalInterface
  interface Factory {
    /** A sink that has opened nothing yet. */
    DeferredAuditSink create();
  }
}
