// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * The hook of Claude Code, with the types of the Claude Agent SDK 0.3.332 (Claude Code 2.1.332).
 */
class HookClaudeCodeTest {
  /** An event as the client sends it, with every possible member. */
  private static final String EVENT =
      """
      {"session_id":"abc123","prompt_id":"550e8400-e29b-41d4-a716-446655440000",\
      "transcript_path":"/home/dev/.claude/t.jsonl","cwd":"/home/dev/project",\
      "permission_mode":"default","agent_id":"sub-1","agent_type":"general-purpose",\
      "effort":{"level":"high"},"hook_event_name":"%s","tool_name":"Bash",\
      "tool_input":{"command":"%s","description":"x","timeout":120000,"run_in_background":false},\
      "tool_use_id":"toolu_01"%s}
      """;

  private static final String SKILL =
      ",\"command_name\":\"deploy\",\"command_source\":\"project\",\"invoked_by\":\"claude\"";

  private static final String RULES =
      """
      version: 1
      rules:
        - id: no-rm
          match: { kind: bash, command_substring: "rm -rf" }
          severity: refuse
          reason: no recursive delete
        - id: ask-push
          match: { kind: bash, command_substring: "git push" }
          severity: escalate
          reason: a person looks at pushes
        - id: warn-curl
          match: { kind: bash, command_substring: "curl" }
          severity: warn
          reason: check where this goes
      """;

  @TempDir Path temp;
  private Cli cli;

  @BeforeEach
  void rules() throws Exception {
    cli = new Cli(temp.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
    try (var files = Files.list(cli.data().resolve("policy"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.writeString(cli.data().resolve("policy/rules.yaml"), RULES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PreToolUse", "PreSkillShellCommand"})
  void allowedActionGetsNoOpinion(String name) {
    Result result = cli.runOn(event(name, "ls"), "hook", "claude-code").ok();

    assertThat(result.out()).isEmpty();
    assertThat(cli.rows()).hasSize(2);
    JsonNode row = cli.rows().get(1);
    assertThat(row.path("payload").path("agent_id").asString()).isEqualTo("claude:abc123");
    assertThat(
            cli
                .run("log", "list", "--session", "abc123", "--output", "json")
                .ok()
                .jsonLines()
                .stream()
                .map(each -> each.path("id").asString()))
        .containsExactly(row.path("id").asString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"PreToolUse", "PreSkillShellCommand"})
  void refusedActionIsDeniedWithTheReason(String name) {
    Result result = cli.runOn(event(name, "rm -rf /"), "hook", "claude-code").ok();

    JsonNode answer = requireValid(result.json(), name).path("hookSpecificOutput");
    String id = cli.rows().get(1).path("id").asString();
    assertThat(answer.path("permissionDecision").asString()).isEqualTo("deny");
    assertThat(answer.path("permissionDecisionReason").asString())
        .isEqualTo("refused by rule no-rm: no recursive delete (recorded as " + id + ")");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PreToolUse", "PreSkillShellCommand"})
  void actionThatNeedsApprovalIsDenied(String name) {
    Result result = cli.runOn(event(name, "git push"), "hook", "claude-code").ok();

    JsonNode answer = requireValid(result.json(), name).path("hookSpecificOutput");
    assertThat(answer.path("permissionDecision").asString()).isEqualTo("deny");
    assertThat(answer.path("permissionDecisionReason").asString())
        .startsWith("a person must approve this; stopped by rule ask-push: a person looks at");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PreToolUse", "PreSkillShellCommand"})
  void warningReachesTheUser(String name) {
    Result result = cli.runOn(event(name, "curl x"), "hook", "claude-code").ok();

    JsonNode answer = requireValid(result.json(), name);
    assertThat(answer.path("systemMessage").asString())
        .startsWith("warning by rule warn-curl: check where this goes (recorded as ");
    assertThat(answer.path("hookSpecificOutput").has("permissionDecision")).isFalse();
  }

  @Test
  void longReasonIsCut() throws Exception {
    Files.writeString(
        cli.data().resolve("policy/rules.yaml"),
        RULES.replace("no recursive delete", "no ".repeat(5_000)));

    Result result = cli.runOn(event("PreToolUse", "rm -rf /"), "hook", "claude-code").ok();

    String reason =
        result.json().path("hookSpecificOutput").path("permissionDecisionReason").asString();
    assertThat(reason.length()).isLessThanOrEqualTo(10_000);
    assertThat(reason).contains("(recorded as ");
  }

  /** Every failure ends with the exit status that blocks the action. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "not json",
        "[]",
        "{}",
        "{\"hook_event_name\":\"PreToolUse\"}",
        "{\"hook_event_name\":\"PostToolUse\",\"session_id\":\"s\",\"tool_name\":\"Bash\","
            + "\"tool_input\":{\"command\":\"ls\"}}",
        "{\"session_id\":\"s\",\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"ls\"}}",
        "{\"hook_event_name\":\"PreToolUse\",\"session_id\":\"s\",\"tool_name\":\"Bash\","
            + "\"tool_input\":{\"cmd\":\"ls\"}}",
        "{\"hook_event_name\":\"PreToolUse\",\"session_id\":\"s\",\"tool_name\":\"Bash\","
            + "\"tool_input\":{\"command\":\"ls\",\"command\":\"rm\"}}"
      })
  void unreadableEventBlocks(String input) {
    Result result = cli.runOn(input, "hook", "claude-code");

    assertThat(result.complaint(2))
        .startsWith("indelible: standard input is not a hook event that this hook can answer: ");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void unreadableInputBlocks() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the pipe broke");
          }
        };

    assertThat(exit(broken, OutputStream.nullOutputStream())).isEqualTo(2);
  }

  @Test
  void unwritableAnswerBlocks() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };

    assertThat(exit(stream(event("PreToolUse", "rm -rf /")), full)).isEqualTo(2);
  }

  @Test
  void errorInTheCommandItselfBlocks() {
    InputStream hostile =
        new InputStream() {
          @Override
          public int read() {
            throw new OutOfMemoryError("for this test");
          }
        };

    assertThat(exit(hostile, OutputStream.nullOutputStream())).isEqualTo(2);
  }

  @Test
  void logThatCannotBeOpenedBlocks() throws Exception {
    Files.writeString(cli.data().resolve("policy/rules.yaml"), "rules: [");

    Result result = cli.runOn(event("PreToolUse", "ls"), "hook", "claude-code");

    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
  }

  @Test
  void wrongUsageBlocks() {
    assertThat(cli.runOn(event("PreToolUse", "ls"), "hook", "claude-code", "--nonsense").exit())
        .isEqualTo(2);
    assertThat(cli.run("hook").exit()).isEqualTo(2);
  }

  /** The launcher must not end with a status that permits the action. */
  @Test
  void killedProcessBlocks() throws Exception {
    Path root = Path.of(System.getProperty("indelible.root"));
    Path home = temp.resolve("home");
    Path java = home.resolve("jdk/bin/java");
    Files.createDirectories(java.getParent());
    Files.createDirectories(home.resolve("cli/target"));
    Files.copy(root.resolve("indelible"), home.resolve("indelible"));
    Files.writeString(home.resolve("pom.xml"), "");
    Files.writeString(home.resolve("cli/target/indelible-cli.jar"), "");
    Files.writeString(java, "#!/bin/sh\nkill -9 $$\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();

    ProcessBuilder hook =
        new ProcessBuilder("sh", home.resolve("indelible").toString(), "hook", "claude-code");
    hook.environment().put("JAVA_HOME", home.resolve("jdk").toString());
    assertThat(exit(hook)).isEqualTo(2);

    hook.environment().put("JAVA_HOME", "");
    hook.environment().put("PATH", emptyPath().toString());
    assertThat(exit(hook)).as("without Java").isEqualTo(2);
  }

  /** A write to a file names no home, so the home is that of the hook's environment. */
  @Test
  void startupFileOfAnUnusualHomeIsNotWritten() throws Exception {
    String home = temp.resolve("dev").toString();
    String event =
        """
        {"session_id":"s","cwd":"/srv","hook_event_name":"PreToolUse","tool_name":"Write",\
        "tool_input":{"file_path":"%s/.bashrc","content":"x"}}
        """
            .formatted(home);
    Path input = Files.writeString(temp.resolve("event"), event);
    Path output = temp.resolve("answer");
    ProcessBuilder hook =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "--data",
            temp.resolve("starter").toString(),
            "hook",
            "claude-code");
    hook.environment().put("HOME", home);
    hook.redirectInput(input.toFile()).redirectOutput(output.toFile());
    hook.redirectError(ProcessBuilder.Redirect.DISCARD);

    assertThat(hook.start().waitFor()).isZero();
    assertThat(output).content().contains("\"deny\"", "refused by rule write-startup");
  }

  private Path emptyPath() throws IOException {
    Path bin = Files.createDirectories(temp.resolve("bin"));
    for (String tool : List.of("sh", "dirname", "readlink", "find", "head")) {
      for (String place : List.of("/usr/bin", "/bin")) {
        if (Files.exists(Path.of(place, tool)) && Files.notExists(bin.resolve(tool))) {
          Files.createSymbolicLink(bin.resolve(tool), Path.of(place, tool));
        }
      }
    }
    return bin;
  }

  private static int exit(ProcessBuilder process) throws Exception {
    process.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
    Process started = process.start();
    started.getOutputStream().close();
    assertThat(started.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return started.exitValue();
  }

  private int exit(InputStream in, OutputStream out) {
    Console console =
        new Console(
            in,
            new PrintStream(out, false, StandardCharsets.UTF_8),
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
            false,
            false,
            System::nanoTime);
    return Main.run(console, "--data", cli.data().toString(), "hook", "claude-code");
  }

  private static InputStream stream(String text) {
    return new java.io.ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String event(String name, String command) {
    return EVENT.formatted(name, command, name.equals("PreSkillShellCommand") ? SKILL : "");
  }

  /** Asserts that an answer has only members that the client's types define. */
  private static JsonNode requireValid(JsonNode answer, String event) {
    assertThat(Set.of("hookSpecificOutput", "systemMessage")).containsAll(answer.propertyNames());
    JsonNode specific = answer.path("hookSpecificOutput");
    if (!specific.isMissingNode()) {
      assertThat(specific.path("hookEventName").asString()).isEqualTo(event);
      Set<String> known =
          event.equals("PreToolUse")
              ? Set.of(
                  "hookEventName",
                  "permissionDecision",
                  "permissionDecisionReason",
                  "additionalContext")
              : Set.of("hookEventName", "permissionDecision", "permissionDecisionReason");
      assertThat(known).containsAll(specific.propertyNames());
    }
    return answer;
  }
}
