// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.cli.Cli.Result;
import dev.indelible.testkit.FreePort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A witness run by the command, and a log with this witness. */
class WitnessCommandTest {
  @TempDir Path directory;
  private Cli cli;
  private String state;

  @BeforeEach
  void recordOneRow() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
    state = directory.resolve("witness").toString();
  }

  private String init() {
    return cli.run("witness", "init", "--state", state, "--name", "w.example").ok().out().strip();
  }

  @Test
  void mlDsa44WitnessIsCreated() {
    String[] create = {"witness", "init", "--state", state, "--name", "w.example", "--ml-dsa-44"};

    String made = cli.run(create).ok().out().strip();

    assertThat(made).startsWith("w.example+").hasSizeGreaterThan(1_700);
    assertThat(cli.run(create).ok().out().strip()).isEqualTo(made);
    assertThat(cli.run("witness", "init", "--state", state, "--name", "w.example").complaint(2))
        .contains("has an ML-DSA-44 key");
    assertThat(cli.run("log", "verify", "--witness", made).exit()).isEqualTo(3);
  }

  private String logKey() {
    String origin = status(0).path("checkpoint").path("origin").asString();
    return cli.run("keys", "export", "--format", "vkey", "--name", origin).ok().out().strip();
  }

  private JsonNode status(int exit) {
    Result status = cli.run("status", "--output", "json");
    assertThat(status.exit()).as(status.out() + status.err()).isEqualTo(exit);
    return status.json();
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void servingWitnessCosignsALog() throws Exception {
    String witness = init();
    cli.run("witness", "trust", "--state", state, logKey()).ok();
    Instant started = Instant.now();
    int port = FreePort.find();
    AtomicReference<Result> served = new AtomicReference<>();
    Thread serving =
        new Thread(
            () ->
                served.set(
                    cli.run(
                        "witness", "serve", "--state", state, "--listen", "127.0.0.1:" + port)));
    serving.start();
    await().atMost(Duration.ofMinutes(1)).until(() -> listens(port));
    assertThat(status(0).path("witnesses").isNull()).isTrue();
    assertThat(cli.run("status").ok().out()).containsPattern("witnesses +\\(none\\)");
    Files.writeString(
        cli.data().resolve("witnesses"),
        "witness w %s http://127.0.0.1:%d\nquorum w\n".formatted(witness, port));

    // A process that records a single action does not ask witnesses.
    cli.run("check", Cli.bash("ls")).ok();
    assertThat(status(0).path("witnesses").path("cosigned").asInt(-1)).isZero();
    assertThat(status(0).path("witnesses").path("not_cosigned").asInt()).isEqualTo(3);
    JsonNode never = status(0).path("witnesses").path("last").path(0);
    assertThat(never.path("size").asInt(-1)).isZero();
    assertThat(never.path("time").isNull()).isTrue();

    await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              cli.runOn(Cli.line("agent:alice", Cli.bash("ls")), "gate", "--format", "action").ok();
              return status(0).path("witnesses").path("not_cosigned").asInt() == 0;
            });
    assertThat(cli.run("status").ok().out())
        .containsPattern("witnesses +all rows are under a checkpoint that a quorum cosigned")
        .containsPattern("cosigned +[0-9]+ rows by w, at 20[-0-9]+T[:0-9]+\\.000000Z");
    JsonNode last = status(0).path("witnesses").path("last").path(0);
    assertThat(last.path("witness").asString()).isEqualTo("w");
    assertThat(last.path("size").asInt()).isEqualTo(status(0).path("rows").asInt());
    assertThat(Instant.parse(last.path("time").asString()))
        .isBetween(started.minusSeconds(1), Instant.now());
    cli.run("log", "verify").ok();

    serving.interrupt();
    serving.join();
    assertThat(served.get().ok().out())
        .isEqualTo("witness %s\nlistens on http://127.0.0.1:%d\n".formatted(witness, port));
  }

  @Test
  void witnessIsCreatedOnceWithAPrivateKey() throws Exception {
    String witness = init();

    assertThat(witness).startsWith("w.example+");
    assertThat(init()).isEqualTo(witness);
    assertThat(Files.getPosixFilePermissions(Path.of(state, "keys", "audit.pem")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(cli.run("witness", "init", "--state", state, "--name", "other").complaint(2))
        .isEqualTo(
            "indelible: "
                + state
                + ": this directory is of the witness w.example; name another directory");
    assertThat(cli.run("witness", "init", "--state", state, "--name", "a b").complaint(2))
        .isEqualTo(
            "indelible: --name \"a b\": a key's name must not be empty or have a space or a +");
  }

  @Test
  void logIsTrustedOnce() {
    init();
    String key = logKey();
    assertThat(cli.run("witness", "trust", "--state", state, key).ok().out())
        .startsWith("trusted: indelible/");
    assertThat(cli.run("witness", "trust", "--state", state, key).ok().out())
        .startsWith("trusted already: indelible/");
    assertThat(cli.run("witness", "trust", "--state", state, "a+b+c").complaint(2))
        .isEqualTo("indelible: vkey: \"a+b+c\": not of the form name+id+key");
  }

  @Test
  void withoutAWitnessNothingIsServed() {
    assertThat(cli.run("witness", "serve", "--state", state).complaint(2))
        .isEqualTo(
            "indelible: "
                + state
                + ": no witness here; create one with 'indelible witness init --name NAME'");
    assertThat(Path.of(state)).doesNotExist();
  }

  @Test
  void wrongAddressIsNamed() {
    init();
    for (String listen :
        new String[] {"8127", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:65536", ":1"}) {
      assertThat(cli.run("witness", "serve", "--state", state, "--listen", listen).complaint(2))
          .isEqualTo(
              "indelible: --listen "
                  + listen
                  + ": not of the form HOST:PORT, for example 127.0.0.1:8127");
    }
  }

  /** An unreadable witness policy is not reported as a log without witnesses (promise D11). */
  @Test
  void unreadableWitnessPolicyStopsRecording() throws Exception {
    Files.writeString(cli.data().resolve("witnesses"), "quorum nobody\n");
    JsonNode status = status(1);
    assertThat(status.path("witnesses").path("cosigned").isNull()).isTrue();
    assertThat(status.path("witnesses").path("not_cosigned").isNull()).isTrue();
    assertThat(status.path("problems").get(0).asString()).contains("witnesses: policy, line 1");
    assertThat(cli.run("check", Cli.bash("ls")).complaint(2)).contains("witnesses: policy, line 1");
  }
}
