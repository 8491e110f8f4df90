// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static dev.indelible.sqlite.TestLog.refusals;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.append.CheckpointFile;
import dev.indelible.append.Checkpoints;
import dev.indelible.append.HeadGuard;
import dev.indelible.append.LedgerRun;
import dev.indelible.append.LedgerSink;
import dev.indelible.append.RowSigning;
import dev.indelible.append.Tallies;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.note.RowCheck;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A running log signs checkpoints, and rows are settled without waiting for them. */
@Timeout(120)
class CheckpointsTest {
  /** The id is known in advance, as in a journal, so that a recreated file belongs to this log. */
  private static final UUID LEDGER = UUID.fromString("00000000-0000-4000-8000-00000000abcd");

  @TempDir Path directory;

  /** A key service may need seconds for a signature. */
  @Test
  void slowCheckpointDoesNotDelaySettlement() throws Exception {
    TestLog log = TestLog.in(directory);
    SlowForCheckpoints signer = new SlowForCheckpoints();
    DeferredAudit audit = log.start(() -> sink(log, signer));
    try {
      for (DeferredAuditEvent event : refusals("agent:a", 3)) {
        assertThat(audit.queue().submit(event)).isTrue();
      }
      await().atMost(TestLog.PATIENCE).until(() -> signer.asked.getCount() == 0);

      // These events belong to the batch whose checkpoint is waiting for its signature.
      long rows = log.rows();
      assertThat(rows).isPositive();
      await().atMost(TestLog.PATIENCE).until(() -> audit.queue().metrics().appended() == rows);
    } finally {
      signer.answer.countDown();
    }
    TestLog.close(audit);

    assertThat(lastCheckpoint(log)).isEqualTo(3);
    log.requireIntact();
  }

  /** The ways to move a database while its log is running. */
  private enum Move {
    COPY {
      @Override
      void move(TestLog log, Path away) throws Exception {
        Sql.run(log.file, "PRAGMA wal_checkpoint(TRUNCATE)");
        Path copy = Files.copy(log.file, away.resolve("copy"));
        moveAway(log, away);
        Files.move(copy, log.file);
      }
    },
    VACUUM {
      @Override
      void move(TestLog log, Path away) throws Exception {
        Path copy = away.resolve("copy");
        Sql.run(log.file, "VACUUM INTO '" + copy + "'");
        moveAway(log, away);
        Files.move(copy, log.file);
      }
    };

    abstract void move(TestLog log, Path away) throws Exception;
  }

  /**
   * Rows that were written to the moved file are neither settled nor signed (promises D2 and D11).
   */
  @ParameterizedTest
  @EnumSource
  void movedDatabaseIsReplacedAndSigned(Move how) throws Exception {
    TestLog log = TestLog.in(directory);
    Path lastSigned = directory.resolve("last-checkpoint");
    DeferredAudit audit = log.start(() -> sink(log, TestLog.KEY, CheckpointFile.at(lastSigned)));
    refusals("agent:a", 10).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    await().atMost(TestLog.PATIENCE).until(() -> lastCheckpoint(log) == 10);

    how.move(log, Files.createDirectory(directory.resolve("away")));
    refusals("agent:b", 5).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    await().atMost(TestLog.PATIENCE).until(() -> lastCheckpoint(log) == 15);
    awaitRecording(audit);
    assertThat(Files.readString(lastSigned)).contains("\n15\n");
    TestLog.close(audit);

    // The next process reads the new file.
    TestLog later = new TestLog(log.file);
    DeferredAudit next = later.start(() -> sink(later, TestLog.KEY, CheckpointFile.at(lastSigned)));
    assertThat(next.queue().submit(TestLog.refusal("agent:c", "x"))).isTrue();
    TestLog.settle(next);
    await().atMost(TestLog.PATIENCE).until(() -> lastCheckpoint(log) == 16);
    awaitRecording(next);
    TestLog.close(next);
    log.requireIntact();
  }

  /** Settled and signed rows are gone, and health reports it (D11). */
  @Test
  void removedDatabaseIsReported() throws Exception {
    TestLog log = TestLog.in(directory);
    Path lastSigned = directory.resolve("last-checkpoint");
    DeferredAudit audit = log.start(() -> sink(log, TestLog.KEY, CheckpointFile.at(lastSigned)));
    refusals("agent:a", 10).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    await().atMost(TestLog.PATIENCE).until(() -> lastCheckpoint(log) == 10);

    moveAway(log, Files.createDirectory(directory.resolve("away")));
    List<DeferredAuditEvent> more = refusals("agent:b", 5);
    more.forEach(audit.queue()::submit);
    TestLog.settle(audit);

    await()
        .atMost(TestLog.PATIENCE)
        .until(() -> audit.queue().metrics().health().state() == AuditHealth.State.DEGRADED);
    assertThat(audit.queue().metrics().health().reason())
        .contains("no checkpoint is signed any more", "over 10");
    assertThat(Files.readString(lastSigned)).contains("\n10\n");
    TestLog.close(audit);
    assertThat(Files.readString(lastSigned)).contains("\n10\n");
    assertThat(log.ids()).containsAll(more.stream().map(event -> event.id().toString()).toList());
  }

  /** Health reports why a checkpoint cannot be signed, until it is signed (D11). */
  @Test
  void failedCheckpointIsSignedLater() throws Exception {
    TestLog log = TestLog.in(directory);
    AtomicBoolean isDown = new AtomicBoolean(true);
    Signer signer =
        new Signer() {
          @Override
          public VerificationKey verificationKey() {
            return TestLog.KEY.verificationKey();
          }

          @Override
          public byte[] sign(byte[] message) {
            if (isDown.get() && isCheckpoint(message)) {
              throw new IllegalStateException("the key service is down");
            }
            return TestLog.KEY.sign(message);
          }
        };
    DeferredAudit audit = log.start(() -> sink(log, signer.checked()));
    refusals("agent:a", 3).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    await()
        .atMost(TestLog.PATIENCE)
        .until(() -> audit.queue().metrics().health().reason().contains("the key service is down"));
    assertThat(log.rows()).isEqualTo(3);

    isDown.set(false);
    await().atMost(TestLog.PATIENCE).until(() -> lastCheckpoint(log) == 3);
    awaitRecording(audit);
    TestLog.close(audit);
  }

  private static void awaitRecording(DeferredAudit audit) {
    await()
        .atMost(TestLog.PATIENCE)
        .until(() -> audit.queue().metrics().health().state() == AuditHealth.State.RECORDING);
  }

  private static void moveAway(TestLog log, Path away) throws Exception {
    for (String part : List.of("", "-wal", "-shm")) {
      Path file = Path.of(log.file + part);
      if (Files.exists(file)) {
        Files.move(file, away.resolve(file.getFileName()));
      }
    }
  }

  private static boolean isCheckpoint(byte[] message) {
    return !new String(message, StandardCharsets.UTF_8).startsWith("indelible/row/");
  }

  private static long lastCheckpoint(TestLog log) throws SQLException {
    return Sql.number(log.file, "SELECT coalesce(max(size), 0) FROM indelible_checkpoints");
  }

  /** Returns a sink that signs a checkpoint whenever there are new rows. */
  private static LedgerSink sink(TestLog log, Signer signer) {
    return sink(log, signer, CheckpointFile.none());
  }

  private static LedgerSink sink(TestLog log, Signer signer, CheckpointFile lastSigned) {
    HeadGuard guard = new HeadGuard(new RowCheck(TestLog.KEYS));
    return new LedgerSink(
        new LedgerRun(
            SqliteWriter.drainer(log.file, LEDGER),
            RowSigning.everyRow(signer),
            guard,
            new Checkpoints(
                Checkpoints.Settings.of(signer).withInterval(Duration.ZERO).withFile(lastSigned),
                guard,
                log.counters),
            new Tallies(null, guard, log.counters),
            log.counters));
  }

  /** Signs rows at once, and a checkpoint only when the test releases it. */
  private static final class SlowForCheckpoints implements Signer {
    final CountDownLatch asked = new CountDownLatch(1);
    final CountDownLatch answer = new CountDownLatch(1);

    @Override
    public VerificationKey verificationKey() {
      return TestLog.KEY.verificationKey();
    }

    @Override
    public byte[] sign(byte[] message) {
      if (isCheckpoint(message)) {
        asked.countDown();
        try {
          answer.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      return TestLog.KEY.sign(message);
    }
  }
}
