// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.event.AuditEvent;
import java.util.List;
import java.util.Optional;

/**
 * The oldest waiting events, in order.
 *
 * @param events the events; empty when none wait, or none up to the mark
 * @param mark what a ledger commits with them, if they come from a journal
 * @param following events that wait behind them, as far as they were seen: for work done ahead, and
 *     no promise that they come next
 */
public record EventBatch(
    List<AuditEvent> events, Optional<JournalMark> mark, List<AuditEvent> following) {
  /** Nothing. */
  public static final EventBatch EMPTY = new EventBatch(List.of(), Optional.empty(), List.of());

  public EventBatch {
    events = List.copyOf(events);
    following = List.copyOf(following);
  }

  /** Events that come from no journal. */
  public static EventBatch of(List<AuditEvent> events) {
    return new EventBatch(events, Optional.empty(), List.of());
  }
}
