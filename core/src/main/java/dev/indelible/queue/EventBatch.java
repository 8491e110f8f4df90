// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.event.AuditEvent;
import java.util.List;
import java.util.Optional;

/**
 * The oldest waiting events, in order.
 *
 * @param events the events; empty if none wait, or none before the mark
 * @param mark the position that a ledger commits with them, if they come from a journal
 * @param following events after them, as far as they were read: for work done ahead; the next batch
 *     may have others
 */
public record EventBatch(
    List<AuditEvent> events, Optional<JournalMark> mark, List<AuditEvent> following) {
  /** A batch of no events and no mark. */
  public static final EventBatch EMPTY = new EventBatch(List.of(), Optional.empty(), List.of());

  public EventBatch {
    events = List.copyOf(events);
    following = List.copyOf(following);
  }

  /** Returns a batch of events that come from no journal. */
  public static EventBatch of(List<AuditEvent> events) {
    return new EventBatch(events, Optional.empty(), List.of());
  }
}
