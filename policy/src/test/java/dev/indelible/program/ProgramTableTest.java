// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.value.Value;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The tests in each entry of the program table, and the errors for malformed entries. */
class ProgramTableTest {
  @TestFactory
  Stream<DynamicTest> everyEntryPassesItsTests() {
    return new TreeSet<>(Programs.standard().entries())
        .stream().map(entry -> DynamicTest.dynamicTest(entry, () -> requirePassing(entry)));
  }

  private static void requirePassing(String entry) {
    String file = entry + ".yaml";
    Map<String, List<String>> tests = TableReader.tests(file, Programs.resource(file));
    Program program = TableReader.read(entry, file, Programs.resource(file));
    assertThat(tests).isNotEmpty();
    tests.forEach(
        (line, expected) -> {
          Invocation invocation = program.read(Lines.argv(line));
          List<String> uses =
              new ArrayList<>(invocation.uses().stream().map(Lines::display).toList());
          if (expected.stream().anyMatch(text -> text.startsWith("prints "))) {
            uses.add("prints " + invocation.output().name().toLowerCase(java.util.Locale.ROOT));
          }
          if (expected.stream().anyMatch(text -> text.startsWith("operands"))) {
            uses.add("operands " + Values.joined(invocation.operands(), 0).display());
          }
          assertThat(uses).as(line).isEqualTo(expected);
        });
  }

  @Test
  void versionedAndWindowsNamesFindTheEntry() {
    Programs programs = Programs.standard();
    for (String name : List.of("python3.12", "/usr/bin/python", "PYTHON.EXE", "C:\\x\\python3")) {
      assertThat(programs.find(name)).as(name).get().extracting(Program::name).isEqualTo("python");
    }
    for (String name : List.of("", "/", ".", "..", "../rm.yaml", "rm2", "no-such-program")) {
      if (!name.equals(".")) {
        assertThat(programs.find(name)).as(name).isEmpty();
      }
    }
  }

  @Test
  void everyResourceIsAnEntry() throws IOException {
    Set<String> resources = new TreeSet<>();
    Path directory = Path.of("src/main/resources/dev/indelible/program");
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.yaml")) {
      files.forEach(file -> resources.add(file.getFileName().toString().replace(".yaml", "")));
    }
    resources.removeAll(Set.of("variables", "code"));
    assertThat(resources).isEqualTo(new TreeSet<>(Programs.standard().entries()));
  }

  @Test
  void anyArgumentsAreRead() {
    Random random = new Random(7);
    for (String entry : Programs.standard().entries()) {
      String file = entry + ".yaml";
      List<Value> words =
          new ArrayList<>(Lines.argv("-- - + -x --x= $A -$A * ~ '' = a:b @x ; {} ( !"));
      TableReader.tests(file, Programs.resource(file))
          .keySet()
          .forEach(line -> words.addAll(Lines.argv(line)));
      Program program = TableReader.read(entry, file, Programs.resource(file));
      for (int run = 0; run < 300; run++) {
        List<Value> argv = new ArrayList<>();
        for (int i = random.nextInt(8); i >= 0; i--) {
          argv.add(words.get(random.nextInt(words.size())));
        }
        assertThatCode(() -> program.read(argv))
            .as("%s %s", entry, argv)
            .doesNotThrowAnyException();
      }
    }
  }

  @Test
  void veryManyArgumentsAreRead() {
    for (String entry : Programs.standard().entries()) {
      Program program = Programs.standard().find(entry).orElseThrow();
      for (String word : List.of("a", "-x", "-exec", "(", "stop", "A", "=", ":::")) {
        List<Value> argv = Collections.nCopies(1_000, Value.of(word));
        assertThatCode(() -> program.read(argv))
            .as("%s %s", entry, word)
            .doesNotThrowAnyException();
      }
      Value parts = Value.of("a:b,c=d/e ".repeat(500));
      assertThatCode(() -> program.read(Collections.nCopies(4, parts)))
          .as(entry)
          .doesNotThrowAnyException();
    }
  }

  @Test
  void unknownKeyNamesFileAndKey() {
    assertThatThrownBy(() -> TableReader.read("x", "x.yaml", "option: {}\ntests: |\n"))
        .isInstanceOf(ProgramTableException.class)
        .hasMessage("x.yaml: has the unknown key \"option\"");
    assertThatThrownBy(() -> TableReader.read("x", "x.yaml", "operands: removes\ntests: |\n"))
        .hasMessage("x.yaml: \"removes\" is not understood");
    assertThatThrownBy(() -> TableReader.read("x", "x.yaml", "operands: deletes\n"))
        .hasMessage("x.yaml: has no tests; end it with \"tests: |\"");
    assertThatThrownBy(
            () -> TableReader.read("x", "x.yaml", "with: {-x: {output: other}}\ntests: |\n"))
        .hasMessage("x.yaml: a condition names the option -x, which is not declared");
    assertThatThrownBy(
            () -> TableReader.read("x", "x.yaml", "values: -x -y\nflags: -z -x\ntests: |\n"))
        .hasMessage("x.yaml: declares the option -x twice");
    assertThatThrownBy(() -> TableReader.read("x", "x.yaml", "uses: [\ntests: |\n"))
        .hasMessageStartingWith("x.yaml: not YAML: ");
  }

  @Test
  void variablesThatRunProgramsAreDetours() {
    assertThat(variable("GIT_SSH_COMMAND", "sh /tmp/p.sh"))
        .containsExactly("detour runs-shell 'sh /tmp/p.sh'");
    assertThat(variable("LD_PRELOAD", "/tmp/x.so"))
        .containsExactly("detour runs-file /tmp/x.so (library)");
    assertThat(variable("PAGER", "cat")).isEmpty();
    assertThat(variable("GIT_PAGER", "")).isEmpty();
    assertThat(variable("GIT_EDITOR", ":")).isEmpty();
    assertThat(variable("NODE_OPTIONS", "--max-old-space-size=4096")).isEmpty();
    assertThat(variable("NODE_OPTIONS", "--require /tmp/x.js")).isNotEmpty();
    assertThat(variable("EDITOR", "cat; rm -rf /")).isNotEmpty();
    assertThat(variable("FOO", "bar")).isEmpty();
  }

  private static List<String> variable(String name, String value) {
    return Programs.standard().variable(name, Value.of(value)).stream()
        .map(Lines::display)
        .toList();
  }
}
