// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The command in a process of its own, with real pipes and real signals. */
@Timeout(120)
@DisabledOnOs(OS.WINDOWS)
class ProcessTest {
  /** The status that a shell reports after SIGTERM: 128 and the number of the signal. */
  private static final int ENDED_BY_SIGTERM = 143;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path directory;
  private final List<Process> started = new ArrayList<>();
  private Cli cli;

  @BeforeEach
  void oneRowOnRecord() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
  }

  @AfterEach
  void endProcesses() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void gateAnswersEachLineBeforeTheNextIsSent() throws Exception {
    Process gate = command("gate");
    BufferedReader answers = reader(gate);
    try (OutputStream ask = gate.getOutputStream()) {
      for (int i = 0; i < 20; i++) {
        ask.write(Cli.line("agent:" + i, Cli.bash("ls")).getBytes(StandardCharsets.UTF_8));
        ask.flush();

        assertThat(answers.readLine()).contains("\"agent_id\":\"agent:" + i + "\"");
      }
    }
    assertThat(exit(gate)).isZero();
    cli.assertIntact(21);
  }

  /** D2, D9: after SIGTERM each answered decision is in the chain once. */
  @Test
  void terminatedGateDrainsAcceptedEvents() throws Exception {
    Process gate = command("gate");
    Thread asker = new Thread(() -> askUntilNobodyListens(gate.getOutputStream()));
    asker.setDaemon(true);
    asker.start();
    BufferedReader answers = reader(gate);
    List<String> answered = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      answered.add(answers.readLine());
    }

    // The handle's, because that of the process closes its pipes too.
    gate.toHandle().destroy();

    answers.lines().filter(line -> line.endsWith("}")).forEach(answered::add);
    assertThat(exit(gate)).isEqualTo(ENDED_BY_SIGTERM);
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

  /** Acceptance 18, seen from outside: two processes, one chain. */
  @Test
  void twoGatesAtOnceWriteOneChain() throws Exception {
    String input = Cli.line("agent:a", Cli.bash("ls")).repeat(500);
    Path lines = Files.writeString(directory.resolve("lines"), input);
    List<Process> gates = List.of(commandFrom(lines, "gate"), commandFrom(lines, "gate"));

    for (Process gate : gates) {
      assertThat(reader(gate).lines()).hasSize(500);
      assertThat(exit(gate)).isZero();
    }
    cli.assertIntact(1_001);
  }

  @Test
  void tailShowsRowsOfAnotherProcessUntilTerminated() throws Exception {
    Process tail = command("log", "tail", "--output", "json");
    BufferedReader rows = reader(tail);
    assertThat(rows.readLine()).contains("\"sequence\":1,");

    for (int sequence = 2; sequence <= 4; sequence++) {
      cli.run("check", Cli.bash("ls " + sequence)).ok();

      assertThat(rows.readLine()).contains("\"sequence\":" + sequence + ",");
    }
    tail.destroy();

    assertThat(exit(tail)).isEqualTo(ENDED_BY_SIGTERM);
  }

  @Test
  void tailEndsWhenNobodyReadsIt() throws Exception {
    Process tail = command("log", "tail", "--output", "json");
    BufferedReader rows = reader(tail);
    assertThat(rows.readLine()).contains("\"sequence\":1,");
    rows.close();

    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              cli.run("check", Cli.bash("ls")).ok();
              return !tail.isAlive();
            });
    assertThat(tail.exitValue()).isZero();
  }

  @Test
  void listEndsWhenItsReaderHasEnough() throws Exception {
    cli.runOn(Cli.line("agent:a", Cli.bash("ls")).repeat(5_000), "gate").ok();
    Process list = command("log", "list");
    BufferedReader rows = reader(list);
    rows.readLine();
    rows.close();

    assertThat(exit(list)).isZero();
  }

  @Test
  void aMeasurementLeavesNothingBehind() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));

    assertThat(exit(bench(temporary, "gate", "1000"))).isZero();

    assertThat(measuringIn(temporary)).isEmpty();
  }

  /** These shutdown hooks also run after Ctrl-C. */
  @ParameterizedTest
  @ValueSource(strings = {"drain", "submit", "verify", "gate"})
  void terminatedMeasurementLeavesNoFiles(String verb) throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    Process bench = bench(temporary, verb, "200000");
    await().atMost(PATIENCE).until(() -> isAtWork(temporary));

    bench.toHandle().destroy();

    assertThat(exit(bench)).isEqualTo(ENDED_BY_SIGTERM);
    assertThat(measuringIn(temporary)).isEmpty();
  }

  private Process bench(Path temporary, String verb, String events) throws IOException {
    List<String> command = cli.inProcess("bench", verb, "--events", events);
    command.add(1, "-Djava.io.tmpdir=" + temporary);
    return start(
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD));
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
  void aPipeGetsNoColours() throws Exception {
    for (String[] verb : new String[][] {{"log", "list"}, {"status"}, {"--help"}}) {
      Process process = command(verb);
      assertThat(reader(process).lines()).isNotEmpty().noneMatch(line -> line.contains("\u001b"));
      assertThat(exit(process)).isZero();
    }
  }

  /** The anchor in the environment is compared with the log without an option. */
  @Test
  void theAnchorOfTheSurroundingsIsHeldAgainstTheLog() throws Exception {
    Path anchor = cli.data().resolveSibling("elsewhere.anchor");
    do {
      // The process has a second for the anchor before it ends.
      cli.run("check", "--anchor", anchor.toString(), Cli.bash("ls"));
    } while (!Files.exists(anchor));
    assertThat(anchored("log", "verify")).anyMatch(line -> line.matches("anchor +ok .*"));
    Files.delete(anchor);
    assertThat(anchored("log", "verify"))
        .anyMatch(line -> line.matches("anchor +unknown .*lost.*"));
  }

  private List<String> anchored(String... args) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(cli.inProcess(args));
    builder
        .environment()
        .put("INDELIBLE_ANCHOR", cli.data().resolveSibling("elsewhere.anchor").toString());
    Process process = start(builder.redirectError(ProcessBuilder.Redirect.DISCARD));
    List<String> lines = reader(process).lines().toList();
    exit(process);
    return lines;
  }

  @Test
  void theExitStatusIsThatOfTheProcess() throws Exception {
    assertThat(exit(command("check", Cli.bash("rm -rf /")))).isEqualTo(3);
    assertThat(exit(command("chek"))).isEqualTo(2);
  }

  /**
   * In the plain locale Java cannot decode non-ASCII arguments; the launcher sets another one, and
   * without the launcher the action is refused.
   */
  @Test
  void argumentOutsideTheLocaleIsRefused() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            "sh",
            "-c",
            "exec \"$@\" \"$(printf '{\"kind\":\"bash\",\"command\":\"\\303\\251\"}')\"",
            "sh");
    builder.command().addAll(cli.inProcess("check"));
    builder.environment().keySet().removeIf(name -> name.equals("LANG") || name.startsWith("LC_"));
    builder.environment().put("LC_ALL", "C");
    Process process = start(builder.redirectErrorStream(true));

    assertThat(reader(process).lines())
        .singleElement()
        .asString()
        .startsWith("indelible: ACTION: the character at 26 is not UTF-8");
    assertThat(exit(process)).isEqualTo(2);
    cli.assertIntact(1);
  }

  @Test
  void theJarRuns() throws Exception {
    Path jar = Path.of(System.getProperty("indelible.root"), "cli/target/indelible-cli.jar");
    assumeTrue(Files.exists(jar), "there is no jar yet: " + jar);
    Process process = start(new ProcessBuilder(Cli.java(), "-jar", jar.toString(), "--version"));

    assertThat(reader(process).lines()).singleElement().asString().startsWith("indelible 0.");
    assertThat(exit(process)).isZero();
  }

  private Process command(String... args) throws IOException {
    return start(
        new ProcessBuilder(cli.inProcess(args)).redirectError(ProcessBuilder.Redirect.DISCARD));
  }

  private Process commandFrom(Path input, String... args) throws IOException {
    return start(new ProcessBuilder(cli.inProcess(args)).redirectInput(input.toFile()));
  }

  private Process start(ProcessBuilder builder) throws IOException {
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static int exit(Process process) throws InterruptedException {
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  private static void askUntilNobodyListens(OutputStream ask) {
    try {
      for (int i = 0; ; i++) {
        ask.write(Cli.line("agent:a", Cli.bash("ls " + i)).getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      // The process has ended.
    }
  }
}
