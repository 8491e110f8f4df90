// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code indelible check}. */
class CheckTest {
  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void writeRulesOfEachSeverity() throws Exception {
    cli = new Cli(directory.resolve("data"));
    Files.createDirectories(cli.data().resolve("policy"));
    Files.writeString(
        cli.data().resolve("policy/rules.yaml"),
        """
        version: 1
        rules:
          - id: T1
            severity: refuse
            reason: no deletes
            match: {kind: bash, command_substring: delete}
          - id: T2
            severity: escalate
            reason: ask first
            match: {kind: bash, command_substring: pay}
          - id: T3
            severity: warn
            reason: careful
            match: {kind: bash, command_substring: careful}
        """);
  }

  /**
   * The decision and its status do not depend on the anchor file; the caller learns of its fault.
   */
  @Test
  void unusableAnchorFileIsReported() {
    Path anchor = directory.resolve("missing/anchor");

    Result result = cli.run("check", "--anchor", anchor.toString(), Cli.bash("ls"));

    assertThat(result.exit()).isZero();
    assertThat(result.err())
        .isEqualTo(
            "indelible: the anchor file lacks checkpoints of this log: "
                + anchor
                + ": cannot be appended to: no such file or directory\n");
  }

  @ParameterizedTest
  @CsvSource({"ls, allow, 0", "careful, warn, 0", "delete, refuse, 3", "pay, escalate, 4"})
  void exitStatusStatesTheDecision(String command, String verdict, int status) {
    Result result = cli.run("check", Cli.bash(command));

    assertThat(result.exit()).isEqualTo(status);
    assertThat(result.out()).startsWith(verdict);
    assertThat(result.err()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "ls, allow, governance.check",
    "careful, warn, governance.check",
    "delete, refuse, governance.refusal",
    "pay, escalate, governance.refusal"
  })
  void everyDecisionIsRecorded(String command, String verdict, String type) {
    cli.run("check", Cli.bash(command));

    JsonNode row = cli.rows().get(0);
    assertThat(row.path("event_type").asString()).isEqualTo(type);
    assertThat(row.path("payload").path("decision").path("decision").asString()).isEqualTo(verdict);
    cli.assertIntact(1);
  }

  @Test
  void refusalIsOneJsonObjectWithTheseMembers() {
    Result result =
        cli.run("check", "--output", "json", "--agent", "agent:bob", Cli.bash("delete"));

    String id = result.json().path("id").asString();
    assertThat(result.json())
        .isEqualTo(
            Cli.json(
                "{\"id\":\""
                    + id
                    + "\",\"agent_id\":\"agent:bob\",\"decision\":\"refuse\",\"matched\":[\"T1\"],"
                    + "\"rule_id\":\"T1\",\"reason\":\"no deletes\"}"));
    assertThat(cli.rows().get(0).path("id").asString()).isEqualTo(id);
  }

  @Test
  void allowHasNoRuleAndNoReasonInJson() {
    Result result = cli.run("check", "--output", "json", Cli.bash("ls"));

    String id = result.json().path("id").asString();
    assertThat(result.json())
        .isEqualTo(
            Cli.json(
                "{\"id\":\""
                    + id
                    + "\",\"agent_id\":\"agent:cli\",\"decision\":\"allow\",\"rule_id\":null,"
                    + "\"reason\":null}"));
  }

  @Test
  void refusalNamesRuleReasonAndEvent() {
    Result result = cli.run("check", Cli.bash("delete"));

    String id = cli.rows().get(0).path("id").asString();
    assertThat(result.out()).isEqualTo("refuse  T1  no deletes\nrecorded as " + id + "\n");
  }

  @ParameterizedTest
  @CsvSource({"''", "-"})
  void actionMayComeFromStandardInput(String argument) {
    String[] args = argument.isEmpty() ? new String[] {"check"} : new String[] {"check", argument};

    assertThat(cli.runOn(Cli.bash("delete") + "\n", args).exit()).isEqualTo(3);
  }

  @Test
  void envelopeNamesItsAgentAndSession() {
    String action = Cli.bash("ls") + ",\"session\":\"s-1\"";
    cli.run("check", "--agent", "agent:other", Cli.line("agent:inside", action));

    JsonNode row = cli.rows().get(0);
    assertThat(row.path("agent_id").asString()).isEqualTo("agent:inside");
    assertThat(row.path("payload").path("session").asString()).isEqualTo("s-1");
  }

  @Test
  void envelopeWithoutAgentUsesTheAgentOption() {
    cli.run("check", "--agent", "agent:other", "{\"action\":" + Cli.bash("ls") + "}");

    assertThat(cli.rows().get(0).path("agent_id").asString()).isEqualTo("agent:other");
  }

  /** Every character of the action is recorded. */
  @Test
  void textInAnyLanguageIsRecordedUnchanged() {
    String command = "echo '日本 é 😀 עברית'";

    cli.run("check", Cli.bash(command)).ok();

    assertThat(cli.rows().get(0).path("payload").path("action").path("command").asString())
        .isEqualTo(command);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "bash;rm -rf /x|{\"kind\":\"bash\",\"command\":\"rm -rf /x\"}",
        "filesystem_write;/etc/x|{\"kind\":\"filesystem_write\",\"path\":\"/etc/x\"}",
        "process_spawn;git;push;-f|{\"kind\":\"process_spawn\",\"binary\":\"git\",\"args\":[\"push\",\"-f\"]}",
        "network_request;https://h:8/p?q|{\"kind\":\"network_request\",\"host\":\"h\",\"scheme\":\"https\",\"port\":8,\"path\":\"/p?q\"}",
        "read;memory;n|{\"kind\":\"read\",\"surface\":\"memory\",\"namespace\":\"n\"}",
        "tool_call;t;{\"a\":1}|{\"kind\":\"tool_call\",\"tool\":\"t\",\"arguments\":{\"a\":1}}",
        "custom;c;[]|{\"kind\":\"custom\",\"custom_kind\":\"c\",\"payload\":[]}"
      })
  void wordsAreReadAsAnAction(String words, String action) {
    String[] arguments = ("check;--;" + words).split(";");

    assertThat(cli.run(arguments).exit()).isZero();

    ObjectNode recorded = (ObjectNode) cli.rows().get(0).path("payload").path("action");
    // A command gets the working directory and the home directory of the process.
    recorded.remove(List.of("cwd", "home"));
    assertThat(recorded).isEqualTo(Cli.json(action));
  }

  @ParameterizedTest
  @CsvSource({"ls, allow, 0", "careful, warn, 0", "delete, refuse, 3", "pay, escalate, 4"})
  void dryRunDecidesAndRecordsNothing(String command, String verdict, int status) {
    Result result = cli.run("check", "--dry-run", "bash", command);

    assertThat(result.exit()).isEqualTo(status);
    assertThat(result.out()).startsWith(verdict).endsWith("not recorded\n");
    assertThat(cli.data().resolve("indelible.db")).doesNotExist();
    assertThat(cli.data().resolve("journal")).doesNotExist();
    assertThat(cli.data().resolve("keys")).doesNotExist();
  }

  @Test
  void explanationNamesFactsThatNoRuleMatches() {
    Result result = cli.run("check", "--dry-run", "--explain", "bash", "cd /srv && rm a; cat /b");

    assertThat(result.out())
        .contains("fact     deletes /srv/a\n", "fact     reads /b\n", "no rule matched");
  }

  @Test
  void dryRunWithoutDataUsesTheStarterRules() {
    Path absent = directory.resolve("absent");

    assertThat(
            Cli.runWithoutData(
                    "--data", absent.toString(), "check", "--dry-run", "bash", "rm -rf /")
                .exit())
        .isEqualTo(3);
    assertThat(absent).doesNotExist();
  }
}
