// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.cli.Cli.Result;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code indelible gate}. */
class GateTest {
  private static final int CORPUS_LINES = 3_200;

  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void freshData() {
    cli = new Cli(directory.resolve("data"));
  }

  @Test
  void eachLineGetsOneDecisionInOrder() {
    String input =
        Cli.line("agent:1", Cli.bash("ls"))
            + Cli.line("agent:2", Cli.bash("rm -rf /"))
            + Cli.line("agent:3", Cli.bash("pwd"));

    List<JsonNode> decisions = cli.runOn(input, "gate").ok().jsonLines();

    assertThat(decisions)
        .extracting(line -> line.path("agent_id").asString())
        .containsExactly("agent:1", "agent:2", "agent:3");
    assertThat(decisions)
        .extracting(line -> line.path("decision").asString())
        .containsExactly("allow", "refuse", "allow");
  }

  @Test
  void decisionLineIsOneObjectWithTheseMembers() {
    Result result = cli.runOn(Cli.line("agent:bob", Cli.bash("rm -rf /")), "gate").ok();

    String id = cli.rows().get(0).path("id").asString();
    assertThat(result.json())
        .isEqualTo(
            Cli.json(
                "{\"id\":\""
                    + id
                    + "\",\"agent_id\":\"agent:bob\",\"decision\":\"refuse\",\"effective_command\":"
                    + "\"rm -rf /\",\"facts\":[\"deletes / recursively\","
                    + "\"changes guard / recursively\"],\"matched\":[\"delete-system\","
                    + "\"delete-documents\",\"delete-credentials\",\"delete-audit\",\"disk\",\"agent-settings\","
                    + "\"guard\"],\"rule_id\":\"delete-system\",\"reason\":\"an agent does not delete"
                    + " the system or a home directory: deletes / recursively\"}"));
  }

  /** The rows have the printed ids, in the printed order (promises D3 and D4). */
  @Test
  void printedIdsEqualTheIdsInTheChain() {
    StringBuilder input = new StringBuilder();
    for (int i = 0; i < 500; i++) {
      input.append(Cli.line("agent:" + i % 7, Cli.bash("ls " + i)));
    }

    List<JsonNode> decisions = cli.runOn(input.toString(), "gate").ok().jsonLines();

    assertThat(cli.rows())
        .extracting(row -> row.path("id").asString())
        .isEqualTo(decisions.stream().map(line -> line.path("id").asString()).toList());
    cli.assertIntact(500);
  }

  @Test
  void emptyInputGivesNoOutput() {
    assertThat(cli.runOn("", "gate").ok().out()).isEmpty();
  }

  @Test
  void emptyLinesAndMissingLastNewlineAreAccepted() {
    String input =
        "\n\r\n" + Cli.line("a", Cli.bash("ls")) + "\n\n" + Cli.line("b", Cli.bash("ls")).strip();

    assertThat(cli.runOn(input, "gate").ok().jsonLines()).hasSize(2);
  }

  @Test
  void windowsLineEndsAreAccepted() {
    String input = Cli.line("a", Cli.bash("ls")).replace("\n", "\r\n").repeat(2);

    assertThat(cli.runOn(input, "gate").ok().jsonLines()).hasSize(2);
  }

  @Test
  void unreadableLineIsRefusedAndTheStreamContinues() {
    String input =
        Cli.line("a", Cli.bash("ls")) + "{what is this?}\n" + Cli.line("b", Cli.bash("pwd"));

    Result result = cli.runOn(input, "gate");

    assertThat(result.complaint(2))
        .startsWith("indelible: line 2: not JSON at column 2: ")
        .endsWith("; refused");
    assertThat(result.jsonLines())
        .extracting(line -> line.path("decision").asString())
        .containsExactly("allow", "refuse", "allow");
    assertThat(cli.rows())
        .extracting(row -> row.path("event_type").asString())
        .containsExactly("governance.check", "governance.refusal", "governance.check");
    cli.assertIntact(3);
  }

  /** The record of an unreadable line has its number, size and digest. */
  @Test
  void unreadableLineIsRecordedByNumberSizeAndDigest() {
    cli.runOn("\nabc\n", "gate");

    JsonNode payload = cli.rows().get(0).path("payload");
    assertThat(payload.path("action").path("payload"))
        .isEqualTo(
            Cli.json(
                "{\"bytes\":3,\"line\":2,\"sha256\":"
                    + "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}"));
    assertThat(payload.path("decision").path("rule_id").asString())
        .isEqualTo("indelible.unreadable");
  }

  @Test
  @Timeout(120)
  void claudeCorpusGetsOneDecisionPerLine() throws Exception {
    Path corpus =
        Path.of(System.getProperty("indelible.root"), "../shared/corpus/claude-pretooluse.jsonl");
    assumeTrue(Files.exists(corpus), "the corpus is not here: " + corpus);

    Result result = cli.runOn(Files.readAllBytes(corpus), "gate", "--format", "claude").ok();

    assertThat(result.out().lines()).hasSize(CORPUS_LINES);
    cli.assertIntact(CORPUS_LINES);
  }

  @Test
  void claudeToolBecomesItsKindOfAction() {
    String event =
        """
        {"session_id":"s1","hook_event_name":"PreToolUse","tool_name":"Bash",\
        "tool_input":{"command":"rm -rf /","description":"x"},"cwd":"/home/dev"}
        """;

    Result result = cli.runOn(event, "gate", "--format", "claude").ok();

    assertThat(result.json().path("agent_id").asString()).isEqualTo("claude:s1");
    assertThat(result.json().path("decision").asString()).isEqualTo("refuse");
    assertThat(cli.rows().get(0).path("payload").path("action"))
        .isEqualTo(Cli.json("{\"kind\":\"bash\",\"command\":\"rm -rf /\",\"cwd\":\"/home/dev\"}"));
  }

  @Test
  void unknownClaudeToolIsRecordedWithItsArguments() {
    String event =
        """
        {"session_id":"s1","tool_name":"mcp__bank__pay","tool_input":{"to":"bob","amount":3}}
        """;

    cli.runOn(event, "gate", "--format", "claude").ok();

    assertThat(cli.rows().get(0).path("payload").path("action"))
        .isEqualTo(
            Cli.json(
                "{\"kind\":\"tool_call\",\"tool\":\"mcp__bank__pay\","
                    + "\"arguments\":{\"to\":\"bob\",\"amount\":3}}"));
  }

  /**
   * A caller may wait for each answer before it sends the next line. No buffer may hold the answer
   * back, even if the caller has already sent a part of that line.
   */
  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "{\"agent_id\":\"half of the next li"})
  @Timeout(60)
  void eachLineIsAnsweredBeforeTheNextIsSent(String behindTheLine) throws Exception {
    PipedOutputStream ask = new PipedOutputStream();
    PipedInputStream answers = new PipedInputStream();
    OutputStream buffered = new BufferedOutputStream(new PipedOutputStream(answers), 1 << 16);
    InputStream questions = new PipedInputStream(ask);
    CompletableFuture<Integer> exit =
        CompletableFuture.supplyAsync(
            () ->
                Main.run(
                    new Console(
                        questions,
                        new PrintStream(buffered, false, StandardCharsets.UTF_8),
                        new PrintStream(OutputStream.nullOutputStream(), true),
                        false,
                        false,
                        System::nanoTime),
                    "--data",
                    cli.data().toString(),
                    "gate"));
    BufferedReader answer =
        new BufferedReader(new InputStreamReader(answers, StandardCharsets.UTF_8));

    ask.write(
        (Cli.line("agent:1", Cli.bash("ls")) + behindTheLine).getBytes(StandardCharsets.UTF_8));
    ask.flush();
    assertThat(answer.readLine()).contains("\"agent:1\"");
    ask.close();

    assertThat(exit.get(30, TimeUnit.SECONDS)).isEqualTo(behindTheLine.length() > 1 ? 2 : 0);
  }

  @Test
  void closedOutputEndsTheStream() {
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("broken pipe");
          }
        };
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    String input = Cli.line("a", Cli.bash("ls")).repeat(10);

    int exit =
        Main.run(
            new Console(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(closed),
                new PrintStream(err, true),
                false,
                false,
                System::nanoTime),
            "--data",
            cli.data().toString(),
            "gate");

    assertThat(exit).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith(
            "indelible: standard output is closed, so nobody reads the decisions; stopped at line ");
  }
}
