// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.queue.DrainReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log retries until a transient fault of the ledger ends (promise D6). */
class TransientFaultTest {
  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() {
    log = TestLog.in(directory);
  }

  /** The lock is held for three seconds. */
  @Test
  void eventsWaitForALockedDatabase() throws Exception {
    recordWhileLockedFor(Duration.ofSeconds(3));
  }

  /** The lock is held for half a minute. */
  @Test
  @Tag("full")
  void eventsWaitHalfAMinuteForALockedDatabase() throws Exception {
    recordWhileLockedFor(Duration.ofSeconds(30));
  }

  private void recordWhileLockedFor(Duration time) throws Exception {
    log.create();
    List<DeferredAuditEvent> events = TestLog.refusals("agent:a", 20);
    DeferredAudit audit = log.start();
    try (Connection other = Sql.connect(log.file)) {
      Sql.run(other, "BEGIN IMMEDIATE");
      events.forEach(audit.queue()::submit);
      await()
          .atMost(TestLog.PATIENCE)
          .until(() -> health(audit).state() == AuditHealth.State.DEGRADED);
      await()
          .atMost(time.plus(TestLog.PATIENCE))
          .during(time)
          .until(
              () -> {
                DeferredAuditMetrics metrics = audit.queue().metrics();
                return metrics.health().state() == AuditHealth.State.DEGRADED
                    && metrics.health().reason().contains("database is locked")
                    && metrics.health().reason().contains(log.file.toString())
                    && metrics.dlqLanded() == 0
                    && metrics.pending() == 20
                    && metrics.isBalanced()
                    && audit.queue().isOpen();
              });
      Sql.run(other, "COMMIT");
    }
    DeferredAuditMetrics metrics = TestLog.settle(audit);
    assertThat(metrics.health().state()).isEqualTo(AuditHealth.State.RECORDING);
    assertThat(metrics.appended()).isEqualTo(20);
    assertThat(metrics.dlqLanded()).isZero();
    TestLog.close(audit);
    log.requireIntact();
    assertThat(log.ids()).isEqualTo(events.stream().map(event -> event.id().toString()).toList());
    assertThat(log.deadLetters()).isZero();
  }

  /** A lock held while the file is created for the first time is a transient fault (D6). */
  @Test
  void eventsWaitForALockedEmptyFile() throws Exception {
    DeferredAudit audit;
    try (Connection other = Sql.connect(log.file)) {
      Sql.run(other, "BEGIN EXCLUSIVE");
      audit = log.start();
      audit.queue().submit(TestLog.refusal("agent:a", "x"));
      await()
          .atMost(TestLog.PATIENCE)
          .until(() -> health(audit).state() == AuditHealth.State.DEGRADED);
      Sql.run(other, "COMMIT");
    }
    TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(log.requireIntact()).hasSize(1);
  }

  /**
   * A missing directory, for example of a disk that is not mounted yet, is a transient fault (D6).
   */
  @Test
  void eventsWaitForAMissingDirectory() throws Exception {
    Path later = directory.resolve("mounted/later");
    TestLog away = TestLog.in(later);
    DeferredAudit audit = away.start();
    audit.queue().submit(TestLog.refusal("agent:a", "x"));
    await()
        .atMost(TestLog.PATIENCE)
        .until(() -> health(audit).state() == AuditHealth.State.DEGRADED);
    assertThat(health(audit).reason()).contains(away.file.toString());
    Files.createDirectories(later);
    TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(away.requireIntact()).hasSize(1);
  }

  /**
   * A shutdown during a transient fault reports what is pending, and the counters reconcile (D9,
   * D10).
   */
  @Test
  void closingWhileLockedReportsWhatIsPending() throws Exception {
    log.create();
    DeferredAudit audit = log.start();
    try (Connection other = Sql.connect(log.file)) {
      Sql.run(other, "BEGIN IMMEDIATE");
      TestLog.refusals("agent:a", 3).forEach(audit.queue()::submit);
      DrainReport report = audit.closeAndFlush(Duration.ofMillis(100));
      assertThat(report.pending()).isEqualTo(3);
      assertThat(report.timedOut()).isTrue();
      assertThat(report.isComplete()).isFalse();
      assertThat(report.submitted())
          .isEqualTo(report.appended() + report.dead() + report.rejected() + report.pending());
      Sql.run(other, "COMMIT");
    }
  }

  private static AuditHealth health(DeferredAudit audit) {
    return audit.queue().metrics().health();
  }
}
