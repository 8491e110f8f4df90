// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Recorded text must not control the terminal of the person who reads it: escape sequences, line
 * breaks and reversed text are escaped.
 */
class TerminalSafetyTest {
  /** Clears the screen, rings the bell, forges a line, reverses text, and hides characters. */
  private static final String HOSTILE =
      "a\u001b[2J\u0007\u009b31m\r\nforged\u0085\u2028\u2029\u202e\u2066\u200b\u00ad\ufeffz";

  /** Permitted output: our colours, line feeds and printable characters. */
  private static final String OUR_COLOURS = "\u001b\\[(0|1|2|31|32|33)m";

  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void hostileRowsAndDeadLettersAreEscaped() throws Exception {
    cli = new Cli(directory.resolve("data"));
    Files.createDirectories(cli.data().resolve("policy"));
    Files.writeString(
        cli.data().resolve("policy/rules.yaml"),
        """
        version: 1
        rules:
          - id: "T\\u202e1"
            severity: refuse
            reason: "no \\x1b[2J deletes"
            match: {kind: bash, command_substring: delete}
        """);
    cli.run("check", "--agent", "agent:\u202e\u2066\u200bx", action("ls")).ok();
    cli.run("check", action("delete"));
    cli.runOn("{\"" + escaped() + "\": 1}\n", "gate");
    cli.sql(
        "INSERT INTO signed_events_dlq (id, agent_id, event_type, payload_hash, timestamp,"
            + " payload, failure_reason, failed_at, attempts) VALUES ("
            + ("'" + HOSTILE + "',").repeat(3)
            + "x'00',"
            + ("'" + HOSTILE + "',").repeat(4)
            + "5)");
    for (String column : List.of("id", "agent_id", "event_type", "timestamp", "payload")) {
      cli.sql("UPDATE signed_events SET " + column + " = '" + HOSTILE + "' WHERE sequence = 2");
    }
    cli.sql("UPDATE signed_events SET attest_level = '" + HOSTILE + "' WHERE sequence = 2");
    cli.sql("UPDATE signed_events SET key_id = '" + HOSTILE + "' WHERE sequence = 3");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "log list",
        "log show 2",
        "log show 3",
        "log show 4",
        "log tail --no-follow",
        "log verify",
        "dlq list",
        "dlq show 1",
        "status",
        "keys list"
      })
  void hostileTextReachesNoPipeAndNoTerminal(String verb) {
    assertHarmless(cli.run(verb.split(" ")), "");
    assertHarmless(cli.runOnTerminal(verb.split(" ")), OUR_COLOURS);
  }

  @Test
  void reasonOfARuleIsEscaped() {
    Result result = cli.run("check", action("delete"));

    assertThat(result.out()).startsWith("refuse  T\\u202e1  no \\x1b[2J deletes\n");
    assertHarmless(result, "");
  }

  @Test
  void hostileTextInMessagesIsEscaped() {
    String kind = "{\"kind\":\"" + escaped() + "\"}";

    assertHarmless(cli.run("check", kind), "");
    assertHarmless(cli.run("check", "--verbose", kind), "");
    assertHarmless(cli.run("check", "{" + HOSTILE), "");
    assertHarmless(cli.run(HOSTILE), "");
    assertHarmless(cli.run("log", "show", HOSTILE), "");
    assertHarmless(cli.run("log", "list", "--limit", HOSTILE), "");
    assertHarmless(cli.run("log", "verify", "--key", HOSTILE), "");
    assertHarmless(cli.runOn("{\"agent_id\":\"a\",\"action\":" + kind + "}\n", "gate"), "");
  }

  /** Every hostile character is visible as an escape. */
  @Test
  void hostileCharactersAreShownAsEscapes() {
    assertThat(cli.run("log", "show", "2").out())
        .contains("\\x1b[2J\\x07\\x9b31m\\x0d\\x0aforged\\x85\\u2028\\u2029\\u202e\\u2066\\u200b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "gate", "log list", "log verify", "status", "--help"})
  void pipeGetsNoColours(String verb) {
    Result result = cli.runOn(Cli.bash("ls"), verb.split(" "));

    assertThat(result.out() + result.err()).doesNotContain("\u001b");
  }

  @Test
  void terminalGetsColours() {
    assertThat(cli.runOnTerminal("log", "list").out()).contains("\u001b[");
  }

  private static void assertHarmless(Result result, String exceptFor) {
    for (String text : List.of(result.out(), result.err())) {
      Stream<String> bad =
          text.replaceAll(exceptFor.isEmpty() ? "(?!)" : exceptFor, "")
              .codePoints()
              .filter(c -> c != '\n')
              .filter(
                  c ->
                      switch (Character.getType(c)) {
                        case Character.CONTROL,
                            Character.FORMAT,
                            Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR ->
                            true;
                        default -> false;
                      })
              .mapToObj("U+%04X"::formatted);
      assertThat(bad).as(text).isEmpty();
      assertThat(text.lines()).noneMatch(line -> line.startsWith("forged"));
    }
  }

  private static String action(String command) {
    return Cli.bash(command + escaped());
  }

  /** Returns the hostile text, escaped for JSON. */
  private static String escaped() {
    StringBuilder json = new StringBuilder();
    HOSTILE
        .chars()
        .forEach(c -> json.append(c < 32 ? "\\u%04x".formatted(c) : String.valueOf((char) c)));
    return json.toString();
  }
}
