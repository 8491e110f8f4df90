// SPDX-License-Identifier: Apache-2.0
package dev.indelible.pending;

import static dev.indelible.drain.Audits.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The store for durability {@code memory} (promises D2, D3 and D5). */
@Timeout(60)
class MemoryStoreTest {
  @Test
  void onlySettleRemovesEvents() {
    MemoryStore store = new MemoryStore();
    DeferredAuditEvent first = refusal("agent:alice", 1);
    DeferredAuditEvent second = refusal("agent:alice", 2);
    store.offer(first);
    store.offer(second);
    assertThat(store.peek(1).events()).containsExactly(first);
    assertThat(store.peek(9).events()).containsExactly(first, second);
    assertThat(store.oldestPending()).contains(first.timestamp());
    store.settle(1);
    assertThat(store.peek(9).events()).containsExactly(second);
    assertThat(store.pending()).isEqualTo(1);
    store.settle(1);
    assertThat(store.oldestPending()).isEmpty();
    assertThat(store.pending()).isZero();
  }

  /** Concurrent producers never exceed the capacity, and can use all of it (D1). */
  @Test
  void capacityHoldsUnderContention() throws Exception {
    int threads = 4;
    for (int round = 0; round < 200; round++) {
      MemoryStore store = new MemoryStore(10);
      CyclicBarrier together = new CyclicBarrier(threads);
      ExecutorService producers = Executors.newFixedThreadPool(threads);
      try {
        List<Future<Integer>> running = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
          AuditEvent event = refusal("agent:" + t, t);
          running.add(
              producers.submit(
                  () -> {
                    together.await(20, TimeUnit.SECONDS);
                    int taken = 0;
                    for (int i = 0; i < 10; i++) {
                      taken += store.offer(event) ? 1 : 0;
                    }
                    return taken;
                  }));
        }
        int taken = 0;
        for (Future<Integer> each : running) {
          taken += each.get(20, TimeUnit.SECONDS);
        }
        assertThat(taken).isEqualTo(10);
        assertThat(store.pending()).isEqualTo(10);
        assertThat(store.peek(99).events()).hasSize(10);
      } finally {
        producers.shutdownNow();
      }
    }
  }
}
