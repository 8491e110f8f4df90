// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.AuditHealth.State;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.health.HealthEntry;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A permanent fault is logged, counted and reported in health (promise D6). */
@Timeout(120)
class LedgerWatchTest {
  private static final String REFUSING =
      "CREATE TRIGGER refusing BEFORE INSERT ON signed_events WHEN NEW.agent_id LIKE 'mallory%'"
          + " BEGIN SELECT RAISE(ABORT, 'not this one'); END";

  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void createLogThatRefusesOneAgent() throws Exception {
    log = TestLog.in(directory).create();
    Sql.run(log.file, REFUSING);
  }

  @Test
  void deadLetterIsLoggedAtError() {
    DeferredAuditEvent event = TestLog.refusal("mallory \"the agent\"", "x");
    List<String> lines = logOf(() -> record(event));

    assertThat(lines).filteredOn(line -> line.contains("became a dead letter")).hasSize(1);
    assertThat(lines.get(0))
        .contains("ERROR", event.id().toString(), "governance.refusal", "not this one")
        .contains("\"mallory \\\"the agent\\\"\"");
  }

  /** Ten thousand refused events produce far fewer log lines. */
  @Test
  void manyDeadLettersAreLoggedInFewLines() {
    List<String> lines =
        logOf(() -> record(TestLog.refusals("mallory", 500).toArray(DeferredAuditEvent[]::new)));

    assertThat(lines.size()).isLessThan(250);
    assertThat(lines).anyMatch(line -> line.contains("more events became dead letters"));
  }

  @Test
  void deadLetterIsInHealthUntilItIsHandled() throws Exception {
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("mallory", "x"));
    DeferredAuditMetrics metrics = TestLog.settle(audit);

    assertThat(metrics.ledger().deadLettersWaiting()).isEqualTo(OptionalLong.of(1));
    assertThat(metrics.health().state()).isEqualTo(State.DEGRADED);
    assertThat(metrics.health().entry(HealthEntry.DEAD_LETTERS).orElseThrow().reason())
        .startsWith("1 dead letter waits");

    Sql.run(log.file, "DELETE FROM signed_events_dlq");

    await()
        .atMost(TestLog.PATIENCE)
        .until(() -> audit.queue().metrics().health().equals(AuditHealth.RECORDING));
    assertThat(audit.queue().metrics().ledger().deadLettersWaiting()).isEqualTo(OptionalLong.of(0));
    TestLog.close(audit);
  }

  /** Dead letters of an earlier run count as well. */
  @Test
  void earlierDeadLettersAreInHealth() throws Exception {
    record(TestLog.refusal("mallory", "x"));

    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("alice", "x"));

    assertThat(TestLog.settle(audit).ledger().deadLettersWaiting()).isEqualTo(OptionalLong.of(1));
    TestLog.close(audit);
  }

  @Test
  void tamperedChainIsInHealth() throws Exception {
    record(TestLog.refusal("alice", "x"));
    Sql.run(log.file, "UPDATE signed_events SET agent_id = 'bob'");

    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("alice", "y"));
    DeferredAuditMetrics metrics = TestLog.settle(audit);
    TestLog.close(audit);

    assertThat(metrics.ledger().tamperRows()).isEqualTo(OptionalLong.of(1));
    assertThat(metrics.health().entry(HealthEntry.CHAIN)).isPresent();
  }

  /**
   * A dropped column is not the fault of an event, so no event becomes a dead letter, and health is
   * failed (D6).
   */
  @Test
  void eventsWaitForADroppedColumn() throws Exception {
    DeferredAudit audit = log.start();
    Sql.run(log.file, "DROP TRIGGER refusing", "ALTER TABLE signed_events DROP COLUMN payload");
    audit.queue().submit(TestLog.refusal("alice", "x"));

    awaitFailed(audit, "column signed_events.payload is missing");
    assertThat(audit.queue().isOpen()).isTrue();
    Sql.run(log.file, "ALTER TABLE signed_events ADD COLUMN payload TEXT");
    TestLog.settle(audit);
    TestLog.close(audit);

    assertThat(log.requireIntact()).hasSize(1);
    assertThat(log.deadLetters()).isZero();
  }

  /** The column is dropped while the log has its connection open. */
  @Test
  void eventsWaitForAColumnDroppedWhileOpen() throws Exception {
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("alice", "x"));
    TestLog.settle(audit);
    Sql.run(log.file, "DROP TRIGGER refusing", "ALTER TABLE signed_events DROP COLUMN payload");
    audit.queue().submit(TestLog.refusal("alice", "y"));

    awaitFailed(audit, "column signed_events.payload is missing");
    Sql.run(log.file, "ALTER TABLE signed_events ADD COLUMN payload TEXT");
    TestLog.settle(audit);
    TestLog.close(audit);

    assertThat(log.rows()).isGreaterThanOrEqualTo(2);
    assertThat(log.deadLetters()).isZero();
  }

  @Test
  void eventsWaitForTheTableOfDeadLetters() throws Exception {
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("alice", "x"));
    TestLog.settle(audit);
    Sql.run(log.file, "ALTER TABLE signed_events_dlq RENAME TO aside");
    audit.queue().submit(TestLog.refusal("mallory", "y"));

    awaitFailed(audit, "signed_events_dlq.");
    Sql.run(log.file, "ALTER TABLE aside RENAME TO signed_events_dlq");
    TestLog.settle(audit);
    TestLog.close(audit);

    assertThat(log.deadLetters()).isEqualTo(1);
  }

  private static void awaitFailed(DeferredAudit audit, String reason) {
    await()
        .atMost(TestLog.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(audit.queue().metrics().health())
                    .returns(State.FAILED, AuditHealth::state)
                    .extracting(AuditHealth::reason)
                    .asString()
                    .contains(reason, "restore what is missing"));
  }

  private void record(DeferredAuditEvent... events) {
    DeferredAudit audit = log.start();
    for (DeferredAuditEvent event : events) {
      assertThat(audit.queue().submit(event)).isTrue();
    }
    TestLog.settle(audit);
    TestLog.close(audit);
  }

  /** Returns the lines that are logged while the action runs. */
  private static List<String> logOf(Runnable action) {
    PrintStream usual = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(usual);
    }
    return log.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
