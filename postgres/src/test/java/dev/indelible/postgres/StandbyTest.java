// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.append.LedgerSink;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventBatch;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.LedgerWriter.Confirmed;
import dev.indelible.storage.StoredLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationReport;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A primary with a standby: which rows a checkpoint covers, and what a fail-over loses. */
@Tag("any-jdk")
@Timeout(300)
class StandbyTest {
  /** The size of the last checkpoint if there is none. */
  private static final long NONE = -1;

  private TestServerPair servers;
  private TestLog log;

  private void start(boolean isSynchronous, boolean hasSlot) throws Exception {
    servers = TestServerPair.start(isSynchronous, hasSlot);
    String schema = servers.primary().createLedger();
    log =
        new TestLog(
            servers.primary(), schema, PostgresLedger.at(servers.url(schema, TestServer.WRITER)));
  }

  @AfterEach
  void stop() throws Exception {
    if (servers != null) {
      servers.close();
    }
  }

  private void failOver() throws Exception {
    servers.failOver();
    log = new TestLog(servers.primary(), log.schema(), log.ledger());
  }

  private long lastCheckpoint() throws LedgerException {
    try (StoredLedger reader = log.ledger().open()) {
      return reader.lastCheckpoint().map(StoredCheckpoint::size).orElse(NONE);
    }
  }

  private Confirmed confirmed(LedgerWriter writer) throws LedgerException {
    return writer.confirmed(writer.treeState().orElseThrow().size());
  }

  /** Returns the last transaction that locked the head, also if it was rolled back. */
  private String lastTransaction() throws Exception {
    return log.server().text("SELECT xmax FROM %s.indelible_head".formatted(log.schema()));
  }

  @Test
  void absentStandbyIsReported() throws Exception {
    start(false, true);
    AuditCounters counters = new AuditCounters();
    try (LedgerSink sink = log.sink(Duration.ZERO, counters)) {
      append(sink, 10);
      servers.holdReplication();
      append(sink, 10);
      assertThat(counters.healthEntries().all()).as("at first").isEmpty();
      Awaitility.await()
          .until(
              () -> {
                sink.maintain();
                return !counters.healthEntries().all().isEmpty();
              });
      assertThat(counters.healthEntries().all())
          .singleElement()
          .returns(HealthEntry.CHECKPOINTS, HealthEntry::source)
          .satisfies(
              entry -> assertThat(entry.reason()).contains("drop_replication_slot('standby')"));
      assertThat(lastCheckpoint()).isEqualTo(10);
      String transaction = lastTransaction();
      sink.maintain();
      assertThat(lastTransaction()).as("while the standby is away").isEqualTo(transaction);
      servers.resumeReplication();
      Awaitility.await()
          .until(
              () -> {
                sink.maintain();
                return counters.healthEntries().all().isEmpty();
              });
      assertThat(lastCheckpoint()).isEqualTo(20);
    }
  }

  /** Each append is by a new process, which signs when it closes. */
  @Test
  void checkpointCoversOnlyRowsOfTheStandby() throws Exception {
    start(false, true);
    log.append(TestLog.refusals("agent:a", 10));
    assertThat(lastCheckpoint()).isEqualTo(10);
    servers.holdReplication();
    log.append(TestLog.refusals("agent:b", 10));
    assertThat(lastCheckpoint()).isEqualTo(10);
    try (LedgerWriter writer = log.ledger().openWriter()) {
      assertThat(confirmed(writer).reason().orElseThrow())
          .contains("slot standby is not connected", "pg_drop_replication_slot('standby')");
      servers.resumeReplication();
      Awaitility.await().until(() -> confirmed(writer).size() == 20);
      assertThat(confirmed(writer).reason()).isEmpty();
    }
    log.append(TestLog.refusals("agent:c", 10));
    assertThat(lastCheckpoint()).isEqualTo(30);
    log.requireIntact();
  }

  /**
   * Three writers lose rows, and none of these has a checkpoint. Recording and signing go on, and
   * each writer notes its own loss, also if others have appended again as many rows as are gone.
   */
  @Test
  void failOverLosesOnlyRowsWithoutACheckpoint() throws Exception {
    start(false, true);
    try (LedgerSink idle = log.sink(Duration.ZERO, new AuditCounters());
        LedgerSink busy = log.sink(Duration.ZERO, new AuditCounters())) {
      append(idle, 10);
      assertThat(lastCheckpoint()).isEqualTo(10);
      servers.holdReplication();
      append(idle, 10);
      append(busy, 5);
      assertThat(lastCheckpoint()).isEqualTo(10);
      failOver();
      assertThat(log.ids()).hasSize(10);
      // As if the standby had the rows, but not the checkpoint over them.
      log.run("DELETE FROM indelible_checkpoints");

      idle.maintain();
      busy.maintain();
      log.append(TestLog.refusals("agent:other", 10));
      assertThat(lastCheckpoint()).isEqualTo(20);
      append(idle, 5);
      append(busy, 5);
      assertThat(log.ids()).hasSize(20 + 1 + 5 + 1 + 5);
      assertThat(lastCheckpoint()).isEqualTo(32);
    }
    assertThat(
            log.verify().findings().stream()
                .filter(finding -> finding.status() == Finding.Status.BROKEN))
        .hasSize(2)
        .allMatch(finding -> finding.check().equals(Finding.TAMPER))
        .allMatch(finding -> finding.message().contains("a fail-over to a standby"));
    assertThat(TestLog.of(log.server(), log.schema(), TestServer.READER).verify().verdict())
        .isEqualTo(VerificationReport.Verdict.BROKEN);
  }

  private static void append(LedgerSink sink, int count) throws Exception {
    sink.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:a", count))));
    sink.maintain();
  }

  @Test
  void standbyIsReadButNotWritten() throws Exception {
    start(false, true);
    log.append(TestLog.refusals("agent:a", 10));
    assertThat(log.ledger().name())
        .matches("postgresql://localhost:\\d+,localhost:\\d+/postgres, schema " + log.schema());
    TestLog standby = TestLog.of(servers.standby(), log.schema(), TestServer.WRITER);
    Awaitility.await().untilAsserted(standby::requireIntact);
    assertThatThrownBy(() -> standby.ledger().openWriter())
        .isInstanceOf(LedgerUnavailableException.class)
        .hasMessageContaining("the server is a read-only standby")
        .hasMessageContaining("targetServerType=primary");
  }

  @Test
  void standbyWithoutASlotNeedsAGrant() throws Exception {
    start(false, false);
    log.append(TestLog.refusals("agent:a", 10));
    assertThat(lastCheckpoint()).isEqualTo(NONE);
    try (LedgerWriter writer = log.ledger().openWriter()) {
      assertThat(confirmed(writer).reason().orElseThrow()).contains("GRANT pg_monitor");
      servers.primary().run("GRANT pg_monitor TO " + TestServer.WRITER);
      Awaitility.await().until(() -> confirmed(writer).size() == 10);
    }
    log.append(TestLog.refusals("agent:b", 10));
    assertThat(lastCheckpoint()).isEqualTo(20);
  }

  /**
   * A session is cancelled, and then ended, while its commit waits for the standby. The primary has
   * the rows, but their events wait until a commit is confirmed, so the fail-over loses nothing.
   */
  @Test
  void cancelledWaitSettlesNothing() throws Exception {
    start(true, true);
    DeferredAudit audit = log.start();
    submit(audit, 0, 10);
    assertThat(audit.queue().drainPending(TestLog.PATIENCE)).isTrue();
    servers.holdReplication();
    submit(audit, 10, 20);
    for (String end : List.of("pg_cancel_backend", "pg_terminate_backend")) {
      String waiting = awaitCommit("");
      log.server().run("SELECT %s(%s)".formatted(end, waiting.split(" ")[0]));
      awaitCommit(waiting);
      assertThat(log.ids()).as("rows that the primary shows").hasSize(20);
      assertThat(audit.queue().metrics().pending()).isEqualTo(10);
    }
    failOver();
    assertThat(log.ids()).hasSize(10);
    servers.addStandby();
    TestLog.close(audit);
    assertThat(log.commands("agent:a")).isEqualTo(TestLog.numbers(20));
    assertThat(log.deadLetters()).isZero();
    assertThat(lastCheckpoint()).isEqualTo(20);
    log.requireIntact();
  }

  private static void submit(DeferredAudit audit, int from, int to) {
    for (int n = from; n < to; n++) {
      assertThat(audit.queue().submit(TestLog.refusal("agent:a", "n" + n))).isTrue();
    }
  }

  /**
   * Waits until a commit waits for the standby, other than one that ended. Returns its session and
   * its start.
   */
  private String awaitCommit(String ended) {
    return Awaitility.await()
        .atMost(TestLog.PATIENCE)
        .until(
            () ->
                log
                    .server()
                    .texts(
                        "SELECT pid || ' ' || query_start FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                    .stream()
                    .filter(pid -> !pid.equals(ended))
                    .findFirst(),
            Optional::isPresent)
        .orElseThrow();
  }
}
