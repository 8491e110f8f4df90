// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.ChildJvm;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs in README compile; the first one runs, and prints what README shows. */
class ReadmeTest {
  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern CLASS = Pattern.compile("public class (\\w+)");
  private static final Pattern SESSION =
      Pattern.compile(
          "```console\n.*sqlite3 [^\"]*\"(?<sql>[^\"]*)\"\n[^\n]*log verify\n(?<output>.*?)```",
          Pattern.DOTALL);
  private static final Path ROOT = Path.of(System.getProperty("indelible.root"));

  @TempDir Path directory;

  @BeforeEach
  void compiled() throws Exception {
    List<String> arguments = new ArrayList<>(List.of("-proc:none", "-d", directory.toString()));
    arguments.addAll(List.of("-cp", System.getProperty("java.class.path")));
    for (Map.Entry<String, String> program : programs().entrySet()) {
      Path file = directory.resolve(program.getKey() + ".java");
      arguments.add(Files.writeString(file, program.getValue()).toString());
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    ByteArrayOutputStream problems = new ByteArrayOutputStream();
    int status = compiler.run(null, problems, problems, arguments.toArray(String[]::new));
    assertThat(status).as(problems.toString(StandardCharsets.UTF_8)).isZero();
  }

  @Test
  void firstProgramRefuses() throws Exception {
    String out =
        ChildJvm.running("Quickstart", directory)
            .errorsTo(directory.resolve("errors"))
            .start()
            .output();

    assertThat(out)
        .isEqualTo(
            "refused: an agent does not delete the system or a home directory:"
                + " deletes / recursively");
    new Cli(directory.resolve("indelible-data")).assertIntact(1);
  }

  @Test
  void damagedRowIsReportedAsShown() throws Exception {
    Cli cli = new Cli(directory.resolve("damaged"));
    cli.run("check", "bash", "ls").ok();
    cli.run("check", "bash", "rm -rf /");
    cli.run("check", "bash", "git status").ok();
    Matcher session = SESSION.matcher(Files.readString(ROOT.resolve("README.md")));
    assertThat(session.find()).isTrue();
    cli.sql(session.group("sql"));
    Cli.Result verified = cli.run("log", "verify");

    assertThat(verified.exit()).isEqualTo(1);
    for (String shown : session.group("output").split("\n")) {
      assertThat(verified.out().lines()).anyMatch(line -> line.startsWith(shown.split("…", 2)[0]));
    }
  }

  private static Map<String, String> programs() throws Exception {
    Map<String, String> programs = new TreeMap<>();
    Matcher block = JAVA.matcher(Files.readString(ROOT.resolve("README.md")));
    while (block.find()) {
      Matcher name = CLASS.matcher(block.group(1));
      assertThat(name.find()).as(block.group(1)).isTrue();
      programs.put(name.group(1), block.group(1));
    }
    assertThat(programs).hasSizeGreaterThanOrEqualTo(2);
    return programs;
  }
}
