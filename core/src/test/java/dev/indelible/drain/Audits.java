// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventStore;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DrainSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Starts audits for a test. After the test it opens the gates, closes the audits, and checks that
 * their counters reconcile (promise D10).
 */
public final class Audits implements AfterEachCallback {
  private final List<DeferredAudit> started = new ArrayList<>();
  private final Map<EventStore, DeferredAudit> stores = new IdentityHashMap<>();
  private final Set<EventStore> shared = new HashSet<>();
  private final List<CountDownLatch> gates = new ArrayList<>();

  /** Starts an audit with a new in-memory store. */
  public DeferredAudit start(DeferredAuditSink.Factory sinks) {
    return start(new MemoryStore(), sinks, DrainSettings.ofDefaults());
  }

  /** Starts an audit with a new in-memory store and a limited number of restarts. */
  public DeferredAudit start(DeferredAuditSink.Factory sinks, int maxRestarts) {
    return start(new MemoryStore(), sinks, DrainSettings.ofDefaults().withMaxRestarts(maxRestarts));
  }

  /** Starts an audit with a given store, which may already hold events. */
  public DeferredAudit start(
      EventStore store, DeferredAuditSink.Factory sinks, DrainSettings settings) {
    DeferredAudit audit = DeferredAudit.start(store, sinks, new AuditCounters(), settings);
    started.add(audit);
    if (stores.put(store, audit) != null) {
      shared.add(store);
    }
    return audit;
  }

  /**
   * Returns a latch that holds back a sink until the test opens it, or at the latest until the test
   * ends.
   */
  public CountDownLatch gate() {
    CountDownLatch gate = new CountDownLatch(1);
    gates.add(gate);
    return gate;
  }

  /** Returns a refusal with a number in its command. */
  public static DeferredAuditEvent refusal(String agent, int number) {
    return DeferredAuditEvent.of(
        agent, new Bash("rm -rf /" + number), new Refuse("R001", "no"), Optional.empty());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    gates.forEach(CountDownLatch::countDown);
    started.forEach(audit -> audit.closeAndFlush(Duration.ofMillis(500)));
    started.forEach(audit -> assertReconciled(audit.queue().metrics()));
    stores.forEach(this::assertPendingEqualsStored);
  }

  /**
   * Checks that the pending count, which the counters compute by subtraction, equals the number of
   * events in the store.
   */
  private void assertPendingEqualsStored(EventStore store, DeferredAudit audit) {
    if (store instanceof MemoryStore memory && !shared.contains(store)) {
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(audit.queue().metrics().pending())
                      .as("pending events in the counters and in the store")
                      .isEqualTo(memory.pending()));
    }
  }

  /**
   * Checks that the counters reconcile, with a sum computed here and not by the class under test
   * (D10).
   */
  public static void assertReconciled(DeferredAuditMetrics counters) {
    assertThat(
            counters.appended()
                + counters.dlqLanded()
                + counters.pending()
                + counters.sendFailures())
        .as("%s", counters)
        .isEqualTo(counters.submitted());
    assertThat(counters.isBalanced()).isTrue();
    assertThat(counters.pending()).isNotNegative();
  }
}
