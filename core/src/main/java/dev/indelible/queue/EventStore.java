// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.event.AuditEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where accepted events wait for the ledger.
 *
 * <p>An event leaves only when it is settled, never when it is looked at: whatever happens to the
 * one who looked, the event is still there (D2). Events leave in the order in which they came (D3).
 */
public interface EventStore {
  /**
   * Takes an event, from any thread. MUST NOT do database work, wait for the drainer, or throw.
   *
   * @return whether it was taken; {@code false} when there is no room
   */
  boolean offer(AuditEvent event);

  /**
   * The oldest waiting events, in order; they stay. For the drainer alone.
   *
   * @param max most events; what was seen ahead under a larger one may still come at once
   */
  EventBatch peek(int max);

  /**
   * Lets the oldest events go: they are in the ledger. For the drainer alone.
   *
   * @param count how many: those of the batch that was last looked at
   */
  void settle(int count);

  /** How many events were waiting when this store was opened. */
  long recovered();

  /** When the oldest waiting event happened, as far as that is known without looking for it. */
  Optional<Instant> oldestPending();

  /** Whether what waits here survives the end of the process. */
  default boolean isDurable() {
    return false;
  }

  /** Why events may soon not be accepted, or are not; empty when there is no reason. */
  default Optional<String> trouble() {
    return Optional.empty();
  }

  /** What it takes on disk; empty if it is not on disk, or was closed. */
  default OptionalLong diskBytes() {
    return OptionalLong.empty();
  }

  /**
   * How long ago what was accepted until then was last known to be on disk; empty if it never is,
   * or the store was closed.
   */
  default Optional<Duration> syncAge() {
    return Optional.empty();
  }

  /** Lets go of what it holds; called once, after the drainer has ended. */
  default void close() {}
}
