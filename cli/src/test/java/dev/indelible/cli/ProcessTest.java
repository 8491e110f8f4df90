// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The command in its own process, with real pipes and real signals. */
@Tag("any-jdk")
@Timeout(120)
@DisabledOnOs(OS.WINDOWS)
class ProcessTest {
  /** The status that a shell reports after SIGTERM: 128 and the number of the signal. */
  private static final int ENDED_BY_SIGTERM = 143;

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void recordOneRow() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
  }

  @Test
  void gateAnswersEachLineBeforeTheNextIsSent() throws Exception {
    ChildJvm gate = cli.process("gate");
    for (int i = 0; i < 20; i++) {
      gate.writeLine(Cli.line("agent:" + i, Cli.bash("ls")).strip());

      assertThat(gate.readLine()).contains("\"agent_id\":\"agent:" + i + "\"");
    }
    gate.closeInput();
    gate.requireSuccess();
    cli.assertIntact(21);
  }

  /** After SIGTERM each answered decision is in the chain exactly once (promises D2 and D9). */
  @Test
  void terminatedGateDrainsAcceptedEvents() throws Exception {
    ChildJvm gate = cli.process("gate");
    Thread asker = new Thread(() -> askUntilTheProcessEnds(gate));
    asker.setDaemon(true);
    asker.start();
    List<String> answered = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      answered.add(gate.readLine());
    }

    gate.terminate();

    answered.addAll(gate.remainingLines());
    assertThat(gate.exitCode()).isEqualTo(ENDED_BY_SIGTERM);
    List<String> chain = cli.rows().stream().map(row -> row.path("id").asString()).toList();
    List<String> recorded = new ArrayList<>();
    for (String line : answered) {
      JsonNode answer = Cli.json(line);
      if (answer.path("id").isNull()) {
        assertThat(answer.path("rule_id").asString()).isEqualTo("indelible.not_recorded");
      } else {
        recorded.add(answer.path("id").asString());
      }
    }
    assertThat(chain).doesNotHaveDuplicates().containsAll(recorded);
    cli.assertIntact(chain.size());
    assertThat(cli.run("status").out()).contains("0 pending, its last");
  }

  /** Two processes append to one chain. */
  @Test
  void twoGatesAtOnceWriteOneChain() throws Exception {
    String input = Cli.line("agent:a", Cli.bash("ls")).repeat(500);
    Path lines = Files.writeString(directory.resolve("lines"), input);
    List<ChildJvm> gates =
        List.of(
            cli.process(Cli.launcher().input(lines), "gate"),
            cli.process(Cli.launcher().input(lines), "gate"));

    for (ChildJvm gate : gates) {
      assertThat(gate.remainingLines()).hasSize(500);
      gate.requireSuccess();
    }
    cli.assertIntact(1_001);
  }

  @Test
  void tailShowsRowsOfAnotherProcessUntilTerminated() throws Exception {
    ChildJvm tail = cli.process("log", "tail", "--output", "json");
    assertThat(tail.readLine()).contains("\"sequence\":1,");
    assertThat(tail.readLine()).contains("\"sequence\":2,");

    for (int sequence = 3; sequence <= 5; sequence++) {
      cli.run("check", Cli.bash("ls " + sequence)).ok();

      assertThat(tail.readLine()).contains("\"sequence\":" + sequence + ",");
    }
    tail.terminate();

    assertThat(tail.exitCode()).isEqualTo(ENDED_BY_SIGTERM);
  }

  @Test
  void tailEndsWhenItsReaderLeaves() throws Exception {
    ChildJvm tail = cli.process("log", "tail", "--output", "json");
    assertThat(tail.readLine()).contains("\"sequence\":1,");
    tail.closeOutput();

    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              cli.run("check", Cli.bash("ls")).ok();
              return !tail.runsFor(Duration.ZERO);
            });
    tail.requireSuccess();
  }

  @Test
  void listEndsWhenItsReaderLeaves() throws Exception {
    cli.runOn(Cli.line("agent:a", Cli.bash("ls")).repeat(5_000), "gate").ok();
    ChildJvm list = cli.process("log", "list");
    list.readLine();
    list.closeOutput();

    list.requireSuccess();
  }

  @Test
  void measurementLeavesNoFiles() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));

    bench(temporary, "gate", "1000").requireSuccess();

    assertThat(measuringIn(temporary)).isEmpty();
  }

  /** These shutdown hooks also run after Ctrl-C. */
  @ParameterizedTest
  @ValueSource(strings = {"drain", "submit", "verify", "gate"})
  void terminatedMeasurementLeavesNoFiles(String verb) throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    ChildJvm bench = bench(temporary, verb, "200000");
    await().atMost(PATIENCE).until(() -> isAtWork(temporary));

    bench.terminate();

    assertThat(bench.exitCode()).isEqualTo(ENDED_BY_SIGTERM);
    assertThat(measuringIn(temporary)).isEmpty();
  }

  private ChildJvm bench(Path temporary, String verb, String events) throws IOException {
    return cli.process(
        Cli.launcher().with("-Xmx1g", "-Djava.io.tmpdir=" + temporary),
        "bench",
        verb,
        "--events",
        events);
  }

  private static boolean isAtWork(Path temporary) throws IOException {
    for (Path measuring : measuringIn(temporary)) {
      try (Stream<Path> files = Files.list(measuring)) {
        return files.findAny().isPresent();
      }
    }
    return false;
  }

  private static List<Path> measuringIn(Path temporary) throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("indelible-bench-"))
          .toList();
    }
  }

  @Test
  void pipeGetsNoColours() throws Exception {
    for (String[] verb : new String[][] {{"log", "list"}, {"status"}, {"--help"}}) {
      assertThat(cli.process(verb).output()).isNotEmpty().doesNotContain("\u001b");
    }
  }

  /** An anchor file that the environment names is compared with the log without an option. */
  @Test
  void anchorInTheEnvironmentIsComparedWithTheLog() throws Exception {
    Path anchor = cli.data().resolveSibling("elsewhere.anchor");
    do {
      // The process may end before it has written the anchor.
      cli.run("check", "--anchor", anchor.toString(), Cli.bash("ls"));
    } while (!Files.exists(anchor));
    assertThat(anchored("log", "verify")).anyMatch(line -> line.matches("anchor +ok .*"));
    Files.delete(anchor);
    assertThat(anchored("log", "verify"))
        .anyMatch(line -> line.matches("anchor +unknown .*lost.*"));
  }

  private List<String> anchored(String... args) throws Exception {
    Map<String, String> anchor =
        Map.of("INDELIBLE_ANCHOR", cli.data().resolveSibling("elsewhere.anchor").toString());
    return cli.process(Cli.launcher().environment(anchor), args).remainingLines();
  }

  @Test
  void processReturnsTheExitStatus() throws Exception {
    assertThat(cli.process("check", Cli.bash("rm -rf /")).exitCode()).isEqualTo(3);
    assertThat(cli.process("chek").exitCode()).isEqualTo(2);
  }

  /**
   * In the plain locale Java cannot decode non-ASCII arguments. The launcher sets another locale;
   * without the launcher the action is refused.
   */
  @Test
  void argumentOutsideTheLocaleIsRefused() throws Exception {
    String[] shell = {
      "env",
      "-u",
      "LANG",
      "LC_ALL=C",
      "sh",
      "-c",
      "exec \"$@\" \"$(printf '{\"kind\":\"bash\",\"command\":\"\\303\\251\"}')\"",
      "sh"
    };
    ChildJvm check = cli.process(Cli.launcher().under(shell).mergeErrors(), "check");

    assertThat(check.readLine()).startsWith("indelible: ACTION: the character at 26 is not UTF-8");
    assertThat(check.exitCode()).isEqualTo(2);
    cli.assertIntact(1);
  }

  @Test
  void jarRuns() throws Exception {
    Path jar = Path.of(System.getProperty("indelible.root"), "cli/target/indelible-cli.jar");
    assumeTrue(Files.exists(jar), "there is no jar yet: " + jar);
    assertThat(ChildJvm.runningJar(jar).start("--version").output()).startsWith("indelible 0.");
  }

  private static void askUntilTheProcessEnds(ChildJvm gate) {
    try {
      for (int i = 0; ; i++) {
        gate.writeLine(Cli.line("agent:a", Cli.bash("ls " + i)).strip());
      }
    } catch (UncheckedIOException e) {
      // The process has ended.
    }
  }
}
