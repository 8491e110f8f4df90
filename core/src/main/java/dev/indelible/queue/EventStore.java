// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.event.AuditEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A store in which accepted events wait for the ledger.
 *
 * <p>An event is removed when it is settled, never when it is read: if its reader fails, the event
 * is still there (D2). Events are read in the order in which they were accepted (D3).
 */
public interface EventStore {
  /**
   * Accepts an event, from any thread. MUST NOT do database work or wait for the drainer. If it
   * throws, the event is not accepted.
   *
   * @return whether it was accepted; {@code false} if the store is full
   */
  boolean offer(AuditEvent event);

  /**
   * Reads the oldest waiting events, in order; they stay. For the drainer alone.
   *
   * @param max most events; events read ahead under a larger limit may still all be returned
   */
  EventBatch peek(int max);

  /**
   * Removes the oldest events: they are in the ledger. For the drainer alone.
   *
   * @param count the number of events in the batch that was read last
   */
  void settle(int count);

  /** Returns the number of events that waited when this store was opened. */
  long recovered();

  /** Returns when the oldest waiting event happened, if that is known without a search. */
  Optional<Instant> oldestPending();

  /** Returns whether waiting events survive the end of the process. */
  default boolean isDurable() {
    return false;
  }

  /** Returns why events are not accepted, or may soon not be; empty without a reason. */
  default Optional<String> trouble() {
    return Optional.empty();
  }

  /** Returns its bytes on disk; empty if it is not on disk, or was closed. */
  default OptionalLong diskBytes() {
    return OptionalLong.empty();
  }

  /**
   * Returns the greatest age of an accepted event that is not on disk; empty if events never are,
   * or the store was closed.
   */
  default Optional<Duration> syncAge() {
    return Optional.empty();
  }

  /** Releases its resources; called once, after the drainer has ended. */
  default void close() {}
}
