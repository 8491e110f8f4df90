// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import dev.indelible.postgres.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/**
 * The verbs with their ledger in PostgreSQL. Where the tests of a verb look at no file of SQLite,
 * they run once more here.
 */
@Tag("any-jdk")
@ExtendWith(VerbsOnPostgresTest.OnServer.class)
class VerbsOnPostgresTest {
  /** Gives each data directory a ledger on the shared server. */
  static final class OnServer implements BeforeAllCallback, AfterAllCallback {
    @Override
    public void beforeAll(ExtensionContext context) {
      Cli.recordOn(TestServer.shared());
    }

    @Override
    public void afterAll(ExtensionContext context) {
      Cli.recordOn(null);
    }
  }

  @Nested
  class Approvals extends ApprovalsCommandTest {}

  @Nested
  class Serve extends ServeTest {}

  @Nested
  class Witness extends WitnessCommandTest {}

  /** One log, and what each verb does with it. */
  @Nested
  class OneLog {
    @TempDir Path temp;

    private Cli cli() {
      Cli cli = new Cli(temp.resolve("data"));
      cli.runOn(
              Cli.line("agent:alice", Cli.bash("rm -rf /"))
                  + Cli.line("agent:bob", Cli.bash("rm -rf /home"))
                  + Cli.line("agent:bob", Cli.bash("ls")),
              "gate")
          .ok();
      return cli;
    }

    private static String refused(Cli cli) {
      return cli.rows().get(0).path("id").asString();
    }

    @Test
    void rowsAreListedFoundAndCounted() {
      Cli cli = cli();
      assertThat(cli.run("log", "list", "--agent", "agent:bob").ok().out().lines()).hasSize(3);
      assertThat(cli.run("log", "list", "--rule", "delete-system").ok().out().lines()).hasSize(3);
      assertThat(cli.run("log", "list", "--last", "1").ok().out()).contains("audit.tally");
      JsonNode status = cli.run("status", "--output", "json").ok().json();
      assertThat(status.path("rows").asInt()).isEqualTo(5);
      assertThat(status.path("refusals").asInt()).isEqualTo(2);
      assertThat(status.path("index").path("indexed").asInt()).isEqualTo(5);
      assertThat(status.path("state").asString()).isEqualTo("ok");
    }

    @Test
    void exportAndProofVerifyWithoutTheServer() {
      Cli cli = cli();
      String origin =
          cli.run("status", "--output", "json").json().path("checkpoint").path("origin").asString();
      String vkey =
          cli.run("keys", "export", "--format", "vkey", "--name", origin).ok().out().strip();
      Path files = temp.resolve("files");
      cli.run("log", "export", files.toString()).ok();
      assertThat(
              Cli.runWithoutData("log", "verify", "--export", files.toString(), "--key", vkey)
                  .exit())
          .isZero();
      Path receipt = temp.resolve("receipt");
      cli.run("log", "prove", refused(cli), "--out", receipt.toString()).ok();
      assertThat(Cli.runWithoutData("proof", "verify", receipt.toString(), "--key", vkey).exit())
          .isZero();
      assertThat(cli.run("log", "export", cli.data().toString()).complaint(2))
          .contains("is a data directory");
    }

    /** The server may keep the bytes, and the message says where. */
    @Test
    void erasedPayloadIsNamedAsPerhapsOnTheServer() {
      Cli cli = cli();
      String id = refused(cli);
      Result erased = cli.run("log", "erase-payload", id, "--reason", "asked to", "--by", "alice");
      assertThat(erased.err())
          .contains("the payload is erased, but the server keeps bytes of it", "VACUUM")
          .doesNotContain("-wal");
      assertThat(erased.exit()).isEqualTo(ExitCode.FAILED);
      assertThat(cli.rows().get(0).path("payload").isNull()).isTrue();
      assertThat(cli.run("log", "verify").exit()).isZero();
      assertThat(cli.run("log", "erase-payload", id, "--reason", "x", "--by", "y").complaint(2))
          .contains("it was erased already");
    }

    @Test
    void rotatedKeySigns() {
      Cli cli = cli();
      cli.run("keys", "rotate").ok();
      cli.run("check", "bash", "ls").ok();
      assertThat(cli.run("log", "verify").exit()).isZero();
      assertThat(cli.run("log", "list", "--type", "key.rotated").ok().out().lines()).hasSize(2);
    }

    @Test
    void deadLetterIsListedReplayedAndPurged() throws Exception {
      Cli cli = cli();
      cli.sql("ALTER TABLE signed_events ADD CONSTRAINT no_eve CHECK (agent_id <> 'agent:eve')");
      cli.runOn(Cli.line("agent:eve", Cli.bash("rm -rf /")).repeat(2), "gate");
      assertThat(cli.run("dlq", "list").ok().out()).contains("agent:eve", "constraint: ");
      assertThat(cli.run("log", "verify").exit()).isNotZero();

      cli.sql("ALTER TABLE signed_events DROP CONSTRAINT no_eve");
      cli.run("dlq", "replay", "1").ok();
      cli.run("dlq", "purge", "2", "--reason", "a copy").ok();
      assertThat(cli.run("log", "list", "--agent", "agent:eve").ok().out().lines()).hasSize(2);
      assertThat(cli.run("log", "verify").exit()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        value = {
          "UPDATE signed_events SET agent_id = 'agent:eve' WHERE sequence = 2 | signature +broken +2",
          "UPDATE signed_events SET payload = '{}' WHERE sequence = 2 | payload +broken +2",
          "DELETE FROM signed_events WHERE sequence = 3 | sequence +broken",
          "DELETE FROM signed_events WHERE sequence = 5 | last_checkpoint +broken",
          "UPDATE indelible_head SET sequence = 4 | storage +broken +indelible_head",
          "ALTER TABLE signed_events DROP CONSTRAINT signed_events_id_key | storage +broken +signed_events",
          "CREATE RULE r AS ON INSERT TO signed_events DO INSTEAD NOTHING | storage +broken +.*rule",
        })
    void tamperingIsReported(String sql, String finding) throws Exception {
      Cli cli = cli();
      cli.sql(sql);
      Result verified = cli.run("log", "verify");
      assertThat(verified.out()).containsPattern(finding);
      assertThat(verified.exit()).isEqualTo(ExitCode.FAILED);
    }

    @Test
    void grantedRightIsNamed() throws Exception {
      Cli cli = cli();
      cli.sql("GRANT UPDATE ON signed_events TO " + TestServer.READER);
      assertThat(cli.run("log", "verify").out())
          .contains("these roles may change or remove rows", TestServer.READER);
    }

    @Test
    void secondGateUsesTheKeysOfTheFirst() throws Exception {
      Cli first = cli();
      Path second = Files.createDirectories(temp.resolve("second"));
      for (String name : List.of("keys", "policy")) {
        copy(first.data().resolve(name), second.resolve(name));
      }
      String url = Files.readString(first.data().resolve("ledger")).strip();
      String[] words = {"--data", second.toString(), "--ledger", url, "check", "bash", "ls"};
      Cli.runWithoutData(words).ok();
      first.run("check", "bash", "ls").ok();
      assertThat(first.run("log", "verify").exit()).isZero();
      assertThat(Cli.runWithoutData("--data", second.toString(), "log", "list").ok().out().lines())
          .hasSize(8);
    }

    private static void copy(Path from, Path to) throws Exception {
      Files.createDirectory(
          to, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      try (var files = Files.list(from)) {
        for (Path file : files.toList()) {
          Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }
}
