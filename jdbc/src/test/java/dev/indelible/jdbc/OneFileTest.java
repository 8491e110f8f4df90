// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.Indelible;
import dev.indelible.check.Verifier;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowQuery;
import dev.indelible.policy.RulePolicy;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteDataSource;

/**
 * The hook refuses a write inside a transaction that holds the write lock of the ledger's own file
 * (promise D1). A gate that recorded the refusal at once would wait for that lock forever.
 */
class OneFileTest {
  private static final String RULES =
      """
      version: 1
      rules:
        - id: R100
          severity: refuse
          reason: the archive is closed
          match:
            kind: custom
            custom_kind: sql_write
            namespace_glob: archive
      """;

  @TempDir Path directory;

  @Test
  void refusalOnTheLedgersFileReachesTheChain() throws Exception {
    DataDirectory data = new DataDirectory(directory.resolve("data"));
    try (Indelible indelible =
        Indelible.open(data.path(), RulePolicy.parse(RULES, "rules of this test"))) {
      DataSource plain = sqlite(data.database());
      try (Connection connection = plain.getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("CREATE TABLE memories (text TEXT)");
        statement.execute("CREATE TABLE archive (text TEXT)");
      }
      DataSource governed =
          GovernedDataSource.wrap(plain, indelible.gate().preWriteHook(), () -> "agent:alice");
      try (Connection connection = governed.getConnection();
          Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        statement.executeUpdate("INSERT INTO memories VALUES ('kept')");

        // The write lock is held from here until the commit.
        try (PreparedStatement insert =
            connection.prepareStatement("INSERT INTO archive VALUES (?)")) {
          insert.setString(1, "forbidden");
          assertThatThrownBy(insert::executeUpdate)
              .isInstanceOf(GovernanceRefusal.class)
              .hasMessageContaining("R100");
        }
        assertThat(indelible.metrics().pending()).as("policy and refusal").isEqualTo(2);
        connection.commit();

        assertThat(count(statement, "memories")).isEqualTo(1);
        assertThat(count(statement, "archive")).isZero();
      }
      assertThat(indelible.queue().drainPending(Duration.ofMinutes(1))).isTrue();
      assertThat(indelible.metrics().isBalanced()).isTrue();
    }

    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      List<ChainRow> rows = new ArrayList<>();
      ledger.forEachRow(RowQuery.all(), rows::add);
      // The policy, the refusal, and a tally: one write refused, two permitted. Permitted writes
      // are not recorded.
      assertThat(rows).hasSize(3);
      assertThat(rows.get(0).eventType()).isEqualTo(SystemEvent.POLICY_LOADED);
      assertThat(rows.get(1).eventType()).isEqualTo(DeferredAuditEvent.REFUSAL);
      assertThat(new String(rows.get(1).payload().orElseThrow(), StandardCharsets.UTF_8))
          .contains("INSERT INTO archive", "forbidden", "R100");
      assertThat(
              new Verifier(ledger, VerificationOptions.of(data.keys().accepted()))
                  .verify()
                  .verdict())
          .isEqualTo(Verdict.INTACT);
    }
  }

  private static DataSource sqlite(Path file) {
    SQLiteDataSource source = new SQLiteDataSource();
    source.setUrl("jdbc:sqlite:" + file);
    return source;
  }

  private static int count(Statement statement, String table) throws Exception {
    try (ResultSet row = statement.executeQuery("SELECT count(*) FROM " + table)) {
      row.next();
      return row.getInt(1);
    }
  }
}
