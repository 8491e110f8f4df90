// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Unreadable input ends with status 2 and one line that states what is wrong, where and what to do.
 * Rows recorded before it stay and verify.
 */
@Tag("any-jdk")
class BadInputTest {
  private static final int DEEP = 10_000;

  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void recordOneRow() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
  }

  static Stream<Arguments> unreadableActions() {
    return Stream.of(
        bad("cut short", "{\"kind\":\"bash\",\"command\":", "not JSON at column "),
        bad("no JSON", "rm -rf /", "not JSON at column 1: "),
        bad("single quotes", "{'kind':'bash'}", "not JSON at column 2: "),
        bad("two values", "{\"kind\":\"bash\",\"command\":\"ls\"} {}", "more text after the value"),
        bad("unknown kind", "{\"kind\":\"bsh\"}", "action.kind: unknown kind \"bsh\"; use one of"),
        bad("missing field", "{\"kind\":\"bash\"}", "action.command: missing"),
        bad(
            "wrong type",
            "{\"kind\":\"bash\",\"command\":3}",
            "action.command: a number where a string is expected"),
        bad(
            "null",
            "{\"kind\":\"bash\",\"command\":null}",
            "action.command: null where a string is expected"),
        bad(
            "unknown field",
            "{\"kind\":\"bash\",\"command\":\"ls\",\"timeout\":3}",
            "action.timeout: unknown field; the fields here are command, cwd, home, kind, shell"),
        bad("raw control character", "{\"kind\":\"bash\",\"command\":\"a\u0001b\"}", "CTRL-CHAR"),
        bad("raw tab", "{\"kind\":\"bash\",\"command\":\"a\tb\"}", "CTRL-CHAR"),
        bad(
            "lone surrogate, escaped",
            "{\"kind\":\"bash\",\"command\":\"\\ud800\"}",
            "command: ",
            "lone surrogate at char 0"),
        bad("lone surrogate in a name", "{\"kind\":\"bash\",\"comm\\udc00and\":\"\"}", "surrogate"),
        bad("NaN", custom("NaN"), "'NaN'"),
        bad("Infinity", custom("-Infinity"), "not JSON at column "),
        bad("1e400", custom("1e400"), "payload: a number is too large for a double"),
        bad("400 digits", custom("1".repeat(400)), "payload: a number is too large for a double"),
        bad("5000 digits", custom("1".repeat(5_000)), "Number value length (5000) exceeds"),
        bad("2^53 + 1", custom("9007199254740993"), "integer 9007199254740993 cannot be held"),
        bad(
            "2^53 + 1, deep inside",
            custom("{\"a\":[0,{\"b\":9007199254740993}]}"),
            "payload.a[1].b: integer 9007199254740993"),
        bad(
            "duplicate keys",
            "{\"kind\":\"bash\",\"command\":\"ls\",\"command\":\"rm\"}",
            "Duplicate Object property \"command\""),
        bad(
            "duplicate keys, deep inside",
            custom("{\"a\":{\"b\":1,\"b\":2}}"),
            "Duplicate Object property \"b\""),
        bad(
            "deep nesting",
            custom("[".repeat(DEEP) + "]".repeat(DEEP)),
            "nesting depth (501) exceeds the maximum allowed (500)"),
        bad(
            "port out of range",
            "{\"kind\":\"network_request\",\"host\":\"h\",\"scheme\":\"https\",\"port\":70000}",
            "action: port ",
            "is not in 1..65535"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unreadableActions")
  void unreadableArgumentIsReported(String what, String action, String[] says) {
    Result result = cli.run("check", action);

    assertThat(result.complaint(2)).contains(says);
    assertThat(result.out()).isEmpty();
    cli.assertIntact(1);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unreadableActions")
  void unreadableStandardInputIsReported(String what, String action, String[] says) {
    Result result = cli.runOn(action, "check");

    assertThat(result.complaint(2)).contains(says);
    assertThat(result.out()).isEmpty();
    cli.assertIntact(1);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unreadableActions")
  void badGateLineIsRecordedAsRefused(String what, String action, String[] says) {
    Result result =
        cli.runOn(Cli.line("agent:a", action) + Cli.line("agent:a", Cli.bash("pwd")), "gate");

    // In gate, an envelope surrounds the action, so the column of the error differs.
    String[] parts = says[0].startsWith("not JSON") ? new String[] {"not JSON at column"} : says;
    assertThat(result.complaint(2)).startsWith("indelible: line 1: ").endsWith("; refused");
    if (!what.equals("two values")) {
      assertThat(result.err()).contains(parts);
    }
    assertThat(result.jsonLines())
        .extracting(line -> line.path("decision").asString())
        .containsExactly("refuse", "allow");
    cli.assertIntact(3);
  }

  @Test
  void verbosePrintsTheStackTrace() {
    assertThat(cli.run("check", "--verbose", "rm -rf /").err())
        .startsWith("dev.indelible.json.JsonFormatException: ACTION: not JSON at column 1")
        .contains("\n    at dev.indelible.");
  }

  /** Bytes that are not UTF-8 cannot be a Java string, so they come on standard input. */
  @ParameterizedTest(name = "0x{0}")
  @ValueSource(strings = {"ff", "eda080", "c3"})
  void invalidUtf8IsReported(String hex) throws Exception {
    ByteArrayOutputStream action = new ByteArrayOutputStream();
    action.write("{\"kind\":\"bash\",\"command\":\"".getBytes(StandardCharsets.UTF_8));
    action.write(HexFormat.of().parseHex(hex));
    action.write("\"}".getBytes(StandardCharsets.UTF_8));

    assertThat(cli.runOn(action.toByteArray(), "check").complaint(2))
        .startsWith("indelible: standard input: ")
        .contains("UTF-8");
    cli.assertIntact(1);
  }

  /** Java replaces undecodable bytes with U+FFFD, so the decision would be about another action. */
  @Test
  void undecodableArgumentIsRefused() {
    assertThat(cli.run("check", Cli.bash("rm \uFFFD")).complaint(2))
        .startsWith("indelible: ACTION: the character at 29 is not UTF-8")
        .contains("LC_ALL=C.UTF-8", "standard input");
    assertThat(cli.run("check", "--agent", "\uFFFD", Cli.bash("ls")).complaint(2))
        .startsWith("indelible: --agent: ");
    cli.assertIntact(1);
  }

  @Test
  void loneSurrogateInAnArgumentIsNotReplaced() {
    assertThat(cli.run("check", Cli.bash("rm \ud800")).complaint(2)).contains("lone surrogate");
    cli.assertIntact(1);
  }

  @Test
  void replacementCharacterIsAcceptedOnStandardInput() {
    cli.runOn(Cli.bash("ls \uFFFD"), "check").ok();

    cli.assertIntact(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\n", "\t\r\n "})
  void emptyInputIsReported(String nothing) {
    assertThat(cli.run("check", nothing).complaint(2))
        .isEqualTo("indelible: ACTION: empty input; a JSON value is expected");
    assertThat(cli.runOn(nothing, "check").complaint(2))
        .isEqualTo(
            nothing.isEmpty()
                ? "indelible: standard input: there is no input; give the action as an argument or on"
                    + " standard input"
                : "indelible: standard input: empty input; a JSON value is expected");
    cli.assertIntact(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "\"bash\"", "null", "{}", "7", "{\"agent_id\":\"a\"}"})
  void jsonOtherThanAnActionGetsAnExample(String json) {
    assertThat(cli.run("check", json).complaint(2))
        .isEqualTo(
            "indelible: action: give an object with a member \"kind\", for example"
                + " {\"kind\":\"bash\",\"command\":\"ls\"}");
    cli.assertIntact(1);
  }

  static Stream<Arguments> badAgentIds() {
    return Stream.of(
        Arguments.of("", "agent_id is empty; name the agent that acts"),
        Arguments.of("a".repeat(2_000), "agent_id is 2000 bytes; at most 1024"),
        Arguments.of("é".repeat(513), "agent_id is 1026 bytes; at most 1024"),
        Arguments.of("a\u001b[31m", "agent_id has a control character (U+001B) at char 1"),
        Arguments.of("a\nb", "agent_id has a control character (U+000A) at char 1"));
  }

  @ParameterizedTest
  @MethodSource("badAgentIds")
  void agentIdThatCannotBeRecordedIsRefused(String id, String says) {
    String escaped = id.replace("\u001b", "\\u001b").replace("\n", "\\n");
    String envelope = Cli.line(escaped, Cli.bash("ls"));

    assertThat(cli.run("check", "--agent", id, Cli.bash("ls")).complaint(2)).contains(says);
    assertThat(cli.run("check", envelope).complaint(2)).contains(says);
    cli.assertIntact(1);
    assertThat(cli.runOn(envelope, "gate").complaint(2)).contains("line 1: " + says);
    cli.assertIntact(2);
  }

  @Test
  void longestAgentIdIsAccepted() {
    cli.run("check", "--agent", "a".repeat(1_024), Cli.bash("ls")).ok();

    cli.assertIntact(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"action\":{\"kind\":\"bash\",\"command\":\"ls\"}}",
        "{\"agent_id\":\"a\"}",
        "{\"agent_id\":1,\"action\":{\"kind\":\"bash\",\"command\":\"ls\"}}",
        "{\"agent_id\":\"a\",\"action\":\"ls\"}",
        "{\"agent_id\":\"a\",\"action\":{\"kind\":\"bash\",\"command\":\"ls\"},\"x\":1}",
        "[]",
        "null"
      })
  void gateLineWithoutEnvelopeIsRefused(String line) {
    Result result = cli.runOn(line + "\n", "gate");

    assertThat(result.complaint(2)).startsWith("indelible: line 1: ");
    assertThat(result.json().path("rule_id").asString()).isEqualTo("indelible.unreadable");
    cli.assertIntact(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"session_id\":\"s\",\"tool_name\":\"Bash\"}",
        "{\"session_id\":\"s\",\"tool_input\":{}}",
        "{\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"ls\"}}",
        "{\"session_id\":\"s\",\"tool_name\":\"Bash\",\"tool_input\":{}}",
        "{\"session_id\":\"s\",\"tool_name\":\"Bash\",\"tool_input\":[]}"
      })
  void unreadableClaudeEventIsRefused(String line) {
    Result result = cli.runOn(line + "\n", "gate", "--format", "claude");

    assertThat(result.complaint(2)).startsWith("indelible: line 1: ");
    assertThat(result.json().path("decision").asString()).isEqualTo("refuse");
    cli.assertIntact(2);
  }

  /** The record names the session, and the stream continues. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nowhere|tool_call",
        "http://h:99999/|tool_call",
        "file:///srv/notes.txt|read",
      })
  void unusualFetchUrlGetsADecision(String url, String kind) {
    String line =
        "{\"session_id\":\"s\",\"tool_name\":\"WebFetch\",\"tool_input\":{\"url\":\"%s\"}}"
            .formatted(url);
    cli.runOn(line + "\n", "gate", "--format", "claude").ok();
    JsonNode payload = cli.rows().get(1).path("payload");
    assertThat(payload.path("agent_id").asString()).isEqualTo("claude:s");
    assertThat(payload.path("action").path("kind").asString()).isEqualTo(kind);
  }

  /** The record of a payload that is too large has its size and digest. */
  @Test
  void payloadOfTwoMebibytesIsRecordedAsAStub() {
    String action = Cli.bash("x".repeat(2 * 1024 * 1024));

    assertThat(cli.runOn(action, "check").exit()).isEqualTo(ExitCode.ESCALATED);
    cli.runOn(Cli.line("agent:a", action), "gate").ok();

    cli.assertIntact(3);
    JsonNode recorded = cli.rows().get(2).path("payload").path("action");
    assertThat(recorded.path("kind").asString()).isEqualTo("bash");
    assertThat(recorded.path("oversize").path("bytes").asInt()).isEqualTo(action.length());
    assertThat(recorded.path("oversize").path("sha256").asString()).hasSize(64);
  }

  /** A line longer than the limit must not be held in memory as a whole. */
  @Test
  void overlongLineIsRefusedAndTheNextIsAnswered() {
    String line = Cli.line("a", Cli.bash("x".repeat(65 * 1024 * 1024)));

    Result result = cli.runOn(line + Cli.line("a", Cli.bash("ls")), "gate");

    assertThat(result.complaint(2)).contains("line 1: ", "the limit is 67108864 bytes");
    assertThat(result.jsonLines())
        .extracting(answer -> answer.path("decision").asString())
        .containsExactly("refuse", "allow");
  }

  private static Arguments bad(String what, String action, String... says) {
    return Arguments.of(what, action, says);
  }

  private static String custom(String payload) {
    return "{\"kind\":\"custom\",\"custom_kind\":\"k\",\"payload\":" + payload + "}";
  }
}
