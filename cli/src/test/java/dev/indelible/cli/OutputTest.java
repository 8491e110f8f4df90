// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Output that cannot be written. */
class OutputTest {
  private static final String FULL_DISK = "No space left on device";
  private static final String CLOSED_PIPE = "Broken pipe";

  @TempDir Path directory;
  private Cli cli;
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void recordOneRow() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "--version",
        "help check",
        "check {\"kind\":\"bash\",\"command\":\"ls\"}",
        "demo",
        "log list",
        "--output json log list",
        "log show 1",
        "log tail --no-follow",
        "log verify",
        "status",
        "--output json status",
        "keys export",
        "dlq list"
      })
  void fullDiskIsAFailureOfEveryVerb(String verb) {
    assertThat(run(FULL_DISK, verb.split(" "))).as(err.toString()).isEqualTo(ExitCode.FAILED);

    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo("indelible: standard output: " + FULL_DISK + "\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "log list", "log verify", "status"})
  void closedPipeIsNotAFailure(String verb) {
    assertThat(run(CLOSED_PIPE, verb.split(" "))).isZero();

    assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  /** The decision is recorded; a decision that was not printed permits nothing. */
  @Test
  void unprintedDecisionIsRecorded() {
    assertThat(run(FULL_DISK, "check", Cli.bash("rm -rf /"))).isEqualTo(ExitCode.FAILED);

    cli.assertIntact(2);
  }

  @Test
  void longOutputEndsAtItsFirstFailure() {
    String input = Cli.line("agent:a", Cli.bash("ls")).repeat(500);

    assertThat(run(FULL_DISK, new Input(input), "gate")).isEqualTo(ExitCode.FAILED);

    assertThat(err.toString(StandardCharsets.UTF_8)).contains(FULL_DISK);
    assertThat(cli.rows().size()).isLessThan(501);
  }

  private int run(String failure, String... args) {
    return run(failure, new Input(""), args);
  }

  private int run(String failure, Input input, String... args) {
    OutputStream failing =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException(failure);
          }
        };
    List<String> all = new ArrayList<>(List.of("--data", cli.data().toString()));
    all.addAll(List.of(args));
    Console console =
        new Console(
            input.stream(),
            new PrintStream(new StandardOutput(failing), false, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            false,
            System::nanoTime);
    return Main.run(console, all.toArray(String[]::new));
  }

  /** Standard input. */
  private record Input(String text) {
    InputStream stream() {
      return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }
  }
}
