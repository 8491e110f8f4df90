// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
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
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Acceptance 35, D9: a decision that was made is printed, whatever the ledger does. */
@Timeout(300)
@DisabledOnOs(OS.WINDOWS)
class WithheldDecisionTest {
  @TempDir Path directory;
  private final List<Process> started = new ArrayList<>();
  private Cli cli;

  @BeforeEach
  void oneRowOnRecord() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
  }

  @AfterEach
  void endProcesses() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void checkAnswersWhileTheLedgerIsLocked() throws Exception {
    try (Connection other = lock("BEGIN IMMEDIATE")) {
      assertRefusedAndWaiting(cli.run("check", Cli.bash("rm -rf /")));
      release(other);
    }
    assertDelivered(2);
  }

  /** A lock that keeps readers out, too: which rows the ledger has cannot be asked. */
  @Test
  void checkAnswersWhileTheLedgerCannotBeRead() throws Exception {
    try (Connection other = lock("PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE")) {
      assertRefusedAndWaiting(cli.run("check", Cli.bash("rm -rf /")));
      assertRefusedAndWaiting(cli.run("check", Cli.bash("rm -rf /")));
      release(other);
    }
    assertDelivered(3);
  }

  @Test
  void checkAnswersWhileTheDatabaseIsDamaged() throws Exception {
    Path database = cli.data().resolve("indelible.db");
    byte[] ledger = Files.readAllBytes(database);
    Files.write(database, "no database".repeat(1_000).getBytes(StandardCharsets.UTF_8));

    assertRefusedAndWaiting(cli.run("check", Cli.bash("rm -rf /")));

    Files.write(database, ledger);
    assertDelivered(2);
  }

  /** The log is written by a newer Indelible, and this one is asked meanwhile. */
  @Test
  void checkAnswersWhileTheSchemaIsNotOurs() throws Exception {
    cli.sql("UPDATE indelible_schema SET version = version + 90");

    assertRefusedAndWaiting(cli.run("check", Cli.bash("rm -rf /")));

    cli.sql("UPDATE indelible_schema SET version = version - 90");
    assertDelivered(2);
  }

  /** D2: the printed decision has one row, however its process ends. */
  @Test
  void decisionPrintedBeforeAKillIsRecordedOnce() throws Exception {
    String id;
    try (Connection other = lock("BEGIN IMMEDIATE")) {
      Process check = process("check", "--output", "json", Cli.bash("rm -rf /"));
      try (BufferedReader out = check.inputReader(StandardCharsets.UTF_8)) {
        id = Cli.json(out.readLine()).path("id").asString();
        // Still running: it waits for the ledger after it printed the decision.
        check.destroyForcibly().waitFor();
      }
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

  /** Fails closed: a decision that cannot be recorded is a refusal, printed as one. */
  @Test
  void decisionWithoutARecordIsNotGiven() throws Exception {
    Path ledger = cli.data().resolve("indelible.db");
    Files.write(ledger, "no database".repeat(1_000).getBytes(StandardCharsets.UTF_8));
    try (Stream<Path> journals = Files.walk(cli.data().resolve("journal"))) {
      journals.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    }

    Cli.Result check = cli.run("check", Cli.bash("ls"));
    assertThat(check.out()).isEmpty();
    assertThat(check.complaint(ExitCode.USAGE)).contains("no journal names the ledger");
  }

  /** Processes that contend for the ledger leave no waiting event. */
  @Test
  void parallelChecksLeaveNothingWaiting() throws Exception {
    List<Process> checks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      checks.add(process("check", Cli.bash("ls " + i)));
    }
    for (Process check : checks) {
      assertThat(check.waitFor(240, TimeUnit.SECONDS)).isTrue();
      assertThat(check.exitValue()).isZero();
    }
    cli.assertIntact(9);
  }

  private void assertRefusedAndWaiting(Cli.Result check) {
    assertThat(check.out()).startsWith("refuse  delete-system  ").contains("recorded as ");
    assertThat(check.complaint(ExitCode.REFUSED))
        .contains("recorded in the journal; 1 event waits for the ledger: ")
        .contains("indelible.db")
        .endsWith("; the next process that records here delivers it");
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

  private Process process(String... args) throws IOException {
    Process process =
        new ProcessBuilder(cli.inProcess(args))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    started.add(process);
    return process;
  }

  /** A connection that locks the ledger until it is closed. */
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
