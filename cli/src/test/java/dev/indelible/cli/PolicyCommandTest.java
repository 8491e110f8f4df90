// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code indelible policy}: lint, show, test and replay. */
class PolicyCommandTest {
  private static final String RULES =
      """
      version: 1
      rules:
        - id: T1
          severity: refuse
          reason: no deletes
          match: {kind: bash, command_substring: delete}
        - id: T2
          severity: warn
          mode: shadow
          reason: careful
          match: {kind: bash, command_substring: delete}
      """;

  @TempDir Path directory;
  private Cli cli;
  private Path policy;

  @BeforeEach
  void twoRules() throws Exception {
    cli = new Cli(directory.resolve("data"));
    policy = Files.writeString(directory.resolve("rules.yaml"), RULES);
  }

  @Test
  void lintPrintsRemarks() {
    JsonNode lint = policy("lint", "--output", "json").ok().json();
    assertThat(lint.path("rules").asInt()).isEqualTo(2);
    assertThat(lint.path("digest").asString()).startsWith("sha256:");

    assertThat(policy("lint").ok().out())
        .isEqualTo(
            policy
                + ": 2 rules, no mistake, "
                + lint.path("digest").asString()
                + "\n  T2: in shadow mode; it is recorded and decides nothing"
                + "\n  T2: has the conditions of T1; one of them has no effect\n");
    assertThat(lint.path("remarks").size()).isEqualTo(2);
  }

  @Test
  void showPrintsOneRuleALine() {
    List<JsonNode> rules = policy("show", "--output", "json").ok().jsonLines();
    assertThat(rules).extracting(rule -> rule.path("id").asString()).containsExactly("T1", "T2");
    assertThat(rules.get(0).propertyNames())
        .containsExactly(
            "agents",
            "description",
            "except",
            "expires",
            "id",
            "labels",
            "mode",
            "reason",
            "severity",
            "when");

    assertThat(policy("show").ok().out().lines())
        .hasSize(4)
        .anyMatch(line -> line.matches("T1 +refuse +.*no deletes"))
        .anyMatch(line -> line.matches("T2 +warn \\(shadow\\) +.*careful"));
  }

  @Test
  void testPrintsCasesThatFail() throws Exception {
    Path cases =
        Files.writeString(
            directory.resolve("cases.jsonl"),
            """
            {"id":"c1","action":{"kind":"bash","command":"delete"},"expect":"block","rule":"T1"}
            {"id":"c2","action":{"kind":"bash","command":"delete"},"expect":"allow"}
            """);

    Result text = policy("test", cases.toString());
    assertThat(text.exit()).isEqualTo(ExitCode.FAILED);
    assertThat(text.out())
        .isEqualTo(
            """
            FAIL  c2  expected allow, decided refuse  T1
                  {"kind":"bash","command":"delete"}
                  no deletes
            2 cases, 1 as expected, 1 not; 2 of 2 rules matched at least one
            """);
    List<JsonNode> lines = policy("test", "--output", "json", cases.toString()).jsonLines();
    assertThat(lines.get(0))
        .isEqualTo(
            Cli.json(
                "{\"decision\":\"refuse\",\"expected\":\"allow\",\"id\":\"c2\",\"matched\":[\"T1\","
                    + "\"T2 (shadow)\"],\"reason\":\"no deletes\",\"right\":false,\"rule_id\":\"T1\"}"));
    assertThat(lines.get(1))
        .isEqualTo(
            Cli.json("{\"cases\":2,\"failed\":1,\"hits\":{\"T1\":2,\"T2\":2},\"untested\":[]}"));
  }

  @Test
  void testNamesRulesThatNoCaseMatches() throws Exception {
    Path cases =
        Files.writeString(
            directory.resolve("cases.jsonl"),
            "{\"id\":\"c1\",\"action\":{\"kind\":\"bash\",\"command\":\"ls\"},\"expect\":\"pass\"}");

    assertThat(policy("test", cases.toString()).ok().out())
        .isEqualTo(
            "1 cases, 1 as expected, 0 not; 0 of 2 rules matched at least one\n"
                + "matched by no case: T1, T2\n");
  }

  @Test
  void replayPrintsDecisionsThatChange() {
    cli.run("check", Cli.bash("delete")).ok();
    cli.run("check", Cli.bash("ls")).ok();
    cli.run("check", Cli.bash("pwd")).ok();
    String erased = cli.rows().get(2).path("id").asString();
    cli.run("log", "erase-payload", erased, "--reason", "asked for").ok();

    Result text = policy("replay");
    assertThat(text.exit()).isEqualTo(ExitCode.FAILED);
    assertThat(text.out().lines())
        .containsExactly(
            "       2  allow -> refuse  T1  " + shown("delete"),
            "2 decisions, 0 of them about redacted actions, 1 change under "
                + policy
                + ", 1 cannot be repeated",
            "  1  allow -> refuse");
    JsonNode totals = policy("replay", "--output", "json").jsonLines().get(1);
    assertThat(totals)
        .isEqualTo(
            Cli.json(
                "{\"changed\":1,\"changes\":{\"allow -> refuse\":1},\"decided\":2,\"redacted\":0,\"skipped\":1}"));
  }

  /** Returns the recorded action as replay prints it: the start of its JSON. */
  private String shown(String command) {
    String action =
        cli.rows().stream()
            .map(row -> row.path("payload").path("action").toString())
            .filter(json -> json.contains(command))
            .findFirst()
            .orElseThrow();
    return Console.excerpt(action, 80);
  }

  private Result policy(String verb, String... more) {
    List<String> arguments = new ArrayList<>(List.of("policy", verb));
    arguments.addAll(List.of("--policy", policy.toString()));
    arguments.addAll(List.of(more));
    return cli.run(arguments.toArray(String[]::new));
  }
}
