// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;

/** An agent may use the verbs listed here; the gate refuses it every other verb. */
class GuardedVerbsTest {
  /** Verbs that decide, read, or need what only a person has. */
  private static final Set<String> FOR_AGENTS =
      new TreeSet<>(
          List.of(
              "approvals list",
              "approvals show",
              "bench drain",
              "bench gate",
              "bench submit",
              "bench verify",
              "check",
              "demo",
              "fleet status",
              "gate",
              "gates list",
              "help",
              "hook claude-code",
              "hook codex",
              "hook copilot",
              "hook cursor",
              "hook gemini",
              "hook opencode",
              "log export",
              "log list",
              "log prove",
              "log show",
              "log stats",
              "log tail",
              "log verify",
              "mcp",
              "mcp-gateway",
              "proof verify",
              "status",
              "tool list"));

  @TempDir Path directory;

  @Test
  void verbThatIsNotListedIsRefused() {
    List<String> verbs = new ArrayList<>();
    CommandLine root = new CommandLine(new Root(Console.system()));
    Verbs.addNamed(root);
    collect(root, "", verbs);
    StringBuilder lines = new StringBuilder();
    verbs.forEach(verb -> lines.append(Cli.line("agent:a", Cli.bash("indelible " + verb + " x"))));

    List<JsonNode> decisions =
        new Cli(directory.resolve("data")).runOn(lines.toString(), "gate").jsonLines();

    Set<String> allowed = new TreeSet<>();
    for (int i = 0; i < verbs.size(); i++) {
      if (!decisions.get(i).path("decision").asString().equals("refuse")) {
        allowed.add(verbs.get(i));
      }
    }
    assertThat(allowed).isEqualTo(FOR_AGENTS);
  }

  private static void collect(CommandLine command, String path, List<String> verbs) {
    if (command.getSubcommands().isEmpty()) {
      verbs.add(path.strip());
    }
    command.getSubcommands().forEach((name, verb) -> collect(verb, path + " " + name, verbs));
  }
}
