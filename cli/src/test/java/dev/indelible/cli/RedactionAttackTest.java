// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Attempts to have the log keep or show a secret. They were listed from the documentation alone.
 * After each, the secret is in no file of the data directory and in no output.
 */
@Timeout(180)
@DisabledOnOs(OS.WINDOWS)
@Tag("any-jdk")
class RedactionAttackTest {
  /** In two parts, because it looks like a token of GitHub. */
  private static final String SECRET = "ghp_" + "Zk3n8Qw7Lr2Xv9Bt4Mj6Hd5Fy1Pc0Gs8Na3U";

  @TempDir Path directory;
  private Cli cli;
  private final List<String> outputs = new ArrayList<>();
  private @Nullable DaemonProcess daemon;

  @BeforeEach
  void newLog() {
    cli = new Cli(directory.resolve("data"));
  }

  @AfterEach
  void stopDaemon() throws Exception {
    if (daemon != null) {
      daemon.stop();
    }
  }

  private Result run(String... args) {
    return kept(cli.run(args));
  }

  private Result runOn(String input, String... args) {
    return kept(cli.runOn(input, args));
  }

  private Result kept(Result result) {
    outputs.add(result.out());
    outputs.add(result.err());
    return result;
  }

  /** Asserts that the secret is in no output and in no file, and that the log is intact. */
  private void assertNowhere() throws IOException {
    assertThat(outputs).noneMatch(output -> output.contains(SECRET));
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
            .as(file.toString())
            .matches(text -> !text.contains(SECRET), "has no secret");
      }
    }
    Result verified = cli.run("log", "verify");
    assertThat(verified.exit()).as(verified.out()).isZero();
  }

  private JsonNode payload() {
    return cli.rows().get(0).path("payload");
  }

  private record Place(String sentence, String action) {
    @Override
    public String toString() {
      return sentence;
    }
  }

  static List<Place> places() {
    return List.of(
        new Place("a refused command", Cli.bash("rm -rf / # " + SECRET)),
        new Place("an escalated command", Cli.bash("$(cat x) " + SECRET)),
        new Place(
            "an Authorization header",
            Cli.bash("curl -H 'Authorization: token " + SECRET + "' https://a.example")),
        new Place(
            "the password of a URL", Cli.bash("git clone https://me:" + SECRET + "@a.example/x")),
        new Place("the user of a URL", Cli.bash("git clone https://" + SECRET + "@a.example/x")),
        new Place("a query parameter", Cli.bash("curl https://a.example/?access_token=" + SECRET)),
        new Place("a deleted path", Cli.bash("rm -rf /srv/" + SECRET)),
        new Place(
            "two halves in quotes",
            Cli.bash("echo '" + SECRET.substring(0, 9) + "''" + SECRET.substring(9) + "'")),
        new Place("a here-document", Cli.bash("cat > .env <<E\\nTOKEN=" + SECRET + "\\nE")),
        new Place("a comment of SQL", Cli.bash("psql -c 'select 1 -- " + SECRET + "'")),
        new Place(
            "the working directory",
            "{\"kind\":\"bash\",\"command\":\"ls\",\"cwd\":\"/srv/" + SECRET + "\"}"),
        new Place(
            "the home directory",
            "{\"kind\":\"bash\",\"command\":\"ls\",\"home\":\"/srv/" + SECRET + "\"}"),
        new Place(
            "a written path", "{\"kind\":\"filesystem_write\",\"path\":\"/srv/" + SECRET + "\"}"),
        new Place("a host", "{\"kind\":\"network_request\",\"host\":\"" + SECRET + ".example\"}"),
        new Place(
            "a started program",
            "{\"kind\":\"process_spawn\",\"binary\":\"/srv/" + SECRET + "\",\"args\":[]}"),
        new Place(
            "an argument of a program",
            "{\"kind\":\"process_spawn\",\"binary\":\"git\",\"args\":[\"push\",\""
                + SECRET
                + "\"]}"),
        new Place(
            "a nested argument of a tool",
            "{\"kind\":\"tool_call\",\"tool\":\"t\",\"arguments\":{\"a\":[{\"b\":\""
                + SECRET
                + "\"}]}}"),
        new Place(
            "a member's name",
            "{\"kind\":\"tool_call\",\"tool\":\"t\",\"arguments\":{\"" + SECRET + "\":1}}"),
        new Place(
            "a tool's name",
            "{\"kind\":\"tool_call\",\"tool\":\"" + SECRET + "\",\"arguments\":{}}"),
        new Place(
            "a custom kind",
            "{\"kind\":\"custom\",\"custom_kind\":\"" + SECRET + "\",\"payload\":{}}"),
        new Place(
            "a custom payload",
            "{\"kind\":\"custom\",\"custom_kind\":\"x\",\"payload\":{\"a\":\"" + SECRET + "\"}}"),
        new Place(
            "a read surface",
            "{\"kind\":\"read\",\"surface\":\"" + SECRET + "\",\"namespace\":\"n\"}"),
        new Place(
            "escapes of JSON",
            "{\"kind\":\"bash\",\"command\":\"echo \\u0067\\u0068p_"
                + SECRET.substring(4)
                + "\"}"));
  }

  @ParameterizedTest(name = "a secret in {0} is kept nowhere")
  @MethodSource("places")
  void secretIsKeptNowhere(Place place) throws Exception {
    run("check", "--dry-run", "--explain", place.action);
    run("check", "--explain", place.action);
    runOn(Cli.line("agent:a", place.action), "gate");

    run("log", "list", "--output", "json");
    run("log", "stats");
    run("status");
    run("policy", "replay");
    assertThat(run("log", "export", directory.resolve("public").toString()).exit()).isZero();
    assertNowhere();
  }

  @ParameterizedTest(name = "input that cannot be read is recorded by its digest: {0}")
  @ValueSource(
      strings = {
        "{\"kind\":\"bash\",\"command\":\"%s\"",
        "{\"kind\":\"%s\"}",
        "{\"kind\":\"bash\",\"command\":\"ls\",\"%s\":1}",
        "{\"kind\":\"bash\",\"command\":\"ls\",\"cwd\":{\"%s\":1}}",
        "{\"kind\":\"bash\",\"command\":[\"%s\"]}",
        "{\"kind\":\"bash\",\"command\":\"a\",\"command\":\"%s\"}",
        "[\"%s\"]",
        "\"%s\""
      })
  void unreadableInputIsNotQuoted(String input) throws Exception {
    String text = input.formatted(SECRET);
    run("check", text);
    run("--verbose", "check", text);
    runOn(text + "\n", "gate");
    runOn("{\"agent_id\":\"agent:a\",\"action\":" + text + "}\n", "gate");
    for (String agent : List.of("claude-code", "codex", "cursor", "gemini", "copilot")) {
      runOn(text, "hook", agent);
    }
    assertNowhere();
  }

  @ParameterizedTest(name = "the answer of the hook of {0} has no secret")
  @ValueSource(strings = {"claude-code", "codex"})
  void hookAnswersWithoutTheSecret(String agent) throws Exception {
    String event =
        "{\"session_id\":\"s\",\"cwd\":\"/srv\",\"hook_event_name\":\"PreToolUse\",\"tool_name\":"
            + "\"Bash\",\"tool_input\":{\"command\":\"rm -rf / # %s\"}}";

    assertThat(runOn(event.formatted(SECRET), "hook", agent).out()).contains("deny");

    assertNowhere();
  }

  @Test
  @DisplayName("no answer of the daemon has the secret, and neither has what it prints")
  void daemonAnswersWithoutTheSecret() throws Exception {
    String admin = run("serve", "--init", "--output", "json").json().path("key").asString();
    daemon = new DaemonProcess(cli);
    String action = Cli.bash("rm -rf / # " + SECRET);
    String tool =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"%s\","
            + "\"arguments\":{\"agent_id\":\"agent:a\",\"action\":%s}}}";
    String authzen =
        "{\"subject\":{\"type\":\"agent\",\"id\":\"agent:a\"},\"action\":{\"name\":\"bash\"},"
            + "\"resource\":{\"type\":\"command\",\"id\":\"rm -rf / # %s\"}}";
    for (HttpResponse<String> answer :
        List.of(
            daemon.post("/v1/check", "", Cli.line("agent:a", action)),
            daemon.post("/v1/checks", "", "{\"checks\":[" + Cli.line("agent:a", action) + "]}"),
            daemon.post("/v1/check", "", "{\"agent_id\":\"agent:a\",\"" + SECRET + "\":1}"),
            daemon.post(
                "/v1/check", "", "{\"agent_id\":\"agent:a\",\"action\":{\"kind\":\"" + SECRET),
            daemon.post("/v1/hooks/claude-code", "", "{\"" + SECRET + "\":"),
            daemon.post("/access/v1/evaluation", "", authzen.formatted(SECRET)),
            daemon.post("/mcp", "", tool.formatted("gate_check", action)),
            daemon.post("/mcp", "", tool.formatted("gate_explain", action)),
            daemon.post("/mcp", "", tool.formatted(SECRET, action)),
            daemon.get("/v1/events?limit=100", admin),
            daemon.get("/v1/stats", admin),
            daemon.get("/v1/dlq", admin),
            daemon.get("/v1/status", admin),
            daemon.get("/metrics", ""),
            daemon.get("/health/audit", ""))) {
      outputs.add(answer.body());
    }
    daemon.stop();
    outputs.add(daemon.printed());
    daemon = null;
    assertThat(cli.rows()).hasSizeGreaterThan(4);
    assertNowhere();
  }

  @Test
  @DisplayName("a receipt and the view of an approver have no secret")
  void receiptHasNoSecret() throws Exception {
    Files.createDirectories(cli.data().resolve("policy"));
    Files.writeString(
        cli.data().resolve("policy/rules.yaml"),
        "version: 1\n"
            + "rules: [{id: ask, severity: escalate, reason: waits, when: {command: make}}]\n");
    String id =
        run("check", "--output", "json", Cli.bash("make deploy TOKEN=" + SECRET))
            .json()
            .path("id")
            .asString();
    run("approvals", "list");
    assertThat(run("approvals", "show", id).out()).contains("make deploy");
    run("log", "show", id);
    run("log", "export", directory.resolve("public").toString()).ok();
    kept(
        cli.run(
            "log", "prove", id, "--payload", "--out", directory.resolve("event.proof").toString()));
    assertNowhere();
  }

  @Test
  @DisplayName("a marker that looks like a redaction is itself redacted, and is listed so")
  void typedMarkerIsRedacted() throws Exception {
    run("check", Cli.bash("echo " + SECRET));
    String marker = payload().at("/action/command").asString().substring("echo ".length());
    assertThat(marker).startsWith("REDACTED-");

    for (String action :
        List.of(
            Cli.bash("ls " + marker),
            "{\"kind\":\"tool_call\",\"tool\":\"t\",\"arguments\":{\"" + marker + "\":1}}",
            "{\"kind\":\"tool_call\",\"tool\":\"t\",\"arguments\":{\"a\":\"" + marker + "\"}}")) {
      run("check", action);
      JsonNode payload = cli.rows().get(cli.rows().size() - 1).path("payload");
      assertThat(payload.path("action").toString()).doesNotContain(marker).contains("REDACTED-");
      assertThat(payload.path("redactions").toString()).contains("\"detector\":\"marker\"");
    }
    assertNowhere();
  }

  @Test
  @DisplayName("a list of redactions that the agent writes is not taken for the gate's")
  void typedListIsData() throws Exception {
    String list =
        "[{\"detector\":\"jwt\",\"digest\":\"00\",\"length\":3,\"path\":\"/action/command\"}]";

    Result refused =
        run("check", "{\"kind\":\"bash\",\"command\":\"ls\",\"redactions\":" + list + "}");

    assertThat(refused.exit()).isNotZero();
    run(
        "check",
        "{\"kind\":\"tool_call\",\"tool\":\"t\",\"arguments\":{\"redactions\":" + list + "}}");
    assertThat(cli.rows()).noneMatch(row -> row.path("payload").has("redactions"));
    assertNowhere();
  }

  @Test
  @DisplayName(
      "a secret split over two fields: the beginning is marked, and no text joins the parts")
  void splitSecretIsDecided() {
    String args = "[\"-c\",\"rm -rf / #\",\"%s\",\"%s\"]";
    String action =
        "{\"kind\":\"process_spawn\",\"binary\":\"sh\",\"args\":%s}"
            .formatted(args.formatted(SECRET.substring(0, 24), SECRET.substring(24)));

    assertThat(run("check", "--explain", action).exit()).isEqualTo(3);

    assertThat(payload().path("redactions").toString()).contains("begun_token");
    assertThat(outputs).noneMatch(output -> output.contains(SECRET));
    assertThat(cli.rows()).noneMatch(row -> row.toString().contains(SECRET));
    assertThat(run("log", "verify").exit()).isZero();
  }

  @Test
  @DisplayName("a secret in base64 is not decoded into the record or the answer")
  void encodedSecretIsNotDecoded() throws Exception {
    String encoded =
        Base64.getEncoder().encodeToString(("echo " + SECRET).getBytes(StandardCharsets.UTF_8));
    for (String command :
        List.of("echo %s | base64 -d", "echo %s | base64 -d | sh", "eval $(echo %s | base64 -d)")) {
      run("check", "--explain", Cli.bash(command.formatted(encoded)));
    }
    assertNowhere();
  }

  @Test
  @DisplayName("a pattern that backtracks elsewhere takes linear time")
  void patternDoesNotBacktrack() throws Exception {
    cli.run("status");
    Files.createDirectories(cli.data());
    Files.writeString(
        cli.data().resolve("redaction.yaml"),
        "version: 1\ndetectors:\n  - {id: slow, pattern: \"(a+)+$\"}\n"
            + "  - {id: slower, pattern: \"(x+x+)+y\"}\n");

    Result decided =
        runOn(
            Cli.bash("ls " + "a".repeat(50_000) + "b " + "x".repeat(50_000)),
            "check",
            "--output",
            "json");

    assertThat(decided.exit()).as(decided.err()).isIn(0, 4);
    assertThat(cli.rows()).hasSizeGreaterThanOrEqualTo(1);
    assertNowhere();
  }

  @ParameterizedTest(name = "a pattern that needs backtracking does not load: {0}")
  @ValueSource(strings = {"(a)\\\\1", "(?=a)b", "(?<!a)b", "(", "a{5000}"})
  void backtrackingPatternIsRefused(String pattern) throws Exception {
    run("check", Cli.bash("ls"));
    Files.writeString(
        cli.data().resolve("redaction.yaml"),
        "version: 1\ndetectors:\n  - id: slow\n    pattern: \"" + pattern + "\"\n");

    assertThat(run("check", Cli.bash("ls")).complaint(2))
        .contains("redaction.yaml, line 4, column 5");

    Files.delete(cli.data().resolve("redaction.yaml"));
    assertNowhere();
  }

  @Test
  @DisplayName("redaction switched off is on record before the first decision without it")
  void switchedOffRedactionIsOnRecord() throws Exception {
    run("check", Cli.bash("ls")).ok();
    Files.writeString(cli.data().resolve("redaction.yaml"), "version: 1\nenabled: false\n");
    run("check", Cli.bash("pwd")).ok();

    List<String> types = cli.rows().stream().map(row -> row.path("event_type").asString()).toList();
    assertThat(types).hasSize(3).element(1).isEqualTo("redaction.settings");
    assertThat(cli.rows().get(1).toString()).contains("off");
    assertNowhere();
  }

  @Test
  @DisplayName("a redaction key that others can read is refused")
  void exposedKeyIsRefused() throws Exception {
    run("check", Cli.bash("ls")).ok();
    Path key = cli.data().resolve("keys/redaction.key");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));

    assertThat(run("check", Cli.bash("echo " + SECRET)).complaint(2)).contains("redaction.key");

    assertNowhere();
  }

  @Test
  @DisplayName("too much to redact leaves a stub and the decision")
  void hugeActionLeavesAStub() throws Exception {
    assertThat(
            runOn(Cli.bash("rm -rf / # " + (SECRET + " ").repeat(1_001)), "check", "--explain")
                .exit())
        .isEqualTo(3);
    assertThat(payload().toString()).contains("redaction_failed");
    runOn(Cli.bash("rm -rf / # " + SECRET + " " + "x".repeat(5 << 20)), "check", "--explain");
    assertNowhere();
  }

  @Test
  @DisplayName(
      "an agent whose id or session is a secret is refused or redacted, and still on record")
  void secretIdIsRefused() throws Exception {
    String admin = run("serve", "--init", "--output", "json").json().path("key").asString();

    Result refused = run("check", "--agent", "agent:" + SECRET, Cli.bash("ls"));

    assertThat(refused.exit()).isEqualTo(3);
    assertThat(refused.out()).contains("indelible.agent_id");
    daemon = new DaemonProcess(cli);
    String asked = "{\"agent_id\":\"agent:a\",\"session\":\"%s\",\"action\":%s}";
    outputs.add(daemon.post("/v1/check", "", asked.formatted(SECRET, Cli.bash("ls"))).body());
    outputs.add(daemon.get("/v1/events?session=" + SECRET, admin).body());
    outputs.add(daemon.get("/v1/events", admin).body());
    daemon.stop();
    daemon = null;
    assertThat(cli.rows())
        .extracting(row -> row.path("agent_id").asString())
        .anyMatch(id -> id.startsWith("agent:REDACTED-"))
        .contains("agent:a");
    assertNowhere();
  }

  @Test
  @DisplayName("equal secrets of two logs have different digests")
  void digestsOfTwoLogsDiffer() {
    Cli other = new Cli(directory.resolve("other"));
    for (Cli log : List.of(cli, other)) {
      log.run("check", Cli.bash("echo " + SECRET)).ok();
    }
    assertThat(payload().at("/redactions/0/digest").asString())
        .hasSize(32)
        .isNotEqualTo(other.rows().get(0).at("/payload/redactions/0/digest").asString());
  }
}
