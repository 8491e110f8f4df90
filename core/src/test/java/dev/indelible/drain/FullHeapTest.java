// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import static dev.indelible.drain.Audits.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DrainSettings;
import dev.indelible.testkit.ChildJvm;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The drainer survives a heap that is full for a while, and loses no event (promise D8). */
@Timeout(60)
class FullHeapTest {
  @Test
  void drainerSurvivesAFullHeap() throws Exception {
    assertThat(ChildJvm.running(Starved.class).with("-Xmx32m").start().output())
        .isEqualTo("drained: true");
  }

  /** A process whose sink fills the heap at its first batch. */
  static final class Starved {
    private static boolean full;

    private Starved() {}

    public static void main(String[] args) {
      Thread waiting = Thread.currentThread();
      TestLedger ledger = new TestLedger();
      DeferredAudit audit =
          DeferredAudit.start(
              new MemoryStore(),
              ledger.sink(
                  batch -> {
                    if (!full) {
                      full = true;
                      while (waiting.getState() != Thread.State.TIMED_WAITING) {
                        Thread.onSpinWait();
                      }
                      FullHeap.releaseAfter(Duration.ofMillis(500));
                      FullHeap.fill();
                      throw new OutOfMemoryError("test sink");
                    }
                    return ledger.commit(batch);
                  }),
              new AuditCounters(),
              DrainSettings.ofDefaults());
      audit.queue().submit(refusal("agent:alice", 1));
      boolean drained = audit.queue().drainPending(Duration.ofSeconds(50));
      System.out.println("drained: " + drained);
      Runtime.getRuntime().halt(0);
    }
  }
}
