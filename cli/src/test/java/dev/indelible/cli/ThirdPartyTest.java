// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks of the command's output by third-party tools: Go's golang.org/x/mod/sumdb, which shares no
 * code with this project. Skipped if it is not installed.
 */
@Tag("any-jdk")
class ThirdPartyTest {
  private static final int FIRST = 40_000;
  private static final int ROWS = 70_000;
  private static final Path LIBRARY = Path.of("/usr/share/gocode");

  @TempDir static Path root;

  private static GoProgram program;
  private static Cli cli;
  private static Path log;
  private static String vkey;

  /** A checkpoint over the first rows, which an auditor has kept. */
  private static Path kept;

  @BeforeAll
  static void recordAndExportTwice() throws Exception {
    assumeTrue(
        Files.isDirectory(LIBRARY.resolve("src/golang.org/x/mod/sumdb/tlog")) && hasGo(),
        "skipped: no Go to check with; to run it: apt-get install golang-go golang-golang-x-mod-dev");
    program = new GoProgram(Path.of("go"), LIBRARY, "check.go", root);

    cli = new Cli(root.resolve("data"));
    log = root.resolve("log");
    // The policy is the first row.
    record(cli.data(), FIRST - 1);
    assertThat(cli.run("log", "export", log.toString()).ok().out()).startsWith("40,000 rows of ");
    kept = Files.copy(log.resolve("checkpoint"), root.resolve("kept"));
    record(cli.data(), ROWS - FIRST);
    assertThat(cli.run("log", "export", log.toString()).ok().out()).startsWith("70,000 rows of ");
    vkey = Files.readString(log.resolve("vkeys")).strip();
  }

  /** Records refused decisions, and waits until they are in the ledger. */
  static void record(Path data, int decisions) throws Exception {
    Indelible indelible = Indelible.builder(data).withoutTallies().open();
    for (int i = 0; i < decisions; i++) {
      indelible.gate().check("agent:" + i % 7, new Bash("rm -rf /" + i));
    }
    assertThat(indelible.closeAndFlush(Duration.ofMinutes(5)).isComplete()).isTrue();
  }

  private static boolean hasGo() {
    return Arrays.stream(System.getenv("PATH").split(":"))
        .anyMatch(each -> Files.isExecutable(Path.of(each, "go")));
  }

  /** Verifies the checkpoint, every tile, every entry, and proofs made from them. */
  @Test
  void exportedLogOf70000RowsVerifies() throws Exception {
    assertThat(program.run("export", log.toString(), vkey)).as(program.output()).isZero();
    assertThat(program.output()).startsWith("verified 70000 entries of indelible/");
  }

  /** Shows that the verification fails if a file was changed. */
  @Test
  void changedByteInTheExportIsFound() throws Exception {
    for (String name : new String[] {"checkpoint", "tile/0/100", "tile/entries/273.p/112"}) {
      Path file = log.resolve(name);
      byte[] right = Files.readAllBytes(file);
      byte[] wrong = right.clone();
      wrong[wrong.length / 2] ^= 1;
      Files.write(file, wrong);
      assertThat(program.run("export", log.toString(), vkey)).as(program.output()).isNotZero();
      Files.write(file, right);
    }
  }

  @Test
  void exportedLogGrewFromAKeptCheckpoint() throws Exception {
    assertThat(growth(log, kept, vkey)).as(program.output()).isZero();
    assertThat(program.output()).startsWith("grown from 40000 to 70000 entries of indelible/");

    // The check can fail: it refuses a log of this key with other rows.
    Cli fork = new Cli(root.resolve("fork"));
    cli.copyTo(fork, "keys");
    String origin = Files.readAllLines(kept).get(0);
    try (Indelible indelible =
        Indelible.builder(fork.data()).origin(origin).withoutTallies().open()) {
      indelible.gate().check("agent:0", new Bash("ls"));
    }
    Path forked = root.resolve("forked");
    fork.run("log", "export", forked.toString()).ok();
    assertThat(growth(log, forked.resolve("checkpoint"), vkey)).isEqualTo(1);
    assertThat(program.output()).contains("the log was forked: its first 2 entries are not those");
    assertThat(growth(forked, kept, vkey)).isEqualTo(1);
    assertThat(program.output())
        .contains("the log was rolled back: it has 2 entries, and signed 40000");
  }

  /** The log has a vkey for each key, and the last key signs the checkpoint. */
  @Test
  void exportAfterARotationVerifiesWithAllKeys() throws Exception {
    Cli rotated = new Cli(root.resolve("rotated"));
    Path exported = root.resolve("exported");
    rotated.run("check", Cli.bash("ls")).ok();
    rotated.run("log", "export", exported.toString()).ok();
    Path before = Files.copy(exported.resolve("checkpoint"), root.resolve("before"));
    rotated.run("keys", "rotate").ok();
    rotated.run("check", Cli.bash("ls")).ok();
    rotated.run("log", "export", exported.toString()).ok();
    String[] keys =
        rotated.run("keys", "export", "--format", "vkey").ok().out().lines().toArray(String[]::new);
    assertThat(keys).hasSize(2);

    assertThat(export(exported, keys)).as(program.output()).isZero();
    assertThat(program.output()).startsWith("verified 4 entries of indelible/");
    assertThat(growth(exported, before, keys)).as(program.output()).isZero();
    assertThat(program.output()).startsWith("grown from 2 to 4 entries of indelible/");
    Path receipt = root.resolve("after-rotation");
    String id = rotated.rows().get(0).path("id").asString();
    rotated.run("log", "prove", id, "--out", receipt.toString()).ok();
    assertThat(go("proof", List.of(receipt), keys)).as(program.output()).isZero();

    int[] alone = {export(exported, keys[0]), export(exported, keys[1])};
    assertThat(alone).containsExactlyInAnyOrder(0, 1);
    assertThat(growth(exported, before, keys[0])).isEqualTo(1);
    assertThat(growth(exported, before, keys[1])).isEqualTo(1);
    assertThat(export(exported, vkey)).isEqualTo(1);
  }

  private static int export(Path folder, String... vkeys) throws Exception {
    return go("export", List.of(folder), vkeys);
  }

  private static int growth(Path folder, Path checkpoint, String... vkeys) throws Exception {
    return go("growth", List.of(folder, checkpoint), vkeys);
  }

  private static int go(String verb, List<Path> paths, String... vkeys) throws Exception {
    List<String> args = new ArrayList<>(List.of(verb));
    paths.forEach(path -> args.add(path.toString()));
    args.addAll(List.of(vkeys));
    return program.run(args.toArray(String[]::new));
  }

  /** Verifies a receipt with its payload, and one without. */
  @Test
  void receiptOfASingleRowVerifies() throws Exception {
    String id =
        cli.run("log", "show", "54321", "--output", "json").ok().json().path("id").asString();
    for (String[] payload : new String[][] {{}, {"--payload"}}) {
      Path file = root.resolve("receipt" + payload.length);
      List<String> command = new ArrayList<>(List.of("log", "prove", id, "--out", file.toString()));
      command.addAll(List.of(payload));
      cli.run(command.toArray(String[]::new)).ok();

      assertThat(program.run("proof", file.toString(), vkey)).as(program.output()).isZero();
      assertThat(program.output())
          .startsWith("entry 54320 of 70000 of indelible/")
          .contains("\"id\":\"" + id + "\"", "\"sequence\":54321,");

      byte[] wrong = Files.readAllBytes(file);
      wrong["c2sp.org/tlog-proof@v1\nextra ".length() + 20] ^= 1;
      Files.write(file, wrong);
      assertThat(program.run("proof", file.toString(), vkey)).as(program.output()).isNotZero();
    }
  }

  /** A shard, the log of logs, and the two receipts of an event in the shard. */
  @Test
  void fleetVerifies() throws Exception {
    Cli fleet = new Cli(root.resolve("fleet"));
    fleet.run("fleet", "init", "--origin", "fleet.example/logs").ok();
    fleet.run("fleet", "open-shard", "a").ok();
    Cli shard = new Cli(fleet.data().resolve("shards/a"));
    record(shard.data(), 300);
    fleet.run("fleet", "admit").ok();
    for (Cli log : List.of(fleet, shard)) {
      Path exported = root.resolve("exported-" + log.data().getFileName());
      log.run("log", "export", exported.toString()).ok();
      String key = log.run("keys", "export", "--format", "vkey").ok().out().strip();
      assertThat(export(exported, key)).as(program.output()).isZero();
      assertThat(program.output())
          .startsWith("verified " + (log == fleet ? 4 : 302) + " entries of fleet");
    }
    String id =
        shard.run("log", "show", "200", "--output", "json").ok().json().path("id").asString();
    Path file = root.resolve("event.tlog-proof");
    fleet.run("log", "prove", id, "--out", file.toString()).ok();
    String shardKey = shard.run("keys", "export", "--format", "vkey").ok().out().strip();
    String fleetKey = fleet.run("keys", "export", "--format", "vkey").ok().out().strip();
    assertThat(go("proof", List.of(file), shardKey)).as(program.output()).isZero();
    assertThat(program.output()).startsWith("entry 199 of 302 of fleet.example/logs/shard/a");
    Path admission = root.resolve("event.fleet.tlog-proof");
    assertThat(go("proof", List.of(admission), fleetKey)).as(program.output()).isZero();
    assertThat(program.output())
        .startsWith("entry 3 of 4 of fleet.example/logs")
        .contains("shard.checkpoint");
  }
}
