// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.testkit.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Under load, another thread runs SQLite's WAL checkpoints (promises D2 and D6). */
class WalCheckpointerTest {
  /** The padding that makes a row about 1.5 KiB. */
  private static final String PADDING = "x".repeat(800);

  /** The size of the WAL at which the writer runs a checkpoint itself, plus a few batches. */
  private static final long MOST_BYTES = 24L << 20;

  @TempDir Path directory;

  @Test
  void anotherThreadRunsCheckpointsUnderLoad() throws Exception {
    TestLog log = TestLog.in(directory);
    DeferredAudit audit = log.start();
    assertThat(audit.queue().submit(TestLog.refusal("agent:a", "x"))).isTrue();
    TestLog.settle(audit);
    assertThat(isRunning()).as("checkpointer runs after one event").isFalse();

    floodAtOnce(log, audit);
    TestLog.settle(audit);
    assertThat(isRunning()).isTrue();
    for (int burst = 0; burst < 10; burst++) {
      flood(audit, 2_000);
      TestLog.settle(audit);
      assertThat(Files.size(wal(log))).isLessThan(MOST_BYTES);
    }
    // No more writes follow, so no writer can copy the rest of the WAL.
    await().until(() -> Files.size(log.file) > 20_000 * PADDING.length());
    assertThat(Sql.number(log.file, "SELECT count(*) FROM signed_events")).isGreaterThan(20_000);

    TestLog.close(audit);
    await().until(() -> !isRunning());
    assertThat(wal(log)).doesNotExist();
    log.requireIntact();
    assertThat(Sql.text(log.file, "PRAGMA integrity_check")).isEqualTo("ok");
  }

  /** An application may bring another version of SQLite. */
  @ParameterizedTest
  @CsvSource({
    "3.54.1, true", "3.51.3, true", "3.52.0, true", "4.0.0, true", "3.60, true",
    "3.51.2, false", "3.51.0, false", "3.9.3, false", "3.50.3, false", "3.51, false",
    "3.50.7, true", "3.50.6, false", "3.44.6, true", "3.44.5, false", "3.45.7, false",
  })
  void oldSqliteGetsNoCheckpointer(String version, boolean safe) {
    assertThat(WalCheckpointer.isSafeWith(version)).isEqualTo(safe);
  }

  /** A reader of an older state keeps the WAL from being restarted, but delays no writer. */
  @Test
  void longReaderDoesNotDelayWriters() throws Exception {
    TestLog log = TestLog.in(directory);
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("agent:a", "x"));
    TestLog.settle(audit);
    try (var reader = Sql.connect(log.file)) {
      reader.setAutoCommit(false);
      assertThat(Sql.number(reader, "SELECT count(*) FROM signed_events")).isPositive();
      for (int burst = 0; burst < 10; burst++) {
        flood(audit, 2_000);
        TestLog.settle(audit);
      }
      assertThat(Files.size(wal(log))).isGreaterThan(MOST_BYTES);
    }
    flood(audit, 2_000);
    TestLog.close(audit);
    assertThat(wal(log)).doesNotExist();
    log.requireIntact();
  }

  @Test
  void eventsSettledUnderLoadSurviveKillNine() throws Exception {
    killRepeatedly(2);
  }

  @Test
  @Tag("full")
  void eventsSettledUnderLoadSurviveAHundredKills() throws Exception {
    killRepeatedly(100);
  }

  private void killRepeatedly(int times) throws Exception {
    TestLog log = TestLog.in(directory).create();
    Random random = new Random(times);
    for (int kill = 0; kill < times; kill++) {
      if (kill % 10 == 9) {
        // Start from an empty ledger, so that the last of a hundred runs has few rows.
        Files.delete(log.file);
        log.create();
      }
      ChildJvm child = ChildJvm.running(Flooder.class).start(log.file);
      List<String> settled = new ArrayList<>();
      settled.add(child.readLine());
      // The pause is the random moment of the kill; it does not wait for a state.
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(800)).toNanos());
      child.kill();
      settled.addAll(child.remainingLines());
      assertThat(Sql.text(log.file, "PRAGMA integrity_check")).isEqualTo("ok");
      assertThat(log.verify().verdict().name()).as("after kill %d", kill).isEqualTo("INTACT");
      List<String> ids = log.ids();
      assertThat(new HashSet<>(ids)).hasSameSizeAs(ids).containsAll(settled);
    }
  }

  private static Path wal(TestLog log) {
    return Path.of(log.file + "-wal");
  }

  private static boolean isRunning() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("indelible-wal"));
  }

  /**
   * Submits events while another connection locks the database, so that even a slow machine appends
   * them in one batch.
   */
  private static void floodAtOnce(TestLog log, DeferredAudit audit) throws Exception {
    try (Connection other = Sql.connect(log.file)) {
      Sql.run(other, "BEGIN IMMEDIATE");
      flood(audit, 2_000);
      Sql.run(other, "COMMIT");
    }
  }

  /** Submits events and returns the last one. */
  private static DeferredAuditEvent flood(DeferredAudit audit, int count) {
    DeferredAuditEvent last = TestLog.refusal("agent:a", "first");
    for (int n = 0; n < count; n++) {
      last = TestLog.refusal("agent:a", n + PADDING);
      assertThat(audit.queue().submit(last)).isTrue();
    }
    return last;
  }

  /**
   * A child process that submits many events at once, waits until they are settled, and prints the
   * id of the last one.
   */
  static final class Flooder {
    private Flooder() {}

    public static void main(String[] args) throws Exception {
      TestLog log = new TestLog(Path.of(args[0]));
      DeferredAudit audit = log.start();
      floodAtOnce(log, audit);
      for (int burst = 0; burst < 1_000_000; burst++) {
        DeferredAuditEvent last = flood(audit, 3_000);
        if (!audit.queue().drainPending(TestLog.PATIENCE) || !isRunning()) {
          throw new AssertionError("not settled, or the checkpointer is not running");
        }
        System.out.println(last.id());
        System.out.flush();
      }
    }
  }
}
