// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.program.Use;
import dev.indelible.value.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the table in {@code commands.txt}. Each entry has a script, the uses that it must have
 * ({@code => ROLE argument}, with a star after the role for a recursive use), and the roles that no
 * use may have ({@code !> ROLE}). A use is an effect of a command on its argument.
 */
class CommandsTest {
  private static final Context CONTEXT = Context.of("/home/dev/project", "/home/dev");

  record Row(String script, List<String> expected, List<String> absent) {
    @Override
    public String toString() {
      return script;
    }
  }

  static Stream<Row> rows() throws IOException {
    String text =
        Files.readString(Path.of("src/test/resources/dev/indelible/command/commands.txt"));
    List<Row> rows = new ArrayList<>();
    for (String block : text.split("\n%.*\n")) {
      int end = block.indexOf("\n=> ");
      int absent = block.indexOf("\n!> ");
      end = end < 0 || absent >= 0 && absent < end ? absent : end;
      List<String> lines = block.substring(end + 1).lines().toList();
      rows.add(
          new Row(
              block.substring(0, end),
              lines.stream()
                  .filter(line -> line.startsWith("=> "))
                  .map(CommandsTest::rest)
                  .toList(),
              lines.stream()
                  .filter(line -> line.startsWith("!> "))
                  .map(CommandsTest::rest)
                  .toList()));
    }
    return rows.stream();
  }

  private static String rest(String line) {
    return line.substring(3).strip();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void scriptHasTheUsesInTheTable(Row row) {
    List<String> found = new ArrayList<>();
    for (EffectiveCommand command : Commands.of(row.script(), CONTEXT)) {
      for (Use use : command.uses()) {
        found.add(line(command, use));
      }
    }
    assertThat(found).containsAll(row.expected());
    for (String absent : row.absent()) {
      assertThat(found).noneMatch(line -> line.startsWith(absent));
    }
  }

  /** Returns a use as a line, for example {@code DELETES* / in /tmp via sudo, sh -c on host a}. */
  private static String line(EffectiveCommand command, Use use) {
    StringBuilder line = new StringBuilder(use.role().name());
    line.append(use.isRecursive() ? "*" : "");
    for (Value argument : use.arguments()) {
      line.append(' ').append(argument.display().strip().replace("\n", "\\n"));
    }
    if (use.arguments().isEmpty()) {
      line.append(' ').append(use.detail());
    }
    if (!command.workingDirectory().equals(CONTEXT.workingDirectory())) {
      line.append(" in ").append(command.workingDirectory().display());
    }
    if (!command.via().isEmpty()) {
      line.append(" via ").append(String.join(", ", command.via()));
    }
    if (!command.machine().isEmpty()) {
      line.append(" on ").append(command.machine());
    }
    return line.toString();
  }
}
