// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Decision;
import dev.indelible.json.JsonValue;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules with expressions, from their text to a decision. */
class CelRulesTest {
  private static final AgentAction DELETE = new Bash("sudo rm -rf /srv");

  /** Actions, each with an expression that is true for it. */
  static Stream<Arguments> matches() throws Exception {
    return Stream.of(
        arguments(DELETE, "action.command.contains('rm')"),
        arguments(DELETE, "action.kind == 'bash' && action.cwd == '' && action.port == 0"),
        arguments(DELETE, "facts.exists(f, f.verb == 'deletes' && f.operand == '/srv')"),
        arguments(DELETE, "facts.exists(f, f.recursive && f.command.startsWith('rm'))"),
        arguments(DELETE, "commands.exists(c, c.startsWith('rm'))"),
        arguments(
            new Bash("ls", Optional.of("/w"), Optional.of("/home/a"), Optional.of("zsh")),
            "action.cwd + action.home + action.shell == '/w/home/azsh'"),
        arguments(
            new FilesystemWrite("/a", OptionalLong.of(12)),
            "action.path == '/a' && action.byte_estimate > 10"),
        arguments(
            new NetworkRequest("example.org", "https", OptionalInt.of(8443), Optional.of("/x")),
            "action.host.endsWith('.org') && action.scheme == 'https' && action.port > 1024"
                + " && action.path == '/x'"),
        arguments(
            new ProcessSpawn("git", List.of("push", "-f")),
            "action.binary == 'git' && '-f' in action.args"),
        arguments(
            new Read("memory", Optional.of("team"), Optional.of("q")),
            "action.surface + action.namespace + action.query == 'memoryteamq'"),
        arguments(
            new ToolCall("pay", JsonValue.parse("{\"amount\":300.5,\"to\":[{\"n\":null}]}")),
            "action.tool == 'pay' && action.arguments.amount > 300"
                + " && action.arguments.to[0].n == null"),
        arguments(
            new Custom("note", JsonValue.parse("{\"n\":3,\"on\":true}")),
            "action.custom_kind == 'note' && action.payload.n == 3 && action.payload.on"));
  }

  @ParameterizedTest
  @MethodSource("matches")
  void trueExpressionMatches(AgentAction action, String expression) throws Exception {
    Decision decision = decide(action, expression);
    assertThat(decision.reason()).contains("because");
    assertThat(decide(action, "!(" + expression + ")").isPermitted()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "action.comand == \"x\"|line 7, column 19|undefined field 'comand'",
        "facts.exists(f, f.verbs == \"x\")|line 7, column 30|undefined field 'verbs'",
        "action.port > \"x\"|line 7, column 25|no matching overload",
        "action.command|line 7, column 19|expected type 'bool' but found 'string'",
        "agent == \"agent:a\"|line 7, column 13|undeclared reference to 'agent'",
        "true &&|line 7, column 20|mismatched input",
        "action.command.matches(\"(\")|line 7, column 36|error parsing regexp",
        "action.command != \"\" && matches(action.path, \"[\")|line 7, column 58|missing closing ]",
        "commands.all(c, c.matches(\"(?=x)\"))|line 7, column 39|error parsing regexp",
        "action.path.matches(\"(a{100}){100}\")|line 7, column 33|simplify it to at most 1000",
      })
  void mistakeIsReportedWithItsPosition(String expression, String place, String problem) {
    assertThatThrownBy(() -> policy("'" + expression + "'"))
        .isInstanceOf(PolicyException.class)
        .hasMessageStartingWith("rules.yaml, " + place + ": cel: ")
        .hasMessageContaining(problem);
  }

  @Test
  void mistakeInABlockIsReportedWithItsPosition() {
    assertThatThrownBy(
            () -> policy("|\n          action.kind == 'bash' &&\n          action.prt > 1"))
        .hasMessageStartingWith("rules.yaml, line 9, column 17: cel: undefined field 'prt'");
  }

  /** Each expression fails soon, and the action is blocked under the id of the rule. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1 / 0 == 1|/ by zero",
        "action.args[5] == 'x'|Index out of bounds",
        "action.arguments.amount > 1|'amount' is not present",
        "action.path.matches('(' + '')|error parsing regexp",
        "action.arguments|neither true nor false",
        "L.all(a, L.all(b, L.all(c, L.all(d, L.all(e, L.all(f, true))))))|Iteration budget"
            + " exceeded",
      })
  void failedExpressionBlocks(String expression, String reason) throws Exception {
    String text = expression.replace("L.", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].");
    Decision decision = decide(new Bash("echo " + "x".repeat(10_000)), text);
    assertThat(decision.isBlocking()).isTrue();
    assertThat(decision.ruleId()).contains("C");
    assertThat(decision.reason().orElseThrow())
        .startsWith("the rule could not be evaluated and so refuses:")
        .contains(reason);
  }

  @Test
  void valueThatGrowsIsStopped() throws Exception {
    String sum = "action.command".concat(" + action.command".repeat(30)) + " == ''";
    Decision decision = decide(new Bash("echo " + "x".repeat(100_000)), sum);
    assertThat(decision.reason().orElseThrow()).contains("more than 200000 steps");
  }

  @Test
  void regularExpressionDoesNotBacktrack() throws Exception {
    Bash action = new Bash("a".repeat(5_000) + "b");
    assertThat(decide(action, "action.command.matches('^(a+)+$')").isPermitted()).isTrue();
  }

  /** The cost of a match grows with the length of the text and the size of the compiled pattern. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "100000|action.command.matches('x$')|false",
        "300000|action.command.matches('x$')|true",
        "3000|action.command.matches('(x+x+){90}y')|false",
        "20000|action.command.matches('(x+x+){90}y')|true",
        "20000|action.command.matches(action.path + 'y')|true",
        "20000|(action.port == 0 ? action.command : '').matches(action.path + 'y')|true",
        "200|[1, 2, 3].all(n, action.command.matches('(x+x+){90}y') ? false : n > 0)|false",
        "4000|[1, 2, 3, 4, 5].all(n, action.command.matches('(x+x+){90}y') ? false : n > 0)|true",
      })
  void matchIsCountedBeforeItRuns(int length, String expression, boolean isStopped)
      throws Exception {
    Decision decision = decide(new Bash("x".repeat(length)), expression);
    assertThat(decision.reason().orElse("").contains("more than 200000 steps"))
        .isEqualTo(isStopped);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "action.arguments.a == action.arguments.b",
        "action.arguments.a != action.arguments.b",
        "action.arguments.a in [action.arguments.b]",
      })
  void comparisonCountsEveryComparedValue(String expression) throws Exception {
    String list = "[" + "[0,0,0,0,0,0,0,0,0,0],".repeat(15_000) + "0]";
    ToolCall large = new ToolCall("t", JsonValue.parse("{\"a\":" + list + ",\"b\":" + list + "}"));
    assertThat(decide(large, expression).reason().orElseThrow()).contains("more than 200000 steps");
    ToolCall small = new ToolCall("t", JsonValue.parse("{\"a\":[[1]],\"b\":[[1]]}"));
    assertThat(decide(small, expression).reason().orElse("")).doesNotContain("steps");
  }

  @Test
  void longOrDeepExpressionDoesNotLoad() {
    assertThatThrownBy(() -> policy("'" + "true || ".repeat(2_000) + "true'"))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("shorten it to at most 10000");
    assertThatThrownBy(() -> policy("'" + "!(".repeat(400) + "true" + ")".repeat(400) + "'"))
        .isInstanceOf(PolicyException.class);
  }

  private static Decision decide(AgentAction action, String expression) throws Exception {
    return policy("|\n          " + expression).decide("agent:a", action);
  }

  private static RulePolicy policy(String cel) throws PolicyException {
    return RulePolicy.parse(
        """
        version: 1
        rules:
          - id: C
            severity: refuse
            reason: because
            when:
              cel: %s
        """
            .formatted(cel),
        "rules.yaml");
  }
}
