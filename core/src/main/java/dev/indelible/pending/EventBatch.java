// SPDX-License-Identifier: Apache-2.0
package dev.indelible.pending;

import dev.indelible.event.AuditEvent;
import java.util.List;
import java.util.Optional;

/**
 * The oldest waiting events, in order.
 *
 * @param events the events; may be empty although there is a mark
 * @param marks the positions that a ledger commits with the events, one for each of their journals
 * @param following events that were read after the batch, so that they can be prepared; the next
 *     batch may have other events
 */
public record EventBatch(
    List<AuditEvent> events, List<JournalMark> marks, List<AuditEvent> following) {
  /** A batch of no events and no mark. */
  public static final EventBatch EMPTY = new EventBatch(List.of(), List.of(), List.of());

  public EventBatch {
    events = List.copyOf(events);
    marks = List.copyOf(marks);
    following = List.copyOf(following);
  }

  /** Creates a batch of events of one journal, or of none. */
  public EventBatch(
      List<AuditEvent> events, Optional<JournalMark> mark, List<AuditEvent> following) {
    this(events, mark.stream().toList(), following);
  }

  /** Returns the position of the journal that the events come from; empty if there is none. */
  public Optional<JournalMark> mark() {
    return marks.stream().findFirst();
  }

  /** Returns a batch of events that come from no journal. */
  public static EventBatch of(List<AuditEvent> events) {
    return new EventBatch(events, List.of(), List.of());
  }
}
