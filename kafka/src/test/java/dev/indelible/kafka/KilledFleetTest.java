// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.kafka.TestFleet.Gate;
import dev.indelible.postgres.TestServer;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Gates, ledger writers, the broker and the database are killed with SIGKILL at random moments.
 * Each accepted event becomes one row, in order (promises D2, D3, D6).
 */
@Tag("any-jdk")
class KilledFleetTest {
  @TempDir private Path temp;

  @Test
  void killedPartsLoseAndRepeatNothing() throws Exception {
    kill(10, 1);
  }

  @Test
  @Tag("full")
  void thousandKilledPartsLoseAndRepeatNothing() throws Exception {
    kill(Integer.getInteger("indelible.kills", 1_000), 3);
  }

  /** Kills of each part of the fleet, with the seconds that each took, for the report. */
  private final Map<String, DoubleSummaryStatistics> kills = new TreeMap<>();

  private void kill(int count, int brokers) throws Exception {
    Random random = new Random(count);
    try (TestServer server = TestServer.start();
        TestBroker broker = TestBroker.start(brokers)) {
      TestFleet fleet = TestFleet.create(broker, server, 2, "gate-0", "gate-1");
      List<Part> gates = List.of(gate(fleet, 0), gate(fleet, 1));
      List<Part> writers = List.of(writer(fleet, 0), writer(fleet, 1));
      for (int kill = 0; kill < count; kill++) {
        // The pause is the random moment of the kill; it does not wait for a state.
        LockSupport.parkNanos(Duration.ofMillis(random.nextInt(1_500)).toNanos());
        // Processes of ours start faster than servers, and are killed more often.
        switch (random.nextInt(8)) {
          case 0 ->
              timed(
                  "PostgreSQL",
                  () -> {
                    server.kill();
                    server.restart();
                  });
          case 1 ->
              timed(
                  "broker",
                  () -> {
                    int node = random.nextInt(brokers);
                    broker.kill(node);
                    broker.restart(node);
                  });
          case 2, 3, 4 ->
              timed("ledger writer", () -> writers.get(random.nextInt(2)).killAndRestart());
          default -> timed("gate", () -> gates.get(random.nextInt(2)).killAndRestart());
        }
      }
      writers.forEach(Part::kill);
      gates.forEach(Part::kill);
      requireEachOnce(fleet, gates);
      kills.forEach(
          (part, times) ->
              System.out.printf(
                  Locale.ROOT,
                  "%s: %d kills, %.1f s each%n",
                  part,
                  times.getCount(),
                  times.getAverage()));
    }
  }

  private void timed(String part, Executable kill) throws Exception {
    long start = System.nanoTime();
    kill.run();
    kills
        .computeIfAbsent(part, any -> new DoubleSummaryStatistics())
        .accept((System.nanoTime() - start) / 1e9);
  }

  @FunctionalInterface
  private interface Executable {
    void run() throws Exception;
  }

  private Part gate(TestFleet fleet, int number) throws Exception {
    Path directory = Files.createDirectory(temp.resolve("gate-" + number));
    return new Part(
        GateProcess.class, fleet.queue().name(), "gate-" + number, directory.toString());
  }

  private static Part writer(TestFleet fleet, int number) throws Exception {
    return new Part(WriterProcess.class, fleet.queue().name(), fleet.url());
  }

  /** Delivers what waits, and compares the rows with what the gates accepted. */
  private void requireEachOnce(TestFleet fleet, List<Part> gates) throws Exception {
    try (LedgerFeed feed = fleet.feed()) {
      for (int g = 0; g < gates.size(); g++) {
        try (Gate gate = fleet.gate("gate-" + g, temp.resolve("gate-" + g))) {
          gate.drain();
        }
      }
      assertThat(feed.status().refusals()).isZero();
    }
    List<String> ids = fleet.ids();
    assertThat(ids).doesNotHaveDuplicates();
    for (int g = 0; g < gates.size(); g++) {
      int unreported = 0;
      for (int agent = 0; agent < GateProcess.AGENTS; agent++) {
        String name = "gate-%s:%s".formatted(g, agent);
        List<String> accepted = gates.get(g).accepted(name);
        List<String> recorded = fleet.commands(name);
        // A gate that was killed had no time to report the last events that it accepted.
        assertThat(recorded).as(name).containsSubsequence(accepted).doesNotHaveDuplicates();
        unreported += recorded.size() - accepted.size();
        assertThat(recorded).as("order of " + name).isSortedAccordingTo(KilledFleetTest::order);
      }
      assertThat(unreported).isBetween(0, 2 * gates.get(g).run);
    }
    assertThat(fleet.deadLetters()).isZero();
    assertThat(fleet.details("audit.gap")).isEmpty();
    assertThat(fleet.details("group.refused")).isEmpty();
    fleet.requireIntact();
  }

  /** Compares two commands "run.number" of one agent. */
  private static int order(String one, String other) {
    String[] left = one.split("\\.");
    String[] right = other.split("\\.");
    int runs = Integer.compare(Integer.parseInt(left[0]), Integer.parseInt(right[0]));
    return runs != 0
        ? runs
        : Integer.compare(Integer.parseInt(left[1]), Integer.parseInt(right[1]));
  }

  /** A process of the fleet, which is killed and started again. */
  private static final class Part {
    private final Class<?> main;
    private final String[] arguments;
    private final Map<String, List<String>> accepted = new ConcurrentHashMap<>();
    private int run;
    private ChildJvm process;
    private CompletableFuture<Void> reader;

    Part(Class<?> main, String... arguments) throws Exception {
      this.main = main;
      this.arguments = arguments;
      start();
    }

    private void start() throws Exception {
      List<String> words = new ArrayList<>(List.of(arguments));
      words.add("" + run++);
      ChildJvm child = ChildJvm.running(main).start(words.toArray());
      process = child;
      reader = CompletableFuture.runAsync(() -> read(child));
    }

    /** Reads "AGENT COMMAND" lines; the last one may be incomplete, and is left out. */
    private void read(ChildJvm child) {
      try {
        for (String line : child.remainingLines()) {
          String[] words = line.split(" ");
          accepted.computeIfAbsent(words[0], agent -> new ArrayList<>()).add(words[1]);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void kill() {
      try {
        process.kill();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      reader.join();
    }

    void killAndRestart() throws Exception {
      kill();
      start();
    }

    List<String> accepted(String agent) {
      return accepted.getOrDefault(agent, List.of());
    }
  }

  /** A gate that submits without a pause, and prints what it has accepted. */
  static final class GateProcess {
    static final int AGENTS = 4;

    private GateProcess() {}

    public static void main(String[] args) throws Exception {
      String name = args[1];
      GateSettings settings = GateSettings.of(name, TestFleet.key(name), () -> TestFleet.LOG_KEYS);
      Gate gate = TestFleet.gate(KafkaQueue.at(args[0]), settings, Path.of(args[2]));
      for (int n = 0; ; n++) {
        String agent = "%s:%s".formatted(name, n % AGENTS);
        String command = args[3] + "." + n / AGENTS;
        if (gate.submit(TestFleet.refusal(agent, command))) {
          System.out.println(agent + " " + command);
        }
        // The rate, so that the test ends in time.
        LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
      }
    }
  }

  /** A ledger writer. */
  static final class WriterProcess {
    private WriterProcess() {}

    public static void main(String[] args) throws Exception {
      LedgerFeed feed = TestFleet.feed(KafkaQueue.at(args[0]), args[1]);
      Awaitility.await().forever().until(() -> feed.status().state() == FeedStatus.State.CLOSED);
    }
  }
}
