// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.indelible.action.Bash;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.queue.DrainReport;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * After closing, accepted events are in the ledger, or closing has reported that they are waiting
 * (promise D9).
 */
class CloseTest {
  @TempDir Path directory;

  @Test
  void closingOnALockedDatabaseThrowsWithCounts() throws Exception {
    Path data = withOneRow();
    try (Connection other = lock(data)) {
      Indelible indelible = Indelible.open(data, new StarterRules());
      for (int i = 0; i < 3; i++) {
        indelible.gate().check("agent:alice", new Bash("ls " + i));
      }

      assertThatExceptionOfType(UnsettledException.class)
          .isThrownBy(indelible::close)
          .withMessageStartingWith("recorded in the journal; 3 events wait for the ledger: ")
          .withMessageContaining("indelible.db")
          .satisfies(
              e -> {
                assertThat(e.report().pending()).isEqualTo(3);
                assertThat(e.report().timedOut()).isTrue();
              });
      // The counters also account for the pending events (D2, D10).
      assertThat(indelible.metrics().isBalanced()).isTrue();
      assertThat(indelible.metrics().pending()).isEqualTo(3);
      other.rollback();
    }
    assertThat(rows(data)).isEqualTo(1);

    Indelible.open(data, new StarterRules()).close();

    // The next run delivers the waiting events.
    assertThat(rows(data)).isEqualTo(4);
  }

  /** A lock is a transient fault (D6). */
  @Test
  void lockReleasedInTimeLosesNothing() throws Exception {
    Path data = withOneRow();
    Indelible indelible = Indelible.open(data, new StarterRules());
    try (Connection other = lock(data)) {
      indelible.gate().check("agent:alice", new Bash("ls"));
      Awaitility.await()
          .until(() -> indelible.metrics().health().state() == AuditHealth.State.DEGRADED);
      other.rollback();
    }

    indelible.close();

    assertThat(rows(data)).isEqualTo(2);
    assertThat(indelible.metrics().isBalanced()).isTrue();
  }

  /** Closing releases the journal even if the last tally cannot be written (D9). */
  @Test
  void lockDuringCloseLeavesTheJournalFree() throws Exception {
    Path data = withOneRow();
    Indelible indelible =
        Indelible.builder(data).policy(new StarterRules()).tallyInterval(Duration.ofDays(1)).open();
    for (int i = 0; i < 3; i++) {
      indelible.gate().check("agent:alice", new Bash("ls " + i));
    }
    assertThat(indelible.queue().drainPending(Duration.ofMinutes(1))).isTrue();
    try (Connection other = lock(data)) {
      assertThat(indelible.closeAndFlush(Duration.ofSeconds(3)).isComplete()).isTrue();
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  Thread.getAllStackTraces().keySet().stream()
                      .noneMatch(thread -> thread.getName().startsWith("indelible-journal")));
      other.rollback();
    }
    Indelible.open(data, new StarterRules()).close();
    assertThat(rows(data)).isEqualTo(4);
  }

  @Test
  void closeEndsAtAShorterLimit() throws Exception {
    Path data = withOneRow();
    try (Connection other = lock(data)) {
      Indelible indelible = Indelible.open(data, new StarterRules());
      indelible.gate().check("agent:alice", new Bash("ls"));
      long start = System.nanoTime();

      DrainReport report = indelible.closeAndFlush(Duration.ofMillis(100));

      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
      assertThat(report.isComplete()).isFalse();
      other.rollback();
    }
  }

  @Test
  void closedLogRefusesActions() throws Exception {
    Path data = directory.resolve("data");
    Indelible indelible = Indelible.open(data, new StarterRules());
    indelible.close();

    assertThat(indelible.gate().check("agent:alice", new Bash("ls")).ruleId())
        .contains("indelible.not_recorded");
    assertThat(indelible.metrics().isBalanced()).isTrue();
  }

  @Test
  void closingTwiceIsNotAnError() throws Exception {
    Indelible indelible = Indelible.open(directory.resolve("data"), new StarterRules());
    indelible.close();

    indelible.close();

    assertThat(indelible.metrics().health().state()).isEqualTo(AuditHealth.State.CLOSED);
  }

  private Path withOneRow() throws Exception {
    Path data = directory.resolve("data");
    try (Indelible indelible = Indelible.open(data, new StarterRules())) {
      indelible.gate().check("agent:alice", new Bash("ls"));
    }
    return data;
  }

  /** Opens a connection that holds the write lock until it is rolled back. */
  private static Connection lock(Path data) throws SQLException {
    Connection connection =
        DriverManager.getConnection("jdbc:sqlite:" + data.resolve("indelible.db"));
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("UPDATE indelible_schema SET version = version");
    }
    return connection;
  }

  /** Returns the number of rows, without tallies. */
  private static long rows(Path data) throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(data.resolve("indelible.db"))) {
      return ledger.size() - ledger.size(SystemEvent.TALLY);
    }
  }
}
