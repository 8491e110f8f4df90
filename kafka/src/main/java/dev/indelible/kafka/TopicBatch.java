// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.event.AuditEvent;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.JournalMark;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Messages that become one transaction. Used by one thread. */
final class TopicBatch {
  private final List<AuditEvent> events = new ArrayList<>();

  /** The ids of the events that may become rows. */
  private final Set<UUID> ids = new HashSet<>();

  /** The refused events; another gate may have one with the same id and other content. */
  private final Set<Content> refusedContents = new HashSet<>();

  /** The events that become dead letters; a hostile one may state the id of another event. */
  private final Map<AuditEvent, String> refused = new IdentityHashMap<>();

  private final Map<UUID, JournalMark> marks = new LinkedHashMap<>();

  /** The number that the ledger has of each lane after this batch. */
  private final Map<Lane, Long> numbers = new HashMap<>();

  /** What identifies an event. */
  private record Content(UUID id, ByteBuffer bytes) {
    static Content of(AuditEvent event) {
      return new Content(event.id(), ByteBuffer.wrap(event.content().bytes()));
    }
  }

  void add(AuditEvent event) {
    events.add(event);
    ids.add(event.id());
  }

  /**
   * Adds an event that becomes a dead letter.
   *
   * @param reason the recorded reason
   */
  void refuse(AuditEvent event, String reason) {
    events.add(event);
    refusedContents.add(Content.of(event));
    refused.put(event, reason);
  }

  /** Returns true if the batch has an event that may become a row. */
  boolean has(UUID event) {
    return ids.contains(event);
  }

  boolean hasRefused(AuditEvent event) {
    return refusedContents.contains(Content.of(event));
  }

  /**
   * Moves a mark.
   *
   * @param from the position that the ledger has now
   */
  void move(UUID mark, long from, long to) {
    JournalMark before = marks.get(mark);
    marks.put(mark, new JournalMark(mark, to, before == null ? from : before.expected()));
  }

  /** Adds a mark whose position shows whether the ledger has gone back behind this batch. */
  void retain(JournalMark mark) {
    marks.put(mark.journal(), mark);
  }

  /** Adds a mark of a lease, which lasts for a time from the commit on. */
  void lease(UUID mark, Duration length) {
    marks.put(mark, JournalMark.lease(mark, length));
  }

  void number(Lane lane, long last) {
    numbers.put(lane, last);
  }

  Map<Lane, Long> numbers() {
    return numbers;
  }

  Map<AuditEvent, String> refused() {
    return refused;
  }

  List<AuditEvent> events() {
    return events;
  }

  boolean isEmpty() {
    return events.isEmpty() && marks.isEmpty();
  }

  EventBatch toBatch() {
    return new EventBatch(events, List.copyOf(marks.values()), List.of());
  }
}
