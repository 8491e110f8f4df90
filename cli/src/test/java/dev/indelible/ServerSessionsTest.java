// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import dev.indelible.postgres.TestServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The sessions on the server of a gate that is open. */
@Tag("any-jdk")
@Timeout(120)
class ServerSessionsTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String SESSIONS =
      "FROM pg_stat_activity WHERE application_name = 'indelible'";

  /** Looks of each follower for which the sessions are watched. */
  private static final int LOOKS = 4;

  /** Drainer, index, anchor file and policies. */
  private static final int KEPT = 4;

  @TempDir Path temp;

  /** The sessions that were seen, with their processes and beginnings. */
  private final Set<String> sessions = new TreeSet<>();

  /** The queries that were seen, each with its session. */
  private final Set<String> queries = new TreeSet<>();

  @Test
  void followersKeepTheirSessions() throws Exception {
    TestServer server = TestServer.shared();
    String url = server.url(server.createLedger(), TestServer.WRITER);
    // A look at the rules reads the ledger once, over a session of its own.
    try (Indelible log =
            Indelible.builder(temp.resolve("data"))
                .watchPolicy(false)
                .ledger(() -> url)
                .anchor(temp.resolve("anchor"))
                .open();
        Connection monitor = server.connect()) {
      log.gate().check("agent:a", new Bash("ls"));
      await().atMost(LIMIT).until(() -> log.rowsNotAnchored().orElse(1) == 0);
      await().atMost(LIMIT).until(() -> log.rowsNotIndexed().orElse(1) == 0);
      log.chainWatch().orElseThrow().look();

      requireKept(monitor);
      assertThat(sessions).hasSize(KEPT);
      await()
          .atMost(LIMIT)
          .until(
              () ->
                  number(
                          monitor,
                          "SELECT count(*) "
                              + SESSIONS
                              + " AND (state <> 'idle' OR xact_start IS NOT NULL"
                              + " OR backend_xmin IS NOT NULL)")
                      == 0);

      Set<String> before = Set.copyOf(sessions);
      number(monitor, "SELECT count(pg_terminate_backend(pid)) " + SESSIONS);
      log.gate().check("agent:a", new Bash("ls"));
      await().atMost(LIMIT).until(() -> log.rowsNotAnchored().orElse(1) == 0);
      log.chainWatch().orElseThrow().look();
      requireKept(monitor);
      assertThat(sessions).hasSize(KEPT).doesNotContainAnyElementsOf(before);
      assertThat(log.anchoring().orElseThrow().state().trouble()).isEmpty();
      assertThat(log.rowsNotIndexed()).hasValue(0);
    }
  }

  /** Watches the sessions until two followers have looked several times. */
  private void requireKept(Connection monitor) throws Exception {
    // A session that was opened for one reading ends a moment after its client.
    await().atMost(LIMIT).until(() -> number(monitor, "SELECT count(*) " + SESSIONS) == KEPT);
    sessions.clear();
    queries.clear();
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              sample(monitor);
              return queries.size() >= 2 * LOOKS + sessions.size();
            });
  }

  private void sample(Connection monitor) throws SQLException {
    try (Statement statement = monitor.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT pid, backend_start, query_start " + SESSIONS)) {
      while (rows.next()) {
        sessions.add(rows.getString(1) + " " + rows.getString(2));
        queries.add(rows.getString(1) + " " + rows.getString(3));
      }
    }
  }

  private static long number(Connection monitor, String query) throws SQLException {
    try (Statement statement = monitor.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      assertThat(rows.next()).isTrue();
      return rows.getLong(1);
    }
  }
}
