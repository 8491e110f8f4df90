// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.decision.ExplainedDecision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/gate-corpus.md} lists the ordinary commands that the starter policy blocks. With
 * {@code -Dindelible.page=write} the test writes the page; otherwise it compares.
 */
class GateCorpusPageTest {
  /** For each rule that blocks ordinary commands, the reason why blocking them is right. */
  private static final Map<String, String> DEFENCES =
      Map.ofEntries(
          Map.entry("delete-system", "deletes below the root, in the system or in whole homes"),
          Map.entry("delete-credentials", "the pattern also matches keys and shell history"),
          Map.entry("delete-history", "deletes all of the working directory, with its repository"),
          Map.entry("delete-unknown", "the directory to delete is in a variable without a value"),
          Map.entry("disk", "writes a raw disk"),
          Map.entry(
              "write-system",
              "changes programs, libraries, scheduled jobs, or all files of the system"),
          Map.entry("write-startup", "changes files that run automatically, or a whole home"),
          Map.entry("write-credentials", "changes keys, or everything in a home with the keys"),
          Map.entry("write-command", "replaces a command that others call by its name"),
          Map.entry("agent-settings", "the pattern also matches the agent's own settings"),
          Map.entry("guard", "the pattern also matches the gate's own files"),
          Map.entry("read-credentials", "reads the keys of the machine along with the rest"),
          Map.entry("send-private", "sends a whole home or project to a host, keys included"),
          Map.entry("run-fetched", "runs a script from the network that nobody has read"),
          Map.entry("run-decoded", "runs a script that is readable only after unpacking"),
          Map.entry("root-shell", "opens a shell as another user; its commands are not checked"),
          Map.entry("privilege", "gives rights away, or gains the rights of another user"),
          Map.entry("opaque", "bash rejects the text, or the command is known only at run time"));

  @Test
  void pageListsWhatIsBlocked() throws IOException {
    String expected = page();
    Path root = Path.of(System.getProperty("indelible.page.root", ".."));
    Path page = root.resolve("docs/gate-corpus.md").normalize();
    if (System.getProperty("indelible.page", "").equals("write")) {
      Files.writeString(page, expected);
    }
    assumeTrue(Files.exists(page), "skipped: no docs beside the module");
    assertThat(Files.readString(page))
        .as("written by this test with -Dindelible.page=write")
        .isEqualTo(expected);
  }

  private static String page() {
    List<String> corpus = StarterCases.corpus();
    Map<String, List<String>> rows = new TreeMap<>();
    for (String command : corpus) {
      ExplainedDecision explained = StarterCases.decide(StarterCases.bash(command));
      if (explained.decision().isBlocking()) {
        rows.computeIfAbsent(explained.decision().ruleId().orElseThrow(), rule -> new ArrayList<>())
            .add(
                "| "
                    + code(command)
                    + " | "
                    + cell(explained.decision().reason().orElseThrow())
                    + " |");
      }
    }
    List<StarterCases.Case> benign = StarterCases.benign();
    long blocked = benign.stream().filter(each -> StarterCases.isBlocked(each.action())).count();
    int total = rows.values().stream().mapToInt(List::size).sum();
    StringBuilder text = new StringBuilder();
    text.append("# Ordinary commands that the starter policy blocks\n\n")
        .append(
            "Two corpora measure false alarms. This page is written by a test; do not edit it.\n\n")
        .append("- ")
        .append(corpus.size())
        .append(" commands from forums, ")
        .append("administration included: **")
        .append(total)
        .append(" blocked**, listed below.\n")
        .append("- ")
        .append(benign.size())
        .append(" cases of a developer's work (")
        .append("`policy/src/test/resources/dev/indelible/policy/benign-cases.jsonl`): **")
        .append(blocked)
        .append(" blocked**.\n\n")
        .append("| rule | blocked | why blocking is right |\n| --- | --- | --- |\n");
    rows.forEach(
        (rule, lines) ->
            text.append("| `")
                .append(rule)
                .append("` | ")
                .append(lines.size())
                .append(" | ")
                .append(defence(rule))
                .append(" |\n"));
    rows.forEach(
        (rule, lines) -> {
          text.append("\n## ").append(rule).append("\n\nWhy: ");
          text.append(defence(rule)).append(".\n\n| command | decision |\n| --- | --- |\n");
          lines.forEach(line -> text.append(line).append('\n'));
        });
    return text.toString();
  }

  private static String defence(String rule) {
    String defence = DEFENCES.get(rule);
    assertThat(defence).as("no reason for rule %s", rule).isNotNull();
    return defence == null ? "" : defence;
  }

  private static String code(String command) {
    return "`` " + cell(command) + " ``";
  }

  private static String cell(String text) {
    return text.replace("\n", "⏎").replace("\r", "").replace("|", "\\|").strip();
  }
}
