// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.event.AuditEvent;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.EventStore;
import dev.indelible.pending.MemoryStore;
import java.time.Instant;
import java.util.Optional;

/** An in-memory store for tests that override one method with a fault. */
public class WrappedStore implements EventStore {
  private final MemoryStore store = new MemoryStore();

  @Override
  public boolean offer(AuditEvent event) {
    return store.offer(event);
  }

  @Override
  public EventBatch peek(int max) {
    return store.peek(max);
  }

  @Override
  public void settle(int count) {
    store.settle(count);
  }

  @Override
  public long recovered() {
    return store.recovered();
  }

  @Override
  public Optional<Instant> oldestPending() {
    return store.oldestPending();
  }
}
