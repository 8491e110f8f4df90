// SPDX-License-Identifier: Apache-2.0
package dev.indelible.pending;

import dev.indelible.event.AuditEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongConsumer;

/**
 * A store in which accepted events wait for the ledger (D2, D3).
 *
 * <p>An event is removed when it is settled, never when it is read: if the reader fails, the event
 * is still in the store. Events are read in the order in which they were accepted.
 */
public interface EventStore {
  /**
   * Accepts an event. Called by any thread. MUST NOT do database work or wait for the drainer. If
   * it throws, the event is not accepted.
   *
   * @return true if it was accepted; {@code false} if the store is full
   */
  boolean offer(AuditEvent event);

  /**
   * Reads the oldest waiting events, in order, without removing them. Called only by the drainer.
   *
   * @param max maximum number of events. A batch may exceed it if it was read ahead by an earlier
   *     call with a larger maximum
   */
  EventBatch peek(int max);

  /**
   * Removes the oldest events, because they are in the ledger. Called only by the drainer.
   *
   * @param count the number of events in the batch that was read last
   */
  void settle(int count);

  /** Returns the number of events that waited when this store was opened. */
  long recovered();

  /**
   * Takes over the waiting events of earlier runs, if this store was opened without them and can
   * take them now; {@link #peek} returns them before all others. Called only by the drainer.
   *
   * @param found receives the number of events, before {@link #isPartial} turns false
   */
  default void adopt(LongConsumer found) {}

  /** Returns true if events of earlier runs may wait that this store has not taken over. */
  default boolean isPartial() {
    return false;
  }

  /**
   * Returns the journals whose positions in the ledger are to be compared now with the settled
   * events of this store. Called only by the drainer.
   *
   * @param isRefused true if the ledger has refused the mark of the last batch; false for a
   *     comparison at intervals, which is not due in most calls
   * @return empty if no comparison is due
   */
  default Set<UUID> toCompare(boolean isRefused) {
    return Set.of();
  }

  /**
   * Makes the settled events wait again that are after the ledger's position, because an older copy
   * of the ledger took its place. Called only by the drainer.
   *
   * @param positions the ledger's positions of the journals {@link #toCompare}
   * @param ledger the ledger
   */
  default Redelivery goBack(Map<UUID, Long> positions, LedgerView ledger) {
    return Redelivery.NONE;
  }

  /** Returns the time of the oldest waiting event, if it is known without a search. */
  Optional<Instant> oldestPending();

  /** Returns true if waiting events survive the end of the process. */
  default boolean isDurable() {
    return false;
  }

  /** Returns the reason that events are rejected, or may soon be; empty if there is none. */
  default Optional<String> trouble() {
    return Optional.empty();
  }

  /** Returns the store's bytes on disk; empty if the store is not on disk, or was closed. */
  default OptionalLong diskBytes() {
    return OptionalLong.empty();
  }

  /**
   * Returns the greatest age of an accepted event that is not on disk; empty if the store is not on
   * disk, or was closed.
   */
  default Optional<Duration> syncAge() {
    return Optional.empty();
  }

  /** Releases the store's resources. Called once, after the drainer has ended. */
  default void close() {}
}
