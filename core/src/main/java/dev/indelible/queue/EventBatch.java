// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.event.AuditEvent;
import java.util.List;
import java.util.Optional;

/**
 * The oldest waiting events, in order.
 *
 * @param events the events; empty when none wait, or none up to the mark
 * @param marks what a ledger commits with them: a position for each journal that they come from
 * @param following events that wait behind them, as far as they were seen: for work done ahead, and
 *     no promise that they come next
 */
public record EventBatch(
    List<AuditEvent> events, List<JournalMark> marks, List<AuditEvent> following) {
  /** Nothing. */
  public static final EventBatch EMPTY = new EventBatch(List.of(), List.of(), List.of());

  public EventBatch {
    events = List.copyOf(events);
    marks = List.copyOf(marks);
    following = List.copyOf(following);
  }

  /** Events of one journal, or of none. */
  public EventBatch(
      List<AuditEvent> events, Optional<JournalMark> mark, List<AuditEvent> following) {
    this(events, mark.stream().toList(), following);
  }

  /** Returns the position of the journal that the events come from; empty if there is none. */
  public Optional<JournalMark> mark() {
    return marks.stream().findFirst();
  }

  /** Events that come from no journal. */
  public static EventBatch of(List<AuditEvent> events) {
    return new EventBatch(events, List.of(), List.of());
  }
}
