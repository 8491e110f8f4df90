// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.ChildJvm;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A decision is printed even if the ledger cannot record it now (promise D9). */
@Tag("any-jdk")
@Timeout(300)
@DisabledOnOs(OS.WINDOWS)
class WithheldDecisionTest {
  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void recordOneRow() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
  }

  @Test
  void checkAnswersWhileTheLedgerIsLocked() throws Exception {
    try (Connection other = lock("BEGIN IMMEDIATE")) {
      assertRefusedAndWaiting(
          cli.run("check", Cli.bash("rm -rf /")), "1 event waits", "delivers it");
      release(other);
    }
    assertDelivered(2);
  }

  /** The lock excludes readers too, so the rows of the ledger are unknown. */
  @Test
  void checkAnswersWhileTheLedgerCannotBeRead() throws Exception {
    try (Connection other = lock("PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE")) {
      assertRefusedAndWaitingWithPolicy(cli.run("check", Cli.bash("rm -rf /")));
      assertRefusedAndWaitingWithPolicy(cli.run("check", Cli.bash("rm -rf /")));
      release(other);
    }
    assertDelivered(3);
  }

  @Test
  void checkAnswersWhileTheDatabaseIsDamaged() throws Exception {
    Path database = cli.data().resolve("indelible.db");
    byte[] ledger = Files.readAllBytes(database);
    Files.write(database, "no database".repeat(1_000).getBytes(StandardCharsets.UTF_8));

    assertRefusedAndWaitingWithPolicy(cli.run("check", Cli.bash("rm -rf /")));

    Files.write(database, ledger);
    assertDelivered(2);
  }

  /** A newer version writes the log, and this version makes a decision. */
  @Test
  void checkAnswersWhileTheSchemaIsNewer() throws Exception {
    cli.sql("UPDATE indelible_schema SET version = version + 90");

    assertRefusedAndWaitingWithPolicy(cli.run("check", Cli.bash("rm -rf /")));

    cli.sql("UPDATE indelible_schema SET version = version - 90");
    assertDelivered(2);
  }

  /** A printed decision has one row, even if its process is killed (D2). */
  @Test
  void decisionPrintedBeforeAKillIsRecordedOnce() throws Exception {
    String id;
    try (Connection other = lock("BEGIN IMMEDIATE")) {
      ChildJvm check = cli.process("check", "--output", "json", Cli.bash("rm -rf /"));
      id = Cli.json(check.readLine()).path("id").asString();
      // The process waits for the ledger after it printed the decision.
      check.kill();
      release(other);
    }
    cli.run("check", Cli.bash("ls")).ok();
    assertThat(cli.rows()).filteredOn(row -> row.path("id").asString().equals(id)).hasSize(1);
    cli.assertIntact(3);
  }

  @Test
  void gateStatesHowManyEventsWait() throws Exception {
    String lines = Cli.line("agent:a", Cli.bash("ls")).repeat(3);
    try (Connection other = lock("BEGIN IMMEDIATE")) {
      Cli.Result gate = cli.runOn(lines, "gate");
      assertThat(gate.out().lines()).hasSize(3);
      assertThat(gate.complaint(ExitCode.WAITING))
          .contains("recorded in the journal; 3 events wait for the ledger: ")
          .endsWith("; the next process that records here delivers them");
      release(other);
    }
    assertDelivered(4);
  }

  /** Fails closed: without a journal nothing is decided. */
  @Test
  void decisionWithoutARecordIsNotPrinted() throws Exception {
    Path ledger = cli.data().resolve("indelible.db");
    Files.write(ledger, "no database".repeat(1_000).getBytes(StandardCharsets.UTF_8));
    try (Stream<Path> journals = Files.walk(cli.data().resolve("journal"))) {
      journals.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    }

    Cli.Result check = cli.run("check", Cli.bash("ls"));
    assertThat(check.out()).isEmpty();
    assertThat(check.complaint(ExitCode.USAGE)).contains("no journal names the ledger");
  }

  /** Processes contend for the ledger, and each decision has one row. */
  @Test
  void parallelChecksAreRecordedOnce() throws Exception {
    List<ChildJvm> checks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      checks.add(cli.process("check", Cli.bash("ls " + i)));
    }
    for (ChildJvm check : checks) {
      check.requireSuccess();
    }
    // On a slow machine a check may end while its event still waits.
    cli.runOn("", "gate");
    cli.assertIntact(9);
  }

  /**
   * An unreadable ledger does not show which policy it recorded last, so the policy waits as well.
   */
  private void assertRefusedAndWaitingWithPolicy(Cli.Result check) {
    assertRefusedAndWaiting(check, "2 events wait", "delivers them");
  }

  private void assertRefusedAndWaiting(Cli.Result check, String waiting, String delivered) {
    assertThat(check.out()).startsWith("refuse  delete-system  ").contains("recorded as ");
    assertThat(check.complaint(ExitCode.REFUSED))
        .contains("recorded in the journal; " + waiting + " for the ledger: ")
        .contains("indelible.db")
        .endsWith("; the next process that records here " + delivered);
  }

  private void assertDelivered(long rows) {
    cli.run("check", Cli.bash("ls")).ok();
    cli.assertIntact(rows + 1);
  }

  private static void release(Connection other) throws SQLException {
    try (Statement statement = other.createStatement()) {
      statement.execute("ROLLBACK");
    }
  }

  /** Returns a connection that locks the ledger until it is closed. */
  private Connection lock(String... statements) throws SQLException {
    Connection connection =
        DriverManager.getConnection("jdbc:sqlite:" + cli.data().resolve("indelible.db"));
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
    return connection;
  }
}
