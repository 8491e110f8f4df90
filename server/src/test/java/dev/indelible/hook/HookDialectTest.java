// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.action.Bash;
import dev.indelible.action.Read;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Explanation;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.policy.RulePolicy;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Questions as the agents' clients send them, and answers as these clients read them. A question is
 * the event that a client sends to its hook.
 */
@Tag("any-jdk")
class HookDialectTest {
  private static final Optional<UUID> RECORDED = Optional.of(new UUID(1, 2));

  /** A question of one client. */
  record Sample(JsonNode of) {
    String agent() {
      return of.path("agent").stringValue();
    }

    HookDialect dialect() {
      return HookDialect.named(agent()).orElseThrow();
    }

    HookQuestion read() throws JsonFormatException {
      return dialect().read(CanonicalJson.write(of.path("question")), "/home/dev");
    }

    @Override
    public String toString() {
      return "%s %s: %s".formatted(agent(), of.path("client").stringValue(), of.path("question"));
    }
  }

  static Stream<Sample> samples() {
    try (InputStream in = HookDialectTest.class.getResourceAsStream("questions.jsonl")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines().map(HookDialectTest::sample).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Sample sample(String line) {
    try {
      return new Sample(CanonicalJson.read(line));
    } catch (JsonFormatException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void questionHasItsAgentAndAction(Sample sample) throws Exception {
    HookQuestion question = sample.read();

    String id = sample.of().path("id").stringValue();
    assertThat(question.request().agentId()).isEqualTo(id);
    assertThat(question.request().agent().session()).contains(id.substring(id.indexOf(':') + 1));
    assertThat(question.request().action().kind())
        .isEqualTo(sample.of().path("kind").stringValue());
  }

  @ParameterizedTest
  @MethodSource("samples")
  void starterPolicyBlocksDangerousActions(Sample sample) throws Exception {
    HookQuestion question = sample.read();

    Decision decision =
        RulePolicy.starter().decide(question.request().agentId(), question.request().action());

    assertThat(decision.isPermitted()).isEqualTo(!sample.of().path("dangerous").booleanValue());
  }

  @ParameterizedTest
  @MethodSource("samples")
  void clientRunsTheToolOnlyIfPermitted(Sample sample) throws Exception {
    for (Decision decision :
        new Decision[] {
          new Allow(), new Warn("w", "look"), new Refuse("r", "no"), new Escalate("e", "ask")
        }) {
      HookQuestion question = sample.read();
      HookAnswer answer =
          sample
              .dialect()
              .answer(question, new RecordedDecision(decision, RECORDED, Explanation.NONE));

      assertThat(ClientRules.of(sample.agent()).runsTool(question.event(), answer))
          .as("%s: %s", decision, ClientRules.text(answer))
          .isEqualTo(decision.isPermitted());
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void failureBlocks(Sample sample) throws Exception {
    String event = sample.read().event();

    HookAnswer answer = sample.dialect().failure(Optional.of(event), "the disk is full");

    assertThat(ClientRules.of(sample.agent()).runsTool(event, answer)).isFalse();
    // A hook over HTTP has no exit status, so the content alone must block.
    assertThat(ClientRules.of(sample.agent()).runsTool(event, 0, ClientRules.text(answer), ""))
        .isFalse();
    assertThat(ClientRules.text(answer)).contains("the disk is full");
  }

  /** No content arrived before the failure, or not enough of it. */
  @ParameterizedTest
  @MethodSource("samples")
  void failureOfAnUnknownEventBlocksEveryEvent(Sample sample) throws Exception {
    String event = sample.read().event();
    ClientRules client = ClientRules.of(sample.agent());

    HookAnswer answer = sample.dialect().failure(Optional.empty(), "the disk is full");

    assertThat(client.runsTool(event, answer)).isFalse();
    if (answer.out().length > 0) {
      assertThat(client.runsTool(event, 0, ClientRules.text(answer), "")).isFalse();
    } else {
      assertThat(sample.agent()).isEqualTo("codex");
    }
  }

  @ParameterizedTest
  @MethodSource("agents")
  void unreadableQuestionIsRefused(String agent) {
    HookDialect dialect = HookDialect.named(agent).orElseThrow();
    for (String text : new String[] {"", "[]", "{}", "{\"a\":1,\"a\":2}", "\u0000", "null"}) {
      assertThatThrownBy(() -> dialect.read(text.getBytes(StandardCharsets.UTF_8), null))
          .as(text)
          .isInstanceOf(JsonFormatException.class);
    }
  }

  static Stream<String> agents() {
    return HookDialect.agents().stream();
  }

  /**
   * Only an object is accepted. One reader would parse JSON inside a string, another would read it
   * as text.
   */
  @ParameterizedTest
  @ValueSource(strings = {"\"{\"", "\"[]\"", "7", "null", "[1]"})
  void argumentsOtherThanAnObjectAreRefused(String arguments) {
    String question =
        "{\"sessionId\":\"s\",\"cwd\":\"/p\",\"toolName\":\"bash\",\"toolArgs\":" + arguments + "}";

    assertThatThrownBy(() -> new Copilot().read(question.getBytes(StandardCharsets.UTF_8), null))
        .isInstanceOf(JsonFormatException.class);
  }

  /** Even if a question cannot be read, the answer must have the format that its event requires. */
  @ParameterizedTest
  @MethodSource("samples")
  void unreadableQuestionBlocksInItsEventsFormat(Sample sample) throws Exception {
    String event = sample.read().event();
    ObjectNode broken = (ObjectNode) sample.of().path("question").deepCopy();
    for (String member : List.of("tool_input", "toolArgs", "args", "command", "file_path")) {
      broken.remove(member);
    }
    byte[] json = CanonicalJson.write(broken);

    assertThatThrownBy(() -> sample.dialect().read(json, null))
        .isInstanceOf(JsonFormatException.class);
    HookAnswer answer = sample.dialect().failure(HookDialect.event(json), "a member is missing");

    ClientRules client = ClientRules.of(sample.agent());
    assertThat(client.runsTool(event, 0, ClientRules.text(answer), "")).isFalse();
  }

  @Test
  void geminiDirectoryIsTheWorkingDirectory() throws Exception {
    String question =
        "{\"session_id\":\"s\",\"cwd\":\"/home/dev\",\"hook_event_name\":\"BeforeTool\","
            + "\"tool_name\":\"run_shell_command\","
            + "\"tool_input\":{\"command\":\"cat id_ed25519\",\"dir_path\":\".ssh\"}}";

    HookQuestion read = new Gemini().read(question.getBytes(StandardCharsets.UTF_8), "/home/dev");

    assertThat(((Bash) read.request().action()).cwd()).contains("/home/dev/.ssh");
  }

  @ParameterizedTest
  @CsvSource({
    "src/**/*.ts, /home/dev/project/src",
    "*.ts, /home/dev/project",
    "/*, /",
    "/etc/host?, /etc",
    "../x/*, /home/dev/project/../x",
  })
  void globReadsTheDirectoryOfItsPattern(String pattern, String directory) throws Exception {
    String question =
        "{\"session_id\":\"s\",\"cwd\":\"/home/dev/project\",\"hook_event_name\":\"PreToolUse\","
            + "\"tool_name\":\"Glob\",\"tool_input\":{\"pattern\":\"%s\"}}".formatted(pattern);

    HookQuestion read = new ClaudeCode().read(question.getBytes(StandardCharsets.UTF_8), null);

    assertThat(read.request().action())
        .isEqualTo(new Read("filesystem", Optional.of(directory), Optional.of(pattern)));
  }
}
