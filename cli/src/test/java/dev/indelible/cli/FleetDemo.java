// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.cli.Cli.Result;
import dev.indelible.kafka.TestBroker;
import dev.indelible.postgres.TestServer;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.opentest4j.TestAbortedException;
import tools.jackson.databind.JsonNode;

/**
 * Shows a fleet: three gates record through Kafka into two ledgers in PostgreSQL, a gate and a
 * ledger writer are killed, and the fleet is verified. Starts the servers of the tests; {@code
 * ./indelible demo --fleet} runs it. Prints one screen, and throws if anything is lost.
 */
final class FleetDemo implements AutoCloseable {
  private static final String TOPIC = "audit";
  private static final List<String> GATES = List.of("web-1", "web-2", "web-3");
  private static final int SHARDS = 2;
  private static final int ACTIONS_AT_ONCE = 20;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final List<String> COMMANDS =
      List.of("ls -la", "rm -rf / --no-preserve-root", "mvn verify", "git push --force");

  private final PrintStream out;
  private final Path directory;
  private final TestServer postgres;
  private final TestBroker kafka;
  private final Cli fleet;
  private final List<Cli> shards = new ArrayList<>();
  private final Map<String, ChildJvm> gates = new HashMap<>();
  private final List<ChildJvm> writers = new ArrayList<>();

  /** The event ids that gates have returned to their agents. */
  private final List<String> accepted = new ArrayList<>();

  private FleetDemo(PrintStream out, TestServer postgres, TestBroker kafka) throws IOException {
    this.out = out;
    this.directory = Files.createTempDirectory("indelible-fleet-");
    this.postgres = postgres;
    this.kafka = kafka;
    this.fleet = new Cli(directory.resolve("fleet"));
  }

  public static void main(String[] args) throws Exception {
    try {
      run(System.out);
    } catch (TestAbortedException e) {
      System.err.println("indelible: " + e.getMessage());
      System.exit(ExitCode.USAGE);
    }
    System.exit(ExitCode.OK);
  }

  static void run(PrintStream out) throws Exception {
    title(out, "1. Start PostgreSQL, for the ledgers, and a Kafka broker, for the queue");
    try (TestServer postgres = TestServer.start();
        TestBroker kafka = TestBroker.start(1);
        FleetDemo demo = new FleetDemo(out, postgres, kafka)) {
      demo.start();
      demo.disturb();
      demo.check();
    }
  }

  private static void title(PrintStream out, String text) {
    out.println("\n" + text);
    out.flush();
  }

  private void line(String text, Object... values) {
    out.println("   " + text.formatted(values));
  }

  private String queue() {
    return "kafka://" + kafka.address() + "/" + TOPIC;
  }

  private void start() throws Exception {
    kafka.createTopics(TOPIC, SHARDS);
    line("postgresql://localhost:%s, %s with %s partitions", postgres.port(), queue(), SHARDS);
    title(out, "2. Create a fleet: a shard for each partition, and a log of logs over both");
    fleet.run("fleet", "init", "--origin", "demo.example/fleet", "--ledger", newLedger()).ok();
    List<String> join = new ArrayList<>(List.of("--queue", queue()));
    for (int i = 0; i < SHARDS; i++) {
      String name = Integer.toString(i);
      line(
          fleet.run("fleet", "open-shard", name, "--shard-ledger", newLedger()).ok().out().strip());
      Cli shard = new Cli(fleet.data().resolve("shards").resolve(name));
      shards.add(shard);
      Collections.addAll(join, "--log-key", keyOf(shard));
    }
    title(out, "3. Three gates join, and two ledger writers start");
    for (String gate : GATES) {
      List<String> words = new ArrayList<>(List.of("gates", "join", gate, "--output", "json"));
      words.addAll(join);
      String vkey =
          gateAt(gate).run(words.toArray(String[]::new)).ok().json().path("vkey").asString();
      for (Cli shard : shards) {
        shard.run("gates", "add", vkey).ok();
      }
      gates.put(gate, startGate(gate));
      line("gate %s has the key %s", gate, vkey);
    }
    for (int i = 0; i < SHARDS; i++) {
      writers.add(startWriter(i));
    }
  }

  private String newLedger() throws Exception {
    return postgres.url(postgres.createLedger(), TestServer.WRITER);
  }

  private static String keyOf(Cli log) {
    Result keys = log.run("keys", "list", "--output", "json").ok();
    return keys.jsonLines().get(0).path("vkey").asString();
  }

  private Cli gateAt(String name) {
    return new Cli(directory.resolve(name));
  }

  private ChildJvm startGate(String name) throws IOException {
    return gateAt(name).process(errorsTo(name), "gate");
  }

  private ChildJvm startWriter(int partition) throws IOException {
    return shards
        .get(partition)
        .process(
            errorsTo("writer-" + partition),
            "ledger-writer",
            "--queue",
            queue(),
            "--partition",
            Integer.toString(partition));
  }

  private ChildJvm.Launcher errorsTo(String name) {
    return Cli.launcher()
        .with("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
        .errorsTo(directory.resolve(name + ".errors"));
  }

  private void disturb() throws Exception {
    title(out, "4. Agents act; meanwhile a gate and a ledger writer are killed with SIGKILL");
    askAll();
    gates.get("web-2").kill();
    line("gate web-2 is killed after %s decisions of all gates", accepted.size());
    writers.get(0).kill();
    line("the ledger writer of shard 0 is killed");
    gates.put("web-2", startGate("web-2"));
    askAll();
    line("gate web-2 is started again; decisions go on without the ledger writer");
    writers.set(0, startWriter(0));
    askAll();
    line("the ledger writer is started again; %s decisions in all", accepted.size());
  }

  /** Asks each gate about actions of several agents, whose events go to both shards. */
  private void askAll() throws IOException {
    for (String name : GATES) {
      ChildJvm gate = gates.get(name);
      for (int i = 0; i < ACTIONS_AT_ONCE; i++) {
        String agent = "agent:" + name + "-" + i % 4;
        gate.writeLine(Cli.line(agent, Cli.bash(COMMANDS.get(i % COMMANDS.size()))).strip());
        accepted.add(Cli.json(gate.readLine()).path("id").asString());
      }
    }
  }

  private void check() throws Exception {
    title(out, "5. Every decision that a gate has answered is in one of the shards, once");
    Map<String, Integer> found = await();
    long twice = found.values().stream().filter(times -> times != 1).count();
    line("%s answered, %s recorded, %s recorded twice", accepted.size(), found.size(), twice);
    title(out, "6. The log of logs admits the shards' checkpoints, and all of it is verified");
    fleet.run("fleet", "admit").ok();
    Result verified = fleet.run("log", "verify");
    verified.out().lines().limit(4).forEach(text -> line("%s", text));
    title(out, "7. Somebody removes a shard");
    Files.move(shards.get(1).data(), directory.resolve("removed"));
    Result removed = fleet.run("log", "verify");
    removed.out().lines().limit(4).forEach(text -> line("%s", text));
    line("");
    line("The directories are kept, so that you can look at them: %s", directory);
    if (twice > 0 || verified.exit() != ExitCode.OK || removed.exit() == ExitCode.OK) {
      throw new IllegalStateException(
          "the demo did not end as expected\n" + verified.out() + verified.err());
    }
  }

  /** Waits until the ledgers have all accepted events; returns how often each one is recorded. */
  private Map<String, Integer> await() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Map<String, Integer> times = new HashMap<>();
      for (Cli shard : shards) {
        for (JsonNode row : shard.run("log", "list", "--output", "json").jsonLines()) {
          times.merge(row.path("id").asString(), 1, Integer::sum);
        }
      }
      times.keySet().retainAll(new TreeSet<>(accepted));
      if (times.size() == accepted.size()) {
        return times;
      }
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException(
            "only %s of %s decisions are recorded; %s has what the processes reported"
                .formatted(times.size(), accepted.size(), directory));
      }
      Thread.sleep(500);
    }
  }

  @Override
  public void close() {
    List<ChildJvm> all = new ArrayList<>(gates.values());
    all.addAll(writers);
    for (ChildJvm process : all) {
      try {
        process.kill();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
