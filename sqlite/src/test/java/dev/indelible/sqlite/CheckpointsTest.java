// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static dev.indelible.sqlite.TestLog.refusals;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowSigning;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints beside rows that are settled without them. */
@Timeout(120)
class CheckpointsTest {
  @TempDir Path directory;

  /** A key service may take seconds for a signature. */
  @Test
  void slowCheckpointDelaysNoSettlement() throws Exception {
    TestLog log = TestLog.in(directory);
    SlowForCheckpoints signer = new SlowForCheckpoints();
    DeferredAudit audit = log.start(() -> sink(log, signer));
    try {
      for (DeferredAuditEvent event : refusals("agent:a", 3)) {
        assertThat(audit.queue().submit(event)).isTrue();
      }
      await().atMost(TestLog.PATIENCE).until(() -> signer.asked.getCount() == 0);

      // The events of the batch whose checkpoint is being signed.
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

  private static long lastCheckpoint(TestLog log) throws SQLException {
    return Sql.number(log.file, "SELECT max(size) FROM indelible_checkpoints");
  }

  /** A sink that has a checkpoint signed whenever there is something new. */
  private static SqliteSink sink(TestLog log, Signer signer) {
    HeadGuard guard = new HeadGuard(new RowCheck(TestLog.KEYS));
    return new SqliteSink(
        log.file,
        Optional.empty(),
        RowSigning.everyRow(signer),
        guard,
        log.books,
        new AtomicBoolean(),
        new SqliteCheckpoints(
            Optional.empty(), signer, Optional.empty(), Duration.ZERO, guard, log.books),
        new SqliteTallies(log.file, Optional.empty(), 0, guard, log.books));
  }

  /** Signs rows at once, and checkpoints when the test lets it. */
  private static final class SlowForCheckpoints implements Signer {
    final CountDownLatch asked = new CountDownLatch(1);
    final CountDownLatch answer = new CountDownLatch(1);

    @Override
    public VerificationKey verificationKey() {
      return TestLog.KEY.verificationKey();
    }

    @Override
    public byte[] sign(byte[] message) {
      if (!new String(message, StandardCharsets.UTF_8).startsWith("indelible/row/")) {
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
