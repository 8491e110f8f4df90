// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file is moved away while the writer opens it (promise D2). */
class ReplacedFileTest {
  @TempDir Path directory;

  @Test
  void eventsGoIntoTheReplacementFile() throws Exception {
    TestLog log = TestLog.in(directory);
    DeferredAuditEvent event = TestLog.refusal("agent:a", "x");
    DeferredAudit audit;
    try (Connection other = Sql.connect(log.file)) {
      // The writer has the file open, and waits to create its tables.
      Sql.run(other, "PRAGMA journal_mode = WAL", "BEGIN IMMEDIATE");
      audit = log.start();
      audit.queue().submit(event);
      await()
          .atMost(TestLog.PATIENCE)
          .until(() -> audit.queue().metrics().health().state() == AuditHealth.State.DEGRADED);
      Path away = directory.resolve("away");
      Files.createDirectory(away);
      for (String part : List.of("", "-wal", "-shm")) {
        Files.move(
            Path.of(log.file + part),
            away.resolve("indelible.db" + part),
            StandardCopyOption.ATOMIC_MOVE);
      }
      Sql.run(other, "COMMIT");
    }
    TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(log.ids()).contains(event.id().toString());
  }
}
