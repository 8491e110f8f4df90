// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.cli.Cli.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code indelible status}: D11, truth in status. */
class StatusTest {
  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void anAllowAndARefusal() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
    cli.run("check", Cli.bash("rm -rf /"));
  }

  @Test
  void aHealthyLogSaysSo() {
    JsonNode status = status(0);

    assertThat(status.path("state").asString()).isEqualTo("ok");
    assertThat(status.path("rows").asInt()).isEqualTo(2);
    assertThat(status.path("refusals").asInt()).isEqualTo(1);
    assertThat(status.path("head").path("sequence").asInt()).isEqualTo(2);
    assertThat(status.path("keys").size()).isEqualTo(1);
    assertThat(status.path("problems").size()).isZero();
    assertThat(dlqSize(status).asInt(-1)).isZero();
  }

  @Test
  void theLastTallyIsShown() {
    assertThat(status(0).path("tally").path("sequence").asInt()).isZero();
    assertThat(cli.run("status").ok().out()).containsPattern("last tally +\\(none\\)");

    cli.runOn(Cli.line("agent:a", Cli.bash("ls")).repeat(3), "gate").ok();

    JsonNode tally = status(0).path("tally");
    assertThat(tally.path("sequence").asInt()).isEqualTo(6);
    assertThat(tally.path("attempts").asInt()).isEqualTo(3);
    assertThat(tally.path("pending").asInt()).isZero();
    assertThat(tally.path("closed").asBoolean()).isTrue();
    assertThat(cli.run("status").ok().out()).containsPattern("last tally +row 6: 3 attempts");
  }

  /** Design, "Outer interfaces": a number, or null when it cannot be read. */
  @Test
  void deadLettersThatCannotBeReadAreNullAndNotZero() throws Exception {
    cli.sql("DROP TABLE signed_events_dlq");

    JsonNode status = status(1);

    assertThat(dlqSize(status).isNull()).isTrue();
    assertThat(status.path("state").asString()).isEqualTo("unhealthy");
    assertThat(status.path("rows").asInt()).isEqualTo(2);
  }

  @Test
  void aDatabaseThatCannotBeReadIsUnhealthyAndItsNumbersAreNull() throws Exception {
    Files.writeString(cli.data().resolve("indelible.db"), "notes\n".repeat(1_000));

    JsonNode status = status(1);

    assertThat(dlqSize(status).isNull()).isTrue();
    assertThat(status.path("rows").isNull()).isTrue();
    assertThat(status.path("refusals").isNull()).isTrue();
    assertThat(status.path("head").isNull()).isTrue();
    assertThat(status.path("problems").toString()).contains("not an SQLite database");
  }

  @Test
  void whatCannotBeReadIsSaidInTextToo() throws Exception {
    cli.sql("DROP TABLE signed_events_dlq");

    Result result = cli.run("status");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out()).containsPattern("dead letters +\\(unreadable\\)");
    assertThat(result.out()).containsPattern("problem +dead letters cannot be read: ");
  }

  /** D11: a chain that cannot be read is not an empty one. */
  @Test
  void aHeadThatCannotBeReadIsNotCalledEmpty() throws Exception {
    Files.writeString(cli.data().resolve("indelible.db"), "notes\n".repeat(1_000));

    assertThat(cli.run("status").out())
        .containsPattern("head +\\(unreadable\\)")
        .doesNotContain("(empty)");
  }

  @Test
  void deadLettersThatWaitAreUnhealthy() throws Exception {
    cli.sql(
        "INSERT INTO signed_events_dlq (id, agent_id, event_type, payload_hash, timestamp,"
            + " payload, failure_reason, failed_at, attempts)"
            + " VALUES ('i', 'a', 't', x'00', 'now', '{}', 'poison', 'now', 5)");

    JsonNode status = status(1);

    assertThat(dlqSize(status).asInt()).isEqualTo(1);
    assertThat(status.path("problems").toString()).contains("1 dead letters wait");
    assertThat(
            cli.run("dlq", "list", "--output", "json")
                .ok()
                .json()
                .path("failure_reason")
                .asString())
        .isEqualTo("poison");
  }

  /** Acceptance 21: what was planted at the head is noted by the next writer, and shown. */
  @Test
  void aTamperedChainSaysSo() throws Exception {
    cli.sql("UPDATE signed_events SET agent_id = 'someone else' WHERE sequence = 2");
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
  void aMissingKeyIsUnhealthy() throws Exception {
    Files.delete(cli.data().resolve("keys/audit.pem"));

    JsonNode status = status(1);

    assertThat(status.path("problems").toString()).contains("keys: there is no signing key");
    // D11: keys that are not usable are not none.
    assertThat(status.path("keys").isNull()).isTrue();
  }

  /** Looking changes nothing. */
  @Test
  void statusMakesNoKeyAndNoRow() throws Exception {
    Files.delete(cli.data().resolve("keys/audit.pem"));

    status(1);

    assertThat(cli.data().resolve("keys/audit.pem")).doesNotExist();
    cli.assertIntact(2);
  }

  /** D11: signed and unsigned are told apart. */
  @Test
  void rowsThatAreUnsignedAreSaidToBe() throws Exception {
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

  /** A note that nobody with a key wrote excuses nothing. */
  @Test
  void aPlantedNoteDoesNotSayThatRowsAreUnsigned() throws Exception {
    try (Indelible unsigned = Indelible.builder(cli.data()).rowSignatures(false).open()) {
      unsigned.gate().check("agent:alice", new Bash("ls"));
    }
    cli.sql(
        "UPDATE signed_events SET signature = zeroblob(64)"
            + " WHERE event_type = 'audit.row_signatures'");

    assertThat(status(0).path("row_signatures").asString()).isEqualTo("on");
  }

  @Test
  void whereItCannotBeToldWhetherRowsAreSignedThatIsTheAnswer() throws Exception {
    Path database = cli.data().resolve("indelible.db");
    Files.move(database, directory.resolve("aside"));
    Files.writeString(database, "notes\n".repeat(1_000));

    assertThat(status(1).path("row_signatures").asString()).isEqualTo("unknown");
    assertThat(cli.run("status").out()).containsPattern("signatures +\\(unknown\\)");
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
