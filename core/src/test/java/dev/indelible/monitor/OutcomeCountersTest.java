// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.pending.JournalMark;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Outcomes are counted once, also after the ledger lost some of them (promise D10). */
@Tag("any-jdk")
class OutcomeCountersTest {
  private static final UUID OWN = new UUID(0, 1);
  private static final UUID OTHER = new UUID(0, 2);
  private static final AuditEvent REFUSAL =
      DeferredAuditEvent.of(
          "agent:a", new Bash("rm -rf /"), new Refuse("R001", "no"), Optional.empty());

  private final OutcomeCounters counters = new OutcomeCounters();

  private void append(UUID journal, long position) {
    counters.countAppended(REFUSAL);
    counters.committed(JournalMark.retained(journal, position, 0));
  }

  @Test
  void countersGoBackToTheLastBatchOfTheLedger() {
    append(OWN, 10);
    append(OWN, 20);
    counters.countDeadLettered(REFUSAL);
    counters.committed(JournalMark.retained(OWN, 30, 20));
    assertThat(counters.journals()).containsExactly(OWN);

    counters.goBack(Map.of(OWN, 20L));

    assertThat(counters.appended().total()).isEqualTo(2);
    assertThat(counters.deadLettered().total()).isZero();
    append(OWN, 30);
    counters.goBack(Map.of(OWN, 0L));
    assertThat(counters.appended().total()).isZero();
  }

  /** A batch of another journal shows how far the ledger went back. */
  @Test
  void batchesOfAllJournalsAreCompared() {
    counters.expectRecovered(1);
    append(OTHER, 5);
    append(OWN, 10);
    counters.expectRecovered(1);
    append(OTHER, 6);
    append(OWN, 20);
    assertThat(counters.recovered().total()).isEqualTo(2);

    counters.goBack(Map.of(OWN, 10L, OTHER, 6L));

    assertThat(counters.appended().total()).isEqualTo(1);
    assertThat(counters.recovered().total()).isEqualTo(2);
    counters.goBack(Map.of(OWN, 10L, OTHER, 5L));
    assertThat(counters.recovered().total()).isEqualTo(1);
    // The event that is recovered once more counts as recovered, and the next one does not.
    append(OTHER, 6);
    append(OWN, 20);
    assertThat(counters.recovered().total()).isEqualTo(2);
    assertThat(counters.appended().total()).isEqualTo(2);
  }

  @Test
  void memoryIsBoundedOverManyBatches() {
    int batches = 100_000;
    for (int n = 1; n <= batches; n++) {
      append(OWN, n);
    }

    counters.goBack(Map.of(OWN, batches / 2L));

    // Older batches are known less exactly, and no event is counted that the ledger lost.
    assertThat(counters.appended().total()).isBetween(batches / 2L - 100, batches / 2L);
  }

  /** A run that counts events as they are settled counts no attempt whose outcome is lost. */
  @Test
  void attemptsGoBackWithTheirOutcomes() {
    AuditCounters run = new AuditCounters();
    for (long batch = 1; batch <= 3; batch++) {
      run.countSubmitted(VerdictCounters.Verdict.of(REFUSAL));
      run.outcomes().countAppended(REFUSAL);
      run.outcomes().committed(JournalMark.retained(OWN, batch, batch - 1));
    }

    run.goBack(Map.of(OWN, 1L));

    assertThat(run.outcomes().appended()).isEqualTo(new TypeCounts(0, 1));
    assertThat(run.intake().attempts()).isEqualTo(new VerdictCounts(0, 0, 1, 0));
    assertThat(run.accepted()).as("events that were submitted").isEqualTo(3);
  }
}
