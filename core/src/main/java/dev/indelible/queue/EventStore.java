// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.event.AuditEvent;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

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

  /** The oldest waiting events, at most {@code max}, in order; they stay. For the drainer alone. */
  List<AuditEvent> peek(int max);

  /** Lets the oldest {@code count} events go: they are in the ledger. For the drainer alone. */
  void settle(int count);

  /** How many events wait. */
  long pending();

  /** When the oldest waiting event happened. */
  Optional<Instant> oldestPending();
}
