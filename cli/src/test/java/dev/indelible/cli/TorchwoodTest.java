// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.postgres.TestServer;
import dev.indelible.testkit.FreePort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Logs, fleets, receipts and cosignatures as read by filippo.io/torchwood, a client for C2SP
 * tlog-tiles that shares no code with this project. Skipped unless {@code .ci/torchwood} has
 * brought it.
 */
@Tag("any-jdk")
class TorchwoodTest {
  private static final int ROWS = 1_500;

  @TempDir static Path root;

  private static Path torchwood;
  private static GoProgram client;
  private static Cli cli;

  @BeforeAll
  static void record() throws Exception {
    torchwood = Path.of(System.getProperty("indelible.root"), "target/torchwood").toAbsolutePath();
    assumeTrue(
        Files.isDirectory(torchwood),
        "skipped: no torchwood to check with; to run it: .ci/torchwood");
    client =
        new GoProgram(go(), torchwood.resolve("usr/share/gocode"), "torchwood/client.go", root);
    cli = new Cli(root.resolve("data"));
    ThirdPartyTest.record(cli.data(), ROWS - 1); // the policy is the first row
  }

  private static Path go() throws IOException {
    try (Stream<Path> versions = Files.list(torchwood.resolve("usr/lib"))) {
      return versions.findFirst().orElseThrow().resolve("bin/go");
    }
  }

  private static Path export(Cli log, String name) {
    Path exported = root.resolve(name);
    log.run("log", "export", exported.toString()).ok();
    return exported;
  }

  /** Writes a policy that trusts the key of a log, and no witness. */
  private static String policy(Cli log) throws IOException {
    return policy(log.run("keys", "export", "--format", "vkey").ok().out().strip());
  }

  private static String policy(String vkey) throws IOException {
    return Files.writeString(
            Files.createTempFile(root, "policy", ""), "log " + vkey + "\nquorum none\n")
        .toString();
  }

  private static String show(Cli log, int row) {
    return log.run("log", "show", row + "", "--output", "json").ok().json().path("id").asString();
  }

  private static void accepts(String... args) throws Exception {
    assertThat(client.run(args)).as(client.output()).isZero();
  }

  @Test
  void exportIsRead() throws Exception {
    Path exported = export(cli, "exported");

    accepts("log", exported.toString(), policy(cli));

    assertThat(client.output()).startsWith("read " + ROWS + " entries of indelible/");
    for (String name : new String[] {"checkpoint", "tile/0/003", "tile/entries/001"}) {
      Path file = exported.resolve(name);
      byte[] right = Files.readAllBytes(file);
      byte[] wrong = right.clone();
      wrong[wrong.length / 2] ^= 1;
      Files.write(file, wrong);
      assertThat(client.run("log", exported.toString(), policy(cli))).as(name).isEqualTo(1);
      Files.write(file, right);
    }
  }

  @Test
  void receiptIsVerified() throws Exception {
    Path receipt = root.resolve("receipt");
    String id = show(cli, 777);
    cli.run("log", "prove", id, "--out", receipt.toString()).ok();

    accepts("proof", receipt.toString(), policy(cli));

    assertThat(client.output()).contains("\"id\":\"" + id + "\"", "\"sequence\":777,");
    byte[] wrong = Files.readAllBytes(receipt);
    wrong["c2sp.org/tlog-proof@v1\nextra ".length() + 20] ^= 1;
    Files.write(receipt, wrong);
    assertThat(client.run("proof", receipt.toString(), policy(cli))).isEqualTo(1);
  }

  @Test
  void logOfADaemonIsReadBeforeAndAfterARotation() throws Exception {
    Cli served = new Cli(root.resolve("served/data"));
    ThirdPartyTest.record(served.data(), 600);
    Path kept = Files.copy(export(served, "kept").resolve("checkpoint"), root.resolve("older"));
    assertThat(client.run("growth", kept.toString(), root.resolve("kept").toString(), policy(cli)))
        .as("the policy is of another log")
        .isEqualTo(1);

    DaemonProcess daemon = new DaemonProcess(served, "--publish", "on");
    accepts("log", daemon.address(), policy(served));
    assertThat(client.output()).startsWith("read ").contains(" entries of indelible/");
    accepts("growth", kept.toString(), daemon.address(), policy(served));
    assertThat(client.output()).startsWith("grown from 601 to ");
    daemon.stop();

    served.run("keys", "rotate").ok();
    String rotated = export(served, "rotated").toString();
    List<String> keys =
        served.run("keys", "export", "--format", "vkey").ok().out().lines().toList();
    int[] results = {
      client.run("log", rotated, policy(keys.get(0))),
      client.run("log", rotated, policy(keys.get(1)))
    };
    assertThat(results).as("one of the keys signed it").containsExactlyInAnyOrder(0, 1);
  }

  /** A shard, the log of logs, and the two receipts of an event in the shard; in PostgreSQL. */
  @Test
  void fleetIsRead() throws Exception {
    TestServer server = TestServer.shared();
    String logs = server.url(server.createLedger(), TestServer.WRITER);
    String rows = server.url(server.createLedger(), TestServer.WRITER);
    Cli fleet = new Cli(root.resolve("fleet"));
    fleet.run("--ledger", logs, "fleet", "init", "--origin", "fleet.example/logs").ok();
    fleet.run("fleet", "open-shard", "a", "--shard-ledger", rows).ok();
    Cli shard = new Cli(fleet.data().resolve("shards/a"));
    String asked = Cli.line("agent:a", Cli.bash("ls")).repeat(300);
    shard.runOn(asked, "gate", "--format", "action").ok();
    fleet.run("fleet", "admit").ok();

    accepts("log", export(shard, "shard").toString(), policy(shard));
    assertThat(client.output())
        .containsPattern("read 30[0-9] entries of fleet.example/logs/shard/a,");
    accepts("log", export(fleet, "logs").toString(), policy(fleet));
    assertThat(client.output()).startsWith("read 4 entries of fleet.example/logs,");

    Path receipt = root.resolve("event.tlog-proof");
    fleet.run("log", "prove", show(shard, 200), "--out", receipt.toString()).ok();
    accepts("proof", receipt.toString(), policy(shard));
    assertThat(client.output()).contains("\"sequence\":200,");
    accepts("proof", root.resolve("event.fleet.tlog-proof").toString(), policy(fleet));
    assertThat(client.output()).contains("shard.checkpoint");
    assertThat(client.run("proof", receipt.toString(), policy(fleet))).isEqualTo(1);
  }

  /**
   * The file {@code witnesses} of the log, with the log's key, is the client's policy. One witness
   * is ours, and one is litewitness.
   */
  @Test
  void cosignaturesOfTwoWitnessesSatisfyOnePolicy() throws Exception {
    Cli log = new Cli(root.resolve("witnessed/data"));
    ThirdPartyTest.record(log.data(), 10);
    String logKey = log.run("keys", "export", "--format", "vkey").ok().out().strip();
    String state = root.resolve("witness").toString();
    String key =
        log.run("witness", "init", "--state", state, "--name", "w.example").ok().out().strip();
    log.run("witness", "trust", "--state", state, logKey).ok();
    String address = "127.0.0.1:" + FreePort.find();
    Thread ours =
        new Thread(() -> log.run("witness", "serve", "--state", state, "--listen", address));

    try (Litewitness lite = new Litewitness(root.resolve("lite"), logKey)) {
      String witnesses =
          """
          witness ours %s http://%s
          witness lite %s %s
          group both all ours lite
          quorum both
          """
              .formatted(key, address, lite.vkey(), lite.address());
      Files.writeString(log.data().resolve("witnesses"), witnesses);
      Path policy = Files.writeString(root.resolve("w.policy"), "log " + logKey + "\n" + witnesses);
      assertThat(client.run("log", export(log, "alone").toString(), policy.toString()))
          .as("no witness cosigned")
          .isEqualTo(1);
      ours.start();
      await().atMost(Duration.ofMinutes(1)).until(() -> rowsNotCosigned(log) == 0);
      accepts("log", export(log, "cosigned").toString(), policy.toString());
      ours.interrupt();
      ours.join();
    }
  }

  /** litewitness cosigns no other history of a log that was rolled back. */
  @Test
  void rolledBackLogIsNotCosigned() throws Exception {
    Cli log = new Cli(root.resolve("later/data"));
    ThirdPartyTest.record(log.data(), 10);
    Cli rolledBack = new Cli(root.resolve("earlier/data"));
    log.copyTo(rolledBack, "");
    String logKey = log.run("keys", "export", "--format", "vkey").ok().out().strip();

    try (Litewitness lite = new Litewitness(root.resolve("strict"), logKey)) {
      String witnesses = "witness lite %s %s\nquorum lite\n".formatted(lite.vkey(), lite.address());
      for (Cli each : List.of(log, rolledBack)) {
        Files.writeString(each.data().resolve("witnesses"), witnesses);
      }
      ThirdPartyTest.record(log.data(), 5);
      await().atMost(Duration.ofMinutes(1)).until(() -> rowsNotCosigned(log) == 0);

      try (Indelible indelible = Indelible.open(rolledBack.data())) {
        indelible.gate().check("agent:other", new Bash("ls"));
        await()
            .atMost(Duration.ofMinutes(1))
            .untilAsserted(
                () ->
                    assertThat(indelible.health().entries())
                        .anyMatch(each -> each.source().equals("witness lite")));
      }
    }
  }

  private static int rowsNotCosigned(Cli log) {
    log.runOn(Cli.line("agent:a", Cli.bash("ls")), "gate", "--format", "action").ok();
    return log.run("status", "--output", "json")
        .json()
        .path("witnesses")
        .path("not_cosigned")
        .asInt();
  }

  /** A witness of torchwood, which signs with a key in an {@code ssh-agent}. */
  private static final class Litewitness implements AutoCloseable {
    private final Path directory;
    private final Process agent;
    private final Process witness;
    private final String address = "127.0.0.1:" + FreePort.find();

    Litewitness(Path directory, String logKey) throws Exception {
      this.directory = Files.createDirectories(directory);
      Path programs = torchwood.resolve("usr/bin");
      String origin = logKey.substring(0, logKey.indexOf('+'));
      run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key");
      agent = start("ssh-agent", "-D", "-a", "agent");
      await().until(() -> Files.exists(directory.resolve("agent")));
      run("ssh-add", "-q", "key");
      String fingerprint = run("ssh-keygen", "-l", "-f", "key.pub").split(" ")[1];
      String control = programs.resolve("witnessctl").toString();
      run(control, "add-log", "-db", "db", "-origin", origin);
      run(control, "add-key", "-db", "db", "-origin", origin, "-key", logKey);
      witness =
          start(
              programs.resolve("litewitness").toString(),
              "-db",
              "db",
              "-name",
              "lite.example",
              "-key",
              fingerprint,
              "-ssh-agent",
              "agent",
              "-listen",
              address);
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> printed().contains("vkey=") && printed().contains("msg=listening"));
    }

    private ProcessBuilder command(String... words) {
      ProcessBuilder command = new ProcessBuilder(words).directory(directory.toFile());
      command.environment().put("SSH_AUTH_SOCK", "agent");
      return command.redirectErrorStream(true);
    }

    private String run(String... words) throws Exception {
      Process process = command(words).start();
      process.getOutputStream().close();
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(printed).isZero();
      return printed;
    }

    private Process start(String... words) throws IOException {
      return command(words).redirectOutput(directory.resolve("printed").toFile()).start();
    }

    private String printed() throws IOException {
      return Files.readString(directory.resolve("printed"));
    }

    String vkey() throws IOException {
      return printed()
          .lines()
          .filter(line -> line.contains("vkey="))
          .findFirst()
          .orElseThrow()
          .replaceFirst(".*vkey=", "");
    }

    String address() {
      return "http://" + address;
    }

    @Override
    public void close() {
      witness.destroyForcibly();
      agent.destroyForcibly();
    }
  }
}
