// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.ChildJvm;
import dev.indelible.testkit.Sample;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The start of the command: how much it loads, and what it requires of the machine. */
@Timeout(120)
class StartTest {
  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void recordOneRow() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
  }

  @Test
  void checkLoadsOnlyNeededClasses() throws Exception {
    Path loaded = directory.resolve("loaded");
    Run run = run(List.of("-Xlog:class+load:file=" + loaded), "check", Cli.bash("ls"));

    assertThat(run.exit()).as(run.err()).isZero();
    List<String> classes = Files.readAllLines(loaded);
    assertThat(classes).anyMatch(line -> line.contains(" dev.indelible.gate.Gate "));
    assertThat(classes)
        .filteredOn(
            line ->
                line.contains(" tools.jackson.databind.ObjectMapper ")
                    || line.contains(" tools.jackson.databind.deser.")
                    || line.contains(" tools.jackson.databind.ser.")
                    || line.contains(" org.bouncycastle.jce."))
        .isEmpty();
  }

  /** Locales with digits of their own. */
  static Stream<String> locales() {
    return Stream.of("th-TH-u-nu-thai", "ar-EG", "fa-IR").limit(Sample.step(3) == 1 ? 3 : 1);
  }

  @ParameterizedTest
  @MethodSource("locales")
  void digitsAreAsciiInEveryLocale(String locale) throws Exception {
    List<String> jvm = new ArrayList<>();
    String[] parts = locale.split("-", 4);
    jvm.add("-Duser.language=" + parts[0]);
    jvm.add("-Duser.country=" + parts[1]);
    if (parts.length > 2) {
      jvm.add("-Duser.extensions=" + parts[2] + "-" + parts[3]);
    }

    for (String[] verb : new String[][] {{"status"}, {"log", "verify"}, {"log", "list"}}) {
      Run run = run(jvm, verb);

      assertThat(run.exit()).as(run.err()).isZero();
      assertThat(run.out()).contains("1").matches("(?s)[^\\p{Nd}]*([0-9][^\\p{Nd}]*)*");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"status", "log verify", "log list", "check {\"kind\":\"read\",\"surface\":\"x\"}"})
  void absentTemporaryDirectoryIsNamed(String verb) throws Exception {
    Path absent = directory.resolve("absent");

    Run run = run(List.of("-Djava.io.tmpdir=" + absent), verb.split(" "));

    assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
    // Newer Java prints its own warning about the directory.
    List<String> ours =
        run.err().lines().filter(line -> !line.startsWith("WARNING: java.io.tmpdir")).toList();
    assertThat(ours).hasSize(1);
    assertThat(ours.get(0))
        .startsWith("indelible: SQLite's native library cannot be unpacked into " + absent)
        .contains("set -Dorg.sqlite.tmpdir=DIR");
  }

  @Test
  void nothingIsLeftInTheTemporaryDirectory() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("temporary"));

    assertThat(run(List.of("-Djava.io.tmpdir=" + temporary), "status").exit()).isZero();

    try (var left = Files.list(temporary)) {
      assertThat(left.filter(file -> !file.getFileName().toString().startsWith("hsperf")))
          .isEmpty();
    }
  }

  private Run run(List<String> jvm, String... verb) throws Exception {
    Path err = Files.createTempFile(directory, "err", "");
    ChildJvm process =
        cli.process(Cli.launcher().with(jvm.toArray(String[]::new)).errorsTo(err), verb);
    String out = String.join("\n", process.remainingLines());
    return new Run(process.exitCode(), out, process.errors());
  }

  /** The result of a run. */
  private record Run(int exit, String out, String err) {}
}
