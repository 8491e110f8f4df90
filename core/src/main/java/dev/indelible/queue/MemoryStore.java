// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.event.AuditEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Waiting events in the heap: durability {@code memory} (D5). They outlive the drainer and its
 * sink, not the process.
 */
public final class MemoryStore implements EventStore {
  /** Most events that wait before more are refused; at some 500 bytes each, half a gigabyte. */
  public static final long DEFAULT_CAPACITY = 1_000_000;

  private final ConcurrentLinkedQueue<AuditEvent> events = new ConcurrentLinkedQueue<>();

  /** Counts what is in {@link #events}, which would take a walk to count itself. */
  private final AtomicLong size = new AtomicLong();

  private final long capacity;

  /**
   * A store for that many events.
   *
   * @param capacity how many may wait
   */
  public MemoryStore(long capacity) {
    this.capacity = capacity;
  }

  /** A store for {@link #DEFAULT_CAPACITY} events. */
  public MemoryStore() {
    this(DEFAULT_CAPACITY);
  }

  @Override
  public boolean offer(AuditEvent event) {
    if (size.incrementAndGet() > capacity) {
      size.decrementAndGet();
      return false;
    }
    events.add(event);
    return true;
  }

  @Override
  public EventBatch peek(int max) {
    Iterator<AuditEvent> waiting = events.iterator();
    return new EventBatch(take(waiting, max), Optional.empty(), take(waiting, max));
  }

  private static List<AuditEvent> take(Iterator<AuditEvent> waiting, int max) {
    List<AuditEvent> taken = new ArrayList<>();
    while (taken.size() < max && waiting.hasNext()) {
      taken.add(waiting.next());
    }
    return taken;
  }

  @Override
  public void settle(int count) {
    for (int i = 0; i < count; i++) {
      events.remove();
    }
    size.addAndGet(-count);
  }

  @Override
  public long recovered() {
    return pending();
  }

  /** How many events wait. */
  public long pending() {
    return size.get();
  }

  @Override
  public Optional<Instant> oldestPending() {
    return Optional.ofNullable(events.peek()).map(AuditEvent::timestamp);
  }
}
