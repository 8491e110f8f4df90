// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code log list} with filters, and {@code log stats}. */
class LogSearchTest {
  @TempDir Path directory;
  private Cli cli;

  /** Row 1 is the policy; rows 2 to 8 are decisions; row 9 is the tally. */
  @BeforeEach
  void nineRows() throws Exception {
    cli = new Cli(directory.resolve("data"));
    Files.createDirectories(cli.data().resolve("policy"));
    Files.writeString(
        cli.data().resolve("policy/rules.yaml"),
        """
        version: 1
        rules:
          - {id: no-rm, severity: refuse, reason: no deletes, match: {kind: bash, command_substring: rm }}
          - {id: ask-push, severity: escalate, reason: a person decides, match: {kind: bash, command_substring: push}}
          - {id: note-etc, severity: warn, reason: careful, match: {kind: filesystem_write, path_glob: /etc/**}}
        """);
    String lines =
        Cli.line("agent:a", Cli.bash("ls"))
            + Cli.line("agent:a", Cli.bash("rm x"))
            + Cli.line("agent:b", Cli.bash("git push"))
            + Cli.line("agent:b", "{\"kind\":\"filesystem_write\",\"path\":\"/etc/hosts\"}")
            + Cli.line("agent:b", Cli.bash("rm y"))
            + Cli.line("agent:b", Cli.bash("=cmd, \\\"x\\\""))
            + Cli.line("agent:c", Cli.bash("ls -la") + ",\"session\":\"s-1\"");
    cli.runOn(lines, "gate");
    cli.assertIntact(7);
  }

  private List<String> sequences(String options) {
    List<String> args = new ArrayList<>(List.of("log", "list", "--output", "json"));
    args.addAll(List.of(options.split(" ")));
    return cli.run(args.toArray(String[]::new)).ok().jsonLines().stream()
        .map(row -> row.path("sequence").asString())
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "--verdict refuse, 3 6",
    "--verdict escalate, 4",
    "--verdict warn, 5",
    "--verdict allow --agent agent:a, 2",
    "--rule no-rm, 3 6",
    "--rule no-rm --agent agent:b, 6",
    "--rule nothing, ''",
    "--kind filesystem_write, 5",
    "--session s-1, 8",
    "--session s, ''",
    "--grep ls, 2 8",
    "--grep /etc/, 1 5",
    "--grep command_sub, 1",
    "--grep effective_command, ''",
    "--last 3, 7 8 9",
    "--last 0, ''",
    "--last 1 --verdict refuse, 6",
    "--last 9 --from 7, 7 8 9",
    "--verdict refuse --limit 1, 3",
    "--verdict refuse --from 4, 6",
    "--since 1h --type governance.refusal, 3 4 6",
    "--since 2000-01-01T00:00:00Z --until 2001-01-01T00:00:00+02:00, ''",
    "--until 1h, ''"
  })
  void filtersSelectRows(String options, String expected) {
    assertThat(sequences(options))
        .containsExactly(expected.isEmpty() ? new String[0] : expected.split(" "));
  }

  /** A search reads a page of 1,000 rows at a time. */
  @Test
  void durationSelectsRowsOfAllPages() {
    cli.runOn(Cli.line("agent:many", Cli.bash("ls")).repeat(1_100), "gate");

    assertThat(sequences("--since 1h --agent agent:many")).hasSize(1_100);
    assertThat(sequences("--since 1h --agent agent:many --last 1050")).hasSize(1_050);
  }

  @Test
  void sinceSelectsLaterRows() {
    String time = cli.rows().get(3).path("timestamp").asString();

    assertThat(sequences("--since " + time)).containsExactly("5", "6", "7", "8", "9");
    assertThat(sequences("--until " + Instant.parse(time).plusNanos(1)))
        .containsExactly("1", "2", "3", "4", "5");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--verdict deny | unknown verdict 'deny'; known are allow, warn, refuse, escalate, any",
        "--kind shell | unknown kind 'shell'; known are bash, custom, filesystem_write,"
            + " network_request, process_spawn, read, tool_call",
        "--since yesterday | --since yesterday: give a time such as 2026-11-23T01:02:03Z, or a"
            + " duration before now such as 2h or 7d",
        "--since 1h --until 2h | is not before until",
        "--last -1 | --last -1: give a number of rows, 0 to 100000",
        "--last 1 --limit 1 | --last cannot be combined with --limit",
        "--columns id,what | --columns: unknown column 'what'; known are sequence, time, id, agent,"
            + " type, decision, rule, reason, kind, session, action"
      })
  void wrongFilterIsRefused(String options, String says) {
    List<String> args = new ArrayList<>(List.of("log", "list"));
    args.addAll(List.of(options.split(" ")));

    assertThat(cli.run(args.toArray(String[]::new)).complaint(2)).contains(says);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--type governance.refused", "--type governance.refused --last 3"})
  void unknownTypeIsRefusedWithTheKnownOnes(String options) {
    List<String> args = new ArrayList<>(List.of("log", "list"));
    args.addAll(List.of(options.split(" ")));

    assertThat(cli.run(args.toArray(String[]::new)).complaint(2))
        .startsWith(
            "indelible: unknown type 'governance.refused'; known are access.approval_refused, ")
        .contains("governance.check, governance.refusal, ");
  }

  @Test
  void textHasIdsAndAlignedColumns() {
    List<String> lines = cli.run("log", "list", "--verdict", "refuse").ok().out().lines().toList();

    assertThat(lines).hasSize(3);
    assertThat(lines.get(0))
        .matches("sequence  time +id +agent +decision  rule +action")
        .contains(" id  ");
    assertThat(lines.get(1))
        .matches(" {7}3  \\S+ \\S+  [0-9a-f-]{36}  agent:a +refuse    no-rm +rm x");
    assertThat(lines.get(1).indexOf("agent:a")).isEqualTo(lines.get(0).indexOf("agent"));
  }

  @Test
  void csvIsQuotedAndRunsNoFormula() {
    String out =
        cli.run(
                "log",
                "list",
                "--from",
                "7",
                "--limit",
                "1",
                "--output",
                "csv",
                "--columns",
                "sequence,agent,decision,action")
            .ok()
            .out();

    assertThat(out)
        .isEqualTo("sequence,agent,decision,action\n7,agent:b,allow,\"'=cmd, \"\"x\"\"\"\n");
  }

  @Test
  void csvHasEveryColumnByDefault() {
    List<String> lines =
        cli.run("log", "list", "--verdict", "warn", "--output", "csv").ok().out().lines().toList();

    assertThat(lines.get(0))
        .isEqualTo("sequence,time,id,agent,type,decision,rule,reason,kind,session,action");
    assertThat(lines.get(1))
        .matches(
            "5,\\S+Z,[0-9a-f-]{36},agent:b,governance.check,warn,note-etc,careful,"
                + "filesystem_write,,write /etc/hosts");
  }

  @Test
  void onlyLogListPrintsCsv() {
    assertThat(cli.run("status", "--output", "csv").complaint(2))
        .contains("--output csv: only 'log list' prints CSV");
  }

  @Test
  void jsonHasTheNamedColumns() {
    assertThat(
            cli.run(
                    "log",
                    "list",
                    "--last",
                    "1",
                    "--verdict",
                    "refuse",
                    "--output",
                    "json",
                    "--columns",
                    "rule,sequence")
                .ok()
                .out())
        .isEqualTo("{\"rule\":\"no-rm\",\"sequence\":6}\n");
  }

  @Test
  void statsCountEscalationsSeparately() {
    JsonNode stats = cli.run("log", "stats", "--output", "json").ok().json();

    assertThat(stats.path("decisions"))
        .isEqualTo(Cli.json("{\"allow\":3,\"escalate\":1,\"refuse\":2,\"unknown\":0,\"warn\":1}"));
    assertThat(stats.path("rows").asInt()).isEqualTo(9);
    assertThat(stats.path("indexed").asInt()).isEqualTo(9);
    assertThat(stats.path("rules").get(0).path("name").asString()).isEqualTo("no-rm");
    assertThat(stats.path("agents").get(0).path("name").asString()).isEqualTo("agent:b");
    assertThat(stats.path("more_agents").asInt()).isZero();
  }

  @Test
  void statsArePrintedAsTables() {
    assertThat(cli.run("log", "stats", "--type", "governance.refusal").ok().out())
        .startsWith(
            """
            rows: 3; decisions: 3

            decision  number   share
            allow          0   0.0 %
            warn           0   0.0 %
            refuse         2  66.7 %
            escalate       1  33.3 %

            rule      decisions  allow  warn  refuse  escalate
            no-rm             2      0     0       2         0
            ask-push          1      0     0       0         1

            agent    decisions  allow  warn  refuse  escalate
            agent:b          2      0     0       1         1
            agent:a          1      0     0       1         0
            """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--bucket often | --bucket often: give a duration such as 5m, 1h or 1d",
        "--top -1 | --top -1: give a number of names, 0 to 1000",
        "--verdict deny | unknown verdict 'deny'"
      })
  void wrongStatsAreRefused(String options, String says) {
    List<String> args = new ArrayList<>(List.of("log", "stats"));
    args.addAll(List.of(options.split(" ")));

    assertThat(cli.run(args.toArray(String[]::new)).complaint(2)).contains(says);
  }

  @Test
  void statsStateTheNumberOfOmittedNames() {
    assertThat(cli.run("log", "stats", "--top", "1").ok().out())
        .contains("and 2 more; --top names more");
  }

  @Test
  void indexThatCannotBeWrittenIsNamed() throws Exception {
    Files.createDirectories(cli.data().resolve("index.db/in-the-way"));

    assertThat(cli.run("log", "list", "--verdict", "refuse").err()).contains("index.db");
    assertThat(cli.run("log", "list").ok().out()).contains("rm x");
  }
}
