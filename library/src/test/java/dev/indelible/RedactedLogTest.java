// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.ToolCall;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonValue;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowQuery;
import dev.indelible.policy.Agent;
import dev.indelible.sqlite.SqliteLedger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** No secret of an action reaches a file of the log. */
class RedactedLogTest {
  /** Part of every secret in this test. */
  private static final String MARK = "Zq7xKv9";

  private static final String TOKEN = "ghp_" + MARK + "0aB".repeat(10);
  private static final String PASSWORD = MARK + "hunter";
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path root;
  private Path data;

  @BeforeEach
  void writeRules() throws IOException {
    data = root.resolve("data");
    Files.createDirectories(data.resolve("policy"));
    Files.writeString(
        data.resolve("policy/rules.yaml"),
        """
        version: 1
        rules:
          - id: no-curl
            severity: refuse
            reason: "no curl: {command}, {fact}"
            when: {contacts: any}
          - id: no-tool
            severity: escalate
            reason: a person decides about this
            when: {tool: "*"}
        """);
  }

  private static List<AgentAction> actions() throws Exception {
    return List.of(
        new Bash("curl -u alice:" + PASSWORD + " https://a.example/?k=" + TOKEN),
        new Bash("curl -H 'Authorization: Bearer " + TOKEN + "' https://a.example/"),
        new Bash("curl https://bob:" + PASSWORD + "@a.example/x && DB_PASSWORD=" + PASSWORD),
        new Bash("echo ghp_" + "'" + TOKEN.substring(4) + "'"),
        new Bash("cat > .env <<EOF\nAPI_TOKEN=" + PASSWORD + "\nEOF"),
        new ProcessSpawn("mysql", List.of("-p" + PASSWORD, "--token", PASSWORD)),
        new ToolCall(
            "mcp__a__b",
            JsonValue.parse("{\"password\":\"" + PASSWORD + "\",\"x\":[\"" + TOKEN + "\"]}")),
        new Custom("k", JsonValue.parse("{\"text\":\"key " + TOKEN + "\"}")));
  }

  @Test
  void noFileHasASecret() throws Exception {
    try (Indelible log = Indelible.open(data)) {
      log.gate().check("agent:a", new Bash("ls"));
      assertThat(log.queue().drainPending(LIMIT)).isTrue();
      // The rows of this agent become dead letters.
      sql(
          "CREATE TRIGGER refuse BEFORE INSERT ON signed_events WHEN NEW.agent_id = 'agent:dead'"
              + " BEGIN SELECT RAISE(ABORT, 'refused'); END");
      for (AgentAction action : actions()) {
        assertThat(log.gate().record("agent:a", action).toString()).doesNotContain(MARK);
        assertThat(log.gate().explain(Agent.claimed("a"), action).toString()).doesNotContain(MARK);
        assertThat(log.gate().preActionHook().beforeAction("agent:a", action).toString())
            .doesNotContain(MARK);
        log.gate().check("agent:dead", action);
        requireNoSecret(data);
      }
      assertThat(log.queue().drainPending(LIMIT)).isTrue();
      assertThat(log.metrics().dlqLanded()).isEqualTo(actions().size());
      sql("DROP TRIGGER refuse");
      requireNoSecret(root);
    }
    new AuditLog(data).export(root.resolve("export"), done -> {});
    requireNoSecret(root);
    Chain.readIntact(data);
    List<JsonNode> payloads = payloads("governance.refusal");
    assertThat(payloads).isNotEmpty();
    assertThat(payloads)
        .filteredOn(
            payload -> payload.path("decision").path("rule_id").asString("").equals("no-curl"))
        .allSatisfy(
            payload -> {
              assertThat(payload.path("v").asInt()).isEqualTo(2);
              assertThat(payload.path("redactions").size()).isPositive();
              // Facts are drawn before the redaction.
              assertThat(payload.path("facts").toString()).contains("contacts a.example");
            });
  }

  @Test
  void equalSecretsAreRecognisableUntilTheKeyIsLost() throws Exception {
    Bash action = new Bash("echo " + TOKEN);
    record(action);
    record(action);
    Path key = data.resolve("keys/redaction.key");
    Files.delete(key);
    record(action);

    List<String> digests =
        payloads("governance.check").stream()
            .map(payload -> payload.path("redactions").path(0).path("digest").asString())
            .toList();
    assertThat(digests.get(0)).hasSize(32).isEqualTo(digests.get(1)).isNotEqualTo(digests.get(2));
    assertThat(key).exists();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void keyIsReadableByItsOwnerOnly() throws Exception {
    record(new Bash("ls"));
    Path key = data.resolve("keys/redaction.key");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
        .isEqualTo("rw-------");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatExceptionOfType(OpenException.class)
        .isThrownBy(() -> Indelible.open(data))
        .withMessageContaining("redaction.key: others can reach this key");
    Files.delete(key);
    Files.writeString(key, "not hex");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    assertThatExceptionOfType(OpenException.class)
        .isThrownBy(() -> Indelible.open(data))
        .withMessageContaining("is not 32 bytes in hex");
  }

  @Test
  void changedSettingsAreOnRecordBeforeTheirDecisions() throws Exception {
    Bash action = new Bash("echo " + TOKEN);
    record(action);
    assertThat(payloads(SystemEvent.REDACTION_SETTINGS)).as("the defaults").isEmpty();

    Path file = data.resolve("redaction.yaml");
    Files.writeString(file, "version: 1\nenabled: false\n");
    record(action);
    record(action);
    Files.delete(file);
    record(action);

    assertThat(payloads(SystemEvent.REDACTION_SETTINGS))
        .extracting(payload -> payload.path("details").path("redaction").asString())
        .containsExactly("off", "on");
    assertThat(payloads("governance.check"))
        .extracting(payload -> payload.path("action").toString().contains(TOKEN))
        .containsExactly(false, true, true, false);
  }

  @Test
  void mistakeInTheFileKeepsTheLogClosed() throws Exception {
    record(new Bash("ls"));
    Files.writeString(data.resolve("redaction.yaml"), "version: 1\nenabld: false\n");
    assertThatExceptionOfType(OpenException.class)
        .isThrownBy(() -> Indelible.open(data))
        .withMessageContaining("redaction.yaml, line 2, column 1: unknown key \"enabld\"");
  }

  private void record(AgentAction action) throws Exception {
    try (Indelible log = Indelible.open(data)) {
      log.gate().check("agent:a", action);
    }
  }

  private List<JsonNode> payloads(String type) throws Exception {
    List<JsonNode> payloads = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(new DataDirectory(data).database())) {
      for (ChainRow row : rows(ledger, type)) {
        payloads.add(CanonicalJson.read(row.payload().orElseThrow()));
      }
    }
    return payloads;
  }

  private static List<ChainRow> rows(SqliteLedger ledger, String type) throws Exception {
    List<ChainRow> rows = new ArrayList<>();
    ledger.forEachRow(RowQuery.ofType(type), rows::add);
    return rows;
  }

  /** Searches all bytes of all files. While a log is open, SQLite creates and deletes files. */
  private static void requireNoSecret(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            try {
              String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
              assertThat(bytes.contains(MARK)).as("%s has a secret", file).isFalse();
              return FileVisitResult.CONTINUE;
            } catch (NoSuchFileException e) {
              return visitFileFailed(file, e);
            }
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            return e instanceof NoSuchFileException
                ? FileVisitResult.CONTINUE
                : super.visitFileFailed(file, e);
          }
        });
  }

  private void sql(String statement) throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + data.resolve("indelible.db"));
        Statement sql = connection.createStatement()) {
      sql.execute("PRAGMA busy_timeout = 30000");
      sql.execute(statement);
    }
  }
}
