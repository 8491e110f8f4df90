// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.cli.Cli.Result;
import dev.indelible.health.AuditHealth;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalSettings;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code indelible status} (promise D11). */
class StatusTest {
  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void policyAllowAndRefusal() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
    cli.run("check", Cli.bash("rm -rf /"));
  }

  @Test
  void healthyLogIsOk() {
    JsonNode status = status(0);

    assertThat(status.path("state").asString()).isEqualTo("ok");
    assertThat(status.path("rows").asInt()).isEqualTo(3);
    assertThat(status.path("refusals").asInt()).isEqualTo(1);
    assertThat(status.path("head").path("sequence").asInt()).isEqualTo(3);
    assertThat(status.path("keys").size()).isEqualTo(1);
    assertThat(status.path("problems").size()).isZero();
    assertThat(dlqSize(status).asInt(-1)).isZero();
  }

  @Test
  void lastTallyIsShown() {
    assertThat(status(0).path("tally").path("sequence").asInt()).isZero();
    assertThat(cli.run("status").ok().out()).containsPattern("last tally +\\(none\\)");

    cli.runOn(Cli.line("agent:a", Cli.bash("ls")).repeat(3), "gate").ok();

    JsonNode tally = status(0).path("tally");
    assertThat(tally.path("sequence").asInt()).isEqualTo(7);
    assertThat(tally.path("attempts").asInt()).isEqualTo(3);
    assertThat(tally.path("pending").asInt()).isZero();
    assertThat(tally.path("closed").asBoolean()).isTrue();
    assertThat(cli.run("status").ok().out()).containsPattern("last tally +row 7: 3 attempts");
  }

  /** A checkpoint states no time; it is no older than its newest row. */
  @Test
  void checkpointHasTheTimeOfItsNewestRow() throws Exception {
    JsonNode checkpoint = status(0).path("checkpoint");
    long size = checkpoint.path("size").asLong();
    JsonNode row = cli.run("log", "show", String.valueOf(size), "--output", "json").ok().json();
    assertThat(checkpoint.path("newest_row").asString())
        .isEqualTo(row.path("timestamp").asString());
    assertThat(cli.run("status").ok().out())
        .containsPattern("checkpoint .*; its newest row is of " + row.path("timestamp").asString());

    cli.sql("DELETE FROM signed_events WHERE sequence = " + size);

    JsonNode without = cli.run("status", "--output", "json").json().path("checkpoint");
    assertThat(without.path("size").asLong()).isEqualTo(size);
    assertThat(without.path("newest_row").isNull()).isTrue();
  }

  @Test
  void rowsThatTheIndexLacksAreShown() {
    JsonNode index = status(0).path("index");
    assertThat(index.path("indexed").asInt(-1)).isZero();
    assertThat(index.path("not_indexed").asInt()).isEqualTo(3);
    assertThat(cli.run("status").ok().out())
        .containsPattern("index +has the rows up to 0; a search first adds the 3 that follow");

    cli.run("log", "list", "--verdict", "refuse").ok();

    assertThat(status(0).path("index").path("indexed").asInt()).isEqualTo(3);
    assertThat(cli.run("status").ok().out()).containsPattern("index +has all rows");
  }

  /** The number of dead letters is null if they cannot be read. */
  @Test
  void unreadableDeadLettersAreNullNotZero() throws Exception {
    cli.sql("DROP TABLE signed_events_dlq");

    JsonNode status = status(1);

    assertThat(dlqSize(status).isNull()).isTrue();
    assertThat(status.path("state").asString()).isEqualTo("unhealthy");
    assertThat(status.path("rows").asInt()).isEqualTo(3);
  }

  @Test
  void unreadableDatabaseIsUnhealthyWithNullCounts() throws Exception {
    Files.writeString(cli.data().resolve("indelible.db"), "notes\n".repeat(1_000));

    JsonNode status = status(1);

    assertThat(dlqSize(status).isNull()).isTrue();
    assertThat(status.path("rows").isNull()).isTrue();
    assertThat(status.path("refusals").isNull()).isTrue();
    assertThat(status.path("head").isNull()).isTrue();
    assertThat(status.path("index").path("indexed").isNull()).isTrue();
    assertThat(status.path("problems").toString()).contains("not an SQLite database");
  }

  @Test
  void textShowsUnreadableValues() throws Exception {
    cli.sql("DROP TABLE signed_events_dlq");

    Result result = cli.run("status");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out()).containsPattern("dead letters +\\(unreadable\\)");
    assertThat(result.out()).containsPattern("problem +dead letters cannot be read: ");
  }

  /** A chain that cannot be read is not shown as empty (D11). */
  @Test
  void unreadableHeadIsNotShownAsEmpty() throws Exception {
    Files.writeString(cli.data().resolve("indelible.db"), "notes\n".repeat(1_000));

    assertThat(cli.run("status").out())
        .containsPattern("head +\\(unreadable\\)")
        .doesNotContain("(empty)");
  }

  @Test
  void waitingDeadLettersAreUnhealthy() throws Exception {
    cli.sql(
        "INSERT INTO signed_events_dlq (id, agent_id, event_type, payload_hash, timestamp,"
            + " payload, failure_reason, failed_at, attempts)"
            + " VALUES ('i', 'a', 't', x'00', 'now', '{}', 'poison', 'now', 5)");

    JsonNode status = status(1);

    assertThat(dlqSize(status).asInt()).isEqualTo(1);
    assertThat(status.path("problems").toString()).contains("1 dead letter waits");
    assertThat(
            cli.run("dlq", "list", "--output", "json")
                .ok()
                .json()
                .path("failure_reason")
                .asString())
        .isEqualTo("poison");
  }

  /** The next writer records a changed row, and status reports it. */
  @Test
  void tamperedChainIsReported() throws Exception {
    cli.sql("UPDATE signed_events SET agent_id = 'someone else' WHERE sequence = 3");
    cli.run("check", Cli.bash("ls")).ok();

    JsonNode status = status(1);

    assertThat(status.path("state").asString()).isEqualTo("tampered");
    assertThat(cli.rows())
        .extracting(row -> row.path("event_type").asString())
        .contains("audit.tamper");
  }

  @Test
  void rulesThatDoNotLoadAreUnhealthy() throws Exception {
    Files.writeString(cli.data().resolve("policy/rules.yaml"), "version: 2\n");

    JsonNode status = status(1);

    assertThat(status.path("policy").isNull()).isTrue();
    assertThat(status.path("problems").toString()).contains("rules.yaml");
  }

  @Test
  void missingKeyIsUnhealthy() throws Exception {
    Files.delete(cli.data().resolve("keys/audit.pem"));

    JsonNode status = status(1);

    assertThat(status.path("problems").toString()).contains("keys: there is no signing key");
    // Unusable keys are null, not empty (D11).
    assertThat(status.path("keys").isNull()).isTrue();
  }

  /** Status only reads. */
  @Test
  void statusCreatesNoKeyAndNoRow() throws Exception {
    Files.delete(cli.data().resolve("keys/audit.pem"));

    status(1);

    assertThat(cli.data().resolve("keys/audit.pem")).doesNotExist();
    cli.assertIntact(2);
  }

  /** Signed and unsigned rows are distinguished (D11). */
  @Test
  void unsignedRowsAreReported() throws Exception {
    assertThat(status(0).path("row_signatures").asString()).isEqualTo("on");
    assertThat(cli.run("status").out()).containsPattern("signatures +on\n");

    try (Indelible unsigned = Indelible.builder(cli.data()).rowSignatures(false).open()) {
      unsigned.gate().check("agent:alice", new Bash("ls"));
    }

    assertThat(status(0).path("row_signatures").asString()).isEqualTo("off");
    assertThat(cli.run("status").out()).containsPattern("signatures +off: new rows are unsigned");

    cli.run("check", Cli.bash("ls")).ok();

    assertThat(status(0).path("row_signatures").asString()).isEqualTo("on");
  }

  /** A note without a valid signature is ignored. */
  @Test
  void invalidNoteDoesNotTurnSignaturesOff() throws Exception {
    try (Indelible unsigned = Indelible.builder(cli.data()).rowSignatures(false).open()) {
      unsigned.gate().check("agent:alice", new Bash("ls"));
    }
    cli.sql(
        "UPDATE signed_events SET signature = zeroblob(64)"
            + " WHERE event_type = 'audit.row_signatures'");

    assertThat(status(0).path("row_signatures").asString()).isEqualTo("on");
  }

  @Test
  void unknownRowSignaturesAreUnknown() throws Exception {
    Path database = cli.data().resolve("indelible.db");
    Files.move(database, directory.resolve("aside"));
    Files.writeString(database, "notes\n".repeat(1_000));

    assertThat(status(1).path("row_signatures").asString()).isEqualTo("unknown");
    assertThat(cli.run("status").out()).containsPattern("signatures +\\(unknown\\)");
  }

  /** Events of a process that has ended wait until the next process delivers them. */
  @Test
  void eventsOfAnEndedProcessAreNamed() throws Exception {
    Optional<UUID> ledger = SqliteLedger.identify(cli.data().resolve("indelible.db"));
    Journal journal =
        Journal.open(cli.data().resolve("journal"), ledger, any -> 0, JournalSettings.ofDefaults());
    for (int i = 0; i < 5; i++) {
      assertThat(journal.offer(Cli.event(i))).isTrue();
    }
    journal.close();

    JsonNode status = status(1);

    assertThat(status.path("waiting").path("ended").asInt()).isEqualTo(5);
    assertThat(status.path("waiting").path("alive").asInt()).isZero();
    assertThat(reason(status, "waiting"))
        .isEqualTo(
            "5 events wait in the journal of a process that has ended; the next command that"
                + " records delivers them");
    assertThat(cli.run("status").out())
        .startsWith("state        unhealthy\nproblem      5 events wait")
        .containsPattern("waiting +5 events in the journal of a process that has ended");
    assertThat(cli.run("log", "verify").ok().out()).containsPattern("journal +unknown +5 events");

    cli.run("check", Cli.bash("ls")).ok();
    assertThat(status(0).path("waiting").path("ended").asInt()).isZero();
    assertThat(status(0).path("refusals").asInt()).isEqualTo(6);
  }

  /** Events of a running process wait while the ledger is locked. */
  @Test
  void eventsOfARunningProcessAreNamed() throws Exception {
    try (Indelible log = Indelible.open(cli.data());
        Connection lock =
            DriverManager.getConnection("jdbc:sqlite:" + cli.data().resolve("indelible.db"));
        Statement statement = lock.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      for (int i = 0; i < 5; i++) {
        log.gate().check("agent:alice", new Bash("rm -rf /"));
      }

      await().until(() -> cli.run("status").exit() == 1);
      JsonNode status = status(1);
      assertThat(status.path("waiting").path("alive").asInt()).isEqualTo(5);
      assertThat(reason(status, "waiting"))
          .startsWith("5 events wait in the journal of a running process");
      await().until(() -> log.health().entry("recording").isPresent());
      assertThat(log.health().entry("waiting")).isPresent();
      statement.execute("ROLLBACK");
      assertThat(log.queue().drainPending(Duration.ofMinutes(1))).isTrue();
      assertThat(log.health()).isEqualTo(AuditHealth.RECORDING);
    }
    assertThat(status(0).path("waiting").path("alive").asInt()).isZero();
  }

  /** If the journal cannot be read, the number of waiting events is null (D11). */
  @Test
  void waitingEventsThatCannotBeCountedAreNull() throws Exception {
    Files.writeString(cli.data().resolve("journal/0000/journal.id"), "rubbish");

    JsonNode status = status(1);

    assertThat(status.path("waiting").isNull()).isTrue();
    assertThat(reason(status, "waiting")).startsWith("waiting events cannot be counted: ");
    assertThat(cli.run("status").out()).containsPattern("waiting +\\(unreadable\\)");
  }

  @Test
  void rolledBackDatabaseIsReported() throws Exception {
    Path database = cli.data().resolve("indelible.db");
    Path old = Files.copy(database, directory.resolve("old.db"));
    cli.run("check", Cli.bash("ls")).ok();
    Files.copy(old, database, StandardCopyOption.REPLACE_EXISTING);

    assertThat(reason(status(1), "checkpoints"))
        .startsWith("no checkpoint is signed any more: ")
        .contains("last-checkpoint", "restore the database that has them");
  }

  @Test
  void escalationsAreNotRefusals() throws Exception {
    Files.writeString(
        cli.data().resolve("policy/rules.yaml"),
        """
        version: 1
        rules:
          - id: R900
            severity: escalate
            reason: a person decides
            match:
              kind: bash
              command_substring: deploy
        """);
    Result escalated = cli.run("check", Cli.bash("deploy now"));
    assertThat(escalated.exit()).as(escalated.toString()).isEqualTo(4);

    JsonNode status = status(0);
    assertThat(status.path("refusals").asInt()).isEqualTo(1);
    assertThat(status.path("escalations").asInt()).isEqualTo(1);
    assertThat(status.path("blocked").asInt()).isEqualTo(2);
    assertThat(cli.run("log", "list").ok().out()).contains("escalate");
  }

  private static String reason(JsonNode status, String source) {
    for (JsonNode entry : status.path("health")) {
      if (entry.path("source").asString().equals(source)) {
        return entry.path("reason").asString();
      }
    }
    throw new AssertionError(status.toString());
  }

  private JsonNode status(int exit) {
    Result result = cli.run("status", "--output", "json");
    assertThat(result.err()).isEmpty();
    assertThat(result.exit()).isEqualTo(exit);
    return result.json();
  }

  private static JsonNode dlqSize(JsonNode status) {
    return status.path("approval").path("deferred_audit_dlq_size");
  }
}
