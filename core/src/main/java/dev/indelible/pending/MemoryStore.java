// SPDX-License-Identifier: Apache-2.0
package dev.indelible.pending;

import dev.indelible.event.AuditEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Stores waiting events in the heap, with durability {@code memory} (D5). The events survive a
 * failure of the drainer or its sink, but not the end of the process.
 */
public final class MemoryStore implements EventStore {
  /** Maximum number of waiting events. With about 500 bytes each, they take half a gigabyte. */
  public static final long DEFAULT_CAPACITY = 1_000_000;

  private final Object links = new Object();

  /** The event that was settled last, before the oldest that waits. Guarded by {@link #links}. */
  private Link settled = new Link(null);

  /** The newest event; guarded by {@link #links}. */
  private Link newest = settled;

  /** The number of events that wait; guarded by {@link #links}. */
  private long size;

  private final long capacity;

  /**
   * Creates a store.
   *
   * @param capacity the number of events that may wait
   */
  public MemoryStore(long capacity) {
    this.capacity = capacity;
  }

  /** Creates a store for {@link #DEFAULT_CAPACITY} events. */
  public MemoryStore() {
    this(DEFAULT_CAPACITY);
  }

  @Override
  public boolean offer(AuditEvent event) {
    Link link = new Link(event);
    synchronized (links) {
      if (size >= capacity) {
        return false;
      }
      newest.next = link;
      newest = link;
      size++;
      return true;
    }
  }

  @Override
  public EventBatch peek(int max) {
    Link last;
    synchronized (links) {
      last = settled;
    }
    List<AuditEvent> events = new ArrayList<>();
    last = take(last, max, events);
    List<AuditEvent> following = new ArrayList<>();
    take(last, max, following);
    return new EventBatch(events, Optional.empty(), following);
  }

  /** Collects the events after a link. Returns the link of the last event collected. */
  private static Link take(Link before, int max, List<AuditEvent> taken) {
    Link last = before;
    for (Link next = last.next; next != null && taken.size() < max; next = last.next) {
      taken.add(next.event());
      last = next;
    }
    return last;
  }

  @Override
  public void settle(int count) {
    synchronized (links) {
      for (int i = 0; i < count; i++) {
        Link done = settled;
        settled = Objects.requireNonNull(done.next);
        done.next = null;
      }
      settled.event = null;
      size -= count;
    }
  }

  @Override
  public long recovered() {
    return pending();
  }

  /** Returns the number of events that wait. */
  public long pending() {
    synchronized (links) {
      return size;
    }
  }

  @Override
  public Optional<Instant> oldestPending() {
    synchronized (links) {
      return Optional.ofNullable(settled.next).map(oldest -> oldest.event().timestamp());
    }
  }

  /** An event, linked to the next one. */
  private static final class Link {
    @Nullable AuditEvent event;

    /** The next event; volatile, because the drainer reads it without a lock. */
    volatile @Nullable Link next;

    Link(@Nullable AuditEvent event) {
      this.event = event;
    }

    AuditEvent event() {
      return Objects.requireNonNull(event);
    }
  }
}
