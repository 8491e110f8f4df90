// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program in Go, which checks what the command wrote with code that is not ours. */
final class GoProgram {
  private final Path program;
  private String output = "";

  /**
   * Builds a program of {@code transparency/src/test/go}.
   *
   * @param libraries the {@code GOPATH} with its libraries
   */
  GoProgram(Path go, Path libraries, String source, Path folder) throws Exception {
    program = folder.resolve("check");
    Path file = Path.of(System.getProperty("indelible.root"), "transparency/src/test/go", source);
    ProcessBuilder build =
        new ProcessBuilder(
            go.toString(), "build", "-o", program.toString(), file.toAbsolutePath().toString());
    build.environment().put("GO111MODULE", "off");
    build.environment().put("GOPATH", libraries.toString());
    build.environment().put("GOCACHE", folder.resolve("go-cache").toString());
    assertThat(run(build)).as(output).isZero();
  }

  /** Runs the program, and returns its exit status. */
  int run(String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(args));
    return run(new ProcessBuilder(command));
  }

  private int run(ProcessBuilder process) throws IOException, InterruptedException {
    Process running = process.redirectErrorStream(true).start();
    running.getOutputStream().close();
    output = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(running.waitFor(2, TimeUnit.MINUTES)).isTrue();
    return running.exitValue();
  }

  /** What the last run printed, errors included. */
  String output() {
    return output;
  }
}
