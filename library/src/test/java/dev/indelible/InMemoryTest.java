// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.policy.RulePolicy;
import dev.indelible.storage.MemoryLedger;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * An in-memory log, for unit tests of programs that use the library, records everything from the
 * gate to the row.
 */
class InMemoryTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void decisionsAreRowsOfASignedChain() throws Exception {
    AuditLog log;
    try (Indelible indelible = Indelible.inMemory(RulePolicy.starter())) {
      log = indelible.log();
      assertThat(indelible.gate().check("agent:alice", new Bash("rm -rf /")).isBlocking()).isTrue();
      assertThat(indelible.gate().check("agent:alice", new Bash("ls")).isBlocking()).isFalse();
      assertThat(indelible.queue().drainPending(PATIENCE)).isTrue();
      assertThat(indelible.metrics().appended()).isEqualTo(2);
      assertThat(indelible.health().entries()).isEmpty();
    }
    try (LedgerReader reader = log.reader()) {
      assertThat(reader.size(DeferredAuditEvent.REFUSAL)).isEqualTo(1);
      assertThat(reader.size(DeferredAuditEvent.CHECK)).isEqualTo(1);
      assertThat(reader.row(1).orElseThrow().signature()).isPresent();
      assertThat(reader.lastCheckpoint().orElseThrow().size()).isEqualTo(2);
    }
  }

  @Test
  void refusedRowIsADeadLetter() throws Exception {
    MemoryLedger ledger = MemoryLedger.refusing("agent:mallory");
    try (Indelible indelible = Indelible.inMemory(RulePolicy.starter(), ledger)) {
      indelible.gate().check("agent:mallory", new Bash("ls"));
      assertThat(indelible.queue().drainPending(PATIENCE)).isTrue();
      assertThat(indelible.metrics().dlqLanded()).isEqualTo(1);
    }
    try (LedgerReader reader = ledger.reader()) {
      assertThat(reader.dlqSize()).isEqualTo(1);
      assertThat(reader.size()).isZero();
    }
  }
}
