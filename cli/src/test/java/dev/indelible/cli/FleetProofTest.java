// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.witness.WitnessDirectory;
import dev.indelible.witness.WitnessServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Receipts of events in a shard: two files, for which the key of the log of logs is enough. */
@Tag("any-jdk")
class FleetProofTest {
  @TempDir Path temporary;

  private Cli fleet;
  private Cli shard;
  private String key;

  @BeforeEach
  void create() {
    fleet = new Cli(temporary.resolve("fleet"));
    fleet.run("fleet", "init", "--origin", "fleet.example/logs").ok();
    fleet.run("fleet", "open-shard", "a").ok();
    fleet.run("fleet", "open-shard", "b").ok();
    shard = new Cli(fleet.data().resolve("shards/a"));
    shard.run("check", Cli.bash("ls")).ok();
    fleet.run("fleet", "admit").ok();
    key = fleet.run("keys", "export", "--format", "vkey").ok().out().strip();
  }

  /** Returns the id of the last event of a type in a log. */
  private static String event(Cli log, String type) {
    List<JsonNode> rows =
        log.run("log", "list", "--type", type, "--output", "json").ok().jsonLines();
    return rows.get(rows.size() - 1).path("id").asString();
  }

  private String prove(String id, String file) {
    Path out = temporary.resolve(file + ".tlog-proof");
    fleet.run("log", "prove", id, "--out", out.toString(), "--payload").ok();
    assertThat(temporary.resolve(file + ".fleet.tlog-proof")).exists();
    return out.toString();
  }

  private Cli.Result verify(String file, String beside, String... more) {
    List<String> words = new ArrayList<>(List.of("proof", "verify", file, "--fleet", beside));
    words.addAll(List.of(more));
    return Cli.runWithoutData(words.toArray(String[]::new));
  }

  private static String beside(String file) {
    return file.replace(".tlog-proof", ".fleet.tlog-proof");
  }

  @Test
  void twoReceiptsProveAnEventOfAShard() throws Exception {
    String file = prove(event(shard, "governance.check"), "event");
    assertThat(verify(file, beside(file), "--key", key).ok().out())
        .startsWith("proven  event ")
        .contains(
            "is row 3 of the 3 in fleet.example/logs/shard/a",
            "shard          a",
            "admitted by    row 6 of the 6 in fleet.example/logs, signed by key ");
    JsonNode json = verify(file, beside(file), "--key", key, "--output", "json").ok().json();
    assertThat(json.path("verdict").asString()).isEqualTo("proven");
    assertThat(json.path("shard").asString()).isEqualTo("a");
    assertThat(json.path("event").path("size").asLong()).isEqualTo(3);

    // Each file is a receipt by itself, under the key of its own log.
    Cli.runWithoutData("proof", "verify", beside(file), "--key", key).ok();
    String shardKey = shard.run("keys", "export", "--format", "vkey").ok().out().strip();
    Cli.runWithoutData("proof", "verify", file, "--key", shardKey).ok();
    assertThat(verify(file, beside(file), "--key", shardKey).exit()).isEqualTo(ExitCode.UNKNOWN);
  }

  @Test
  void receiptsOfDifferentCheckpointsDoNotBelongTogether() throws Exception {
    String first = prove(event(shard, "governance.check"), "first");
    shard.run("check", Cli.bash("pwd")).ok();
    fleet.run("fleet", "admit").ok();
    String second = prove(event(shard, "governance.check"), "second");
    verify(second, beside(second), "--key", key).ok();
    Cli.Result mixed = verify(first, beside(second), "--key", key);
    assertThat(mixed.exit()).isEqualTo(ExitCode.FAILED);
    assertThat(mixed.out()).startsWith("refuted  the receipts do not belong together");
    assertThat(verify(first, first, "--key", key).exit()).isEqualTo(ExitCode.UNKNOWN);
  }

  @Test
  void changedReceiptIsRefused() throws Exception {
    String file = prove(event(shard, "governance.check"), "event");
    for (String each : List.of(file, beside(file))) {
      byte[] right = Files.readAllBytes(Path.of(each));
      for (int at = 0; at < right.length; at += right.length / 40) {
        byte[] wrong = right.clone();
        wrong[at] ^= 1;
        Files.write(Path.of(each), wrong);
        assertThat(verify(file, beside(file), "--key", key).exit()).as("%s", at).isNotZero();
      }
      Files.write(Path.of(each), right);
    }
  }

  @Test
  void eventThatIsNotAdmittedHasNoReceipt() throws Exception {
    shard.run("check", Cli.bash("pwd")).ok();
    String id = event(shard, "governance.check");
    assertThat(fleet.run("log", "prove", id).complaint(ExitCode.USAGE))
        .contains("has admitted its checkpoint over 3 rows, which does not cover this one");
    assertThat(
            fleet
                .run("log", "prove", "00000000-0000-7000-8000-000000000000")
                .complaint(ExitCode.USAGE))
        .contains("no event of this id in any shard");
    assertThat(fleet.run("log", "prove", id, "--format", "cose").complaint(ExitCode.USAGE))
        .contains("of the form tlog");
  }

  /** A witness of the log of logs covers the receipt of an event in a shard. */
  @Test
  void witnessOfTheLogOfLogsCoversTheReceipt() throws Exception {
    WitnessDirectory witness = new WitnessDirectory(temporary.resolve("witness"));
    String vkey = witness.init("w.example", SignatureType.COSIGNATURE).vkey();
    witness.trust(VerifierKey.parse(key));
    try (WitnessDirectory.Open open = witness.open();
        WitnessServer server =
            WitnessServer.start(
                open.witness(), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      Files.writeString(
          fleet.data().resolve("witnesses"),
          "witness w %s http://127.0.0.1:%s\nquorum w\n"
              .formatted(vkey, server.address().getPort()));
      String id = event(shard, "governance.check");
      int[] tries = {0};
      await()
          .until(
              () -> {
                fleet.run("fleet", "admit").ok();
                String file = prove(id, "event" + tries[0]++);
                return verify(file, beside(file), "--key", key, "--witness", vkey).exit() == 0;
              });
      String file = temporary.resolve("event0.tlog-proof").toString();
      String last = temporary.resolve("event" + (tries[0] - 1) + ".tlog-proof").toString();
      assertThat(verify(file, beside(last), "--key", key, "--witness", vkey).ok().out())
          .contains("cosigned by    w.example at ");
      assertThat(
              verify(last, beside(last), "--key", key, "--witness", Cli.vkeyOfAnother("w")).exit())
          .isNotZero();
    }
    assertThat(fleet.run("log", "verify").ok().out()).startsWith("intact  fleet");
  }
}
