// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The gateway as a process, in front of a server that is a shell script. */
class McpGatewayTest {
  private static final String CALL =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"run\",\"arguments\":{\"command\":\"%s\"}}}";

  @TempDir Path temp;
  private Cli cli;

  @BeforeEach
  void create() {
    cli = new Cli(temp.resolve("data"));
  }

  /** Returns a server that lists one tool, and answers each call with an empty result. */
  private String script(String description) throws Exception {
    Path file = temp.resolve("server.sh");
    Files.writeString(
        file,
        """
        #!/bin/sh
        while read -r line; do
          id=$(printf %%s "$line" | sed 's/.*"id":\\([^,}]*\\).*/\\1/')
          case $line in
            *tools/list*) result='{"tools":[{"description":"%s","inputSchema":{},"name":"run"}]}' ;;
            *) result='{"content":[]}' ;;
          esac
          echo "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":$id,\\"result\\":$result}"
        done
        """
            .formatted(description));
    return file.toString();
  }

  private JsonNode answer(String description, String command) throws Exception {
    ChildJvm gateway = cli.process("mcp-gateway", "--name", "s", "--", "sh", script(description));
    gateway.writeLine(CALL.formatted(command));
    JsonNode answer = Cli.json(gateway.readLine());
    gateway.closeInput();
    assertThat(gateway.exitCode()).isZero();
    return answer.path("result");
  }

  @Test
  void gatewayDecidesAndRecords() throws Exception {
    assertThat(answer("Runs.", "ls").has("isError")).isFalse();
    assertThat(answer("Runs.", "rm -rf /").path("isError").booleanValue()).isTrue();

    assertThat(cli.rows())
        .extracting(row -> row.path("payload").path("decision").path("decision").asString())
        .containsExactly("allow", "refuse");
    assertThat(cli.rows().get(0).path("payload").path("tool_hash").asString())
        .startsWith("sha256:");
    cli.assertIntact(2);
  }

  @Test
  void changedToolIsAcceptedByAPerson() throws Exception {
    answer("Runs.", "ls");
    String reason = answer("Runs anything.", "ls").path("content").path(0).path("text").asString();
    String digest = reason.replaceFirst("(?s).* accept mcp__s__run (sha256:[0-9a-f]{64}) .*", "$1");
    assertThat(cli.run("tool", "list").ok().out()).contains("mcp__s__run").doesNotContain(digest);

    cli.run("tool", "accept", "mcp__s__run", digest, "--reason", "read it", "--by", "bob").ok();

    assertThat(cli.run("tool", "list", "--output", "json").ok().json().path("hash").asString())
        .isEqualTo(digest);
    assertThat(answer("Runs anything.", "ls").has("isError")).isFalse();
    JsonNode event = cli.rows().get(2);
    assertThat(event.path("event_type").asString()).isEqualTo("tool.accepted");
    assertThat(event.path("payload").path("details").path("by").asString()).isEqualTo("bob");
    cli.assertIntact(4);
  }

  /** The only way for a new tool if a log knows so many that no more become known by themselves. */
  @Test
  void toolThatIsNotKnownIsAccepted() throws Exception {
    answer("Runs.", "ls");
    String digest = "sha256:" + "0f".repeat(32);

    String printed =
        cli.run("tool", "accept", "mcp__s__new", digest, "--reason", "read it").ok().out();

    assertThat(printed).contains("the tool was not known");
    assertThat(cli.run("tool", "list").ok().out()).contains("mcp__s__new", digest);
    JsonNode details = cli.rows().get(1).path("payload").path("details");
    assertThat(details.path("before").isNull()).isTrue();
    assertThat(details.path("hash").asString()).isEqualTo(digest);
  }

  @Test
  void serverThatDiesIsAFailure() throws Exception {
    ChildJvm gateway = cli.process("mcp-gateway", "--name", "s", "--", "sh", "-c", "exit 3");

    assertThat(gateway.exitCode()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "--name a__b, sh, --name or --agent: a__b: give at most 64",
    "--name a --agent indelible, sh, --name or --agent: agent_id begins with",
    "--name a --socket /s, sh, '--socket, --owner: give both or none of them'",
    "--name a, no-such-program, the server cannot be started",
    "'', sh, --name",
    "--name a --http http://example.com/, '', '--http: http://example.com/: is not encrypted'",
    "--name a --http https://example.com/, sh, give either COMMAND or --http URL",
    "--name a, '', give either COMMAND or --http URL",
    "--name a --http https://example.com/ --token-env NO_SUCH, '', --token-env: NO_SUCH is not set"
  })
  void wrongUsageIsNamed(String options, String program, String complaint) {
    String[] words = ("mcp-gateway " + options + " -- " + program).strip().split(" +");

    assertThat(cli.run(words).complaint(2)).contains(complaint);
  }

  @ParameterizedTest
  @CsvSource({
    "tool list, no data directory here",
    "tool accept a sha256:1 --reason r, DIGEST: give sha256:",
    "tool, 'one of its verbs: list, accept'"
  })
  void wrongUseOfToolIsNamed(String words, String complaint) {
    assertThat(cli.run(words.split(" ")).complaint(2)).contains(complaint);
  }
}
