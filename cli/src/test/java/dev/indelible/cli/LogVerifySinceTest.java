// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.cli.Cli.Result;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.merkle.Hash;
import dev.indelible.sqlite.SqliteLedger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code log verify --since FILE}: verifies the rows after a checkpoint that was verified before.
 */
class LogVerifySinceTest {
  @TempDir Path root;
  private Cli cli;
  private Path kept;

  /** A checkpoint over 300 rows, and then 4 more. */
  @BeforeEach
  void checkpointAndLaterRows() throws Exception {
    cli = new Cli(root.resolve("data"));
    record(298);
    copy(cli.data(), root.resolve("backup"));
    cli.run("log", "export", root.resolve("log").toString()).ok();
    kept = Files.copy(root.resolve("log/checkpoint"), root.resolve("kept"));
    record(3);
  }

  private void record(int decisions) {
    cli.runOn(Cli.line("agent:a", Cli.bash("ls")).repeat(decisions), "gate").ok();
  }

  private Result verify() {
    return cli.run("log", "verify", "--since", kept.toString());
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(
            file, to.resolve(from.relativize(file).toString()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  @Test
  void onlyLaterRowsAreChecked() {
    assertThat(verify().ok().out())
        .startsWith("intact  4 rows, head 304 ")
        .contains("rows 1 to 300 were not checked; row 300 is trusted");
  }

  @Test
  void sinceAcceptsACheckpointOverAllRows() throws Exception {
    cli.run("log", "export", root.resolve("log").toString()).ok();
    Files.copy(root.resolve("log/checkpoint"), kept, StandardCopyOption.REPLACE_EXISTING);

    assertThat(verify().ok().out())
        .startsWith("intact  0 rows, head 304 ")
        .containsPattern("checkpoints +ok +1 checkpoint of indelible/.*; 0 rows after the last");
    assertThat(cli.run("log", "verify", "--since", "305", "--anchor", kept.toString()).ok().out())
        .contains("1 checkpoint of this chain; 0 rows after the last");
  }

  /** Rows after the last checkpoint belong to the log that it names. */
  @Test
  void rowsAfterTheLastCheckpointNameTheirKey() throws Exception {
    cli.sql("DELETE FROM indelible_checkpoints WHERE size > 300");
    String vkey = cli.run("keys", "export", "--format", "vkey").ok().out().strip();
    assertThat(cli.run("log", "verify", "--since", "303", "--key", vkey).ok().out())
        .containsPattern("checkpoints +unknown +the last is over 300 rows");
    String other =
        cli.run("keys", "export", "--format", "vkey", "--name", "another").ok().out().strip();
    Result result = cli.run("log", "verify", "--since", "303", "--key", other);
    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.out()).contains("for which no key is given");
  }

  @Test
  void sinceFindsOnlyLaterChanges() throws Exception {
    cli.sql("UPDATE signed_events SET payload = '{}' WHERE sequence = 7");
    assertThat(verify().exit()).isZero();
    cli.sql("UPDATE signed_events SET payload = '{}' WHERE sequence = 302");
    assertThat(verify().exit()).isEqualTo(1);
  }

  /** The row before the first checked row must be the one in the tree. */
  @Test
  void changedRowBeforeSinceIsFound() throws Exception {
    cli.sql("UPDATE signed_events SET agent_id = 'x' WHERE sequence = 300");

    Result result = verify();
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out()).contains("the tree has another row in this place");
  }

  /** The row is the last of a full tile, and the tile is changed with it. */
  @Test
  void changedRowAndTileBeforeSinceAreFound() throws Exception {
    cli = new Cli(root.resolve("full"));
    record(254);
    cli.run("log", "export", root.resolve("full-log").toString()).ok();
    kept = root.resolve("full-log/checkpoint");
    record(3);
    assertThat(verify().ok().out()).startsWith("intact  4 rows, head 260 ");
    cli.sql("UPDATE signed_events SET agent_id = 'x' WHERE sequence = 256");
    byte[] hash;
    try (SqliteLedger ledger = SqliteLedger.open(cli.data().resolve("indelible.db"))) {
      hash = ledger.row(256).orElseThrow().recordHash();
    }
    cli.sql(
        "UPDATE indelible_tiles SET hashes = CAST(substr(hashes, 1, 255 * 32) || x'%s' AS BLOB)"
                .formatted(HexFormat.of().formatHex(hash))
            + " WHERE level = 0 AND tile = 0");

    Result result = verify();
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out()).contains("the tree has another row in this place");
  }

  /** Two logs have one key; a checkpoint of the other log is no evidence. */
  @Test
  void checkpointOfAnotherLogOfTheKeyIsUnknown() throws Exception {
    Checkpoint real = SignedCheckpoint.parse(Files.readAllBytes(kept)).unverified();
    NoteSigner same = NoteSigner.of("elsewhere", new DataDirectory(cli.data()).keys().open());
    Files.write(
        kept,
        SignedCheckpoint.sign(Checkpoint.of("elsewhere", 300, Hash.EMPTY_TREE), same).bytes());

    Result result = verify();
    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.out())
        .contains("it is a checkpoint of log elsewhere, but this log is " + real.origin());
  }

  @Test
  void rolledBackLogIsReported() throws Exception {
    Cli backup = new Cli(root.resolve("backup"));
    cli.run("log", "export", root.resolve("log").toString()).ok();
    Path later = root.resolve("log/checkpoint");

    Result result = backup.run("log", "verify", "--since", later.toString());

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out()).contains("rollback", "over 304 rows, but has fewer rows now");
  }

  @Test
  void logWithOtherRowsAfterTheCheckpointIsAFork() throws Exception {
    cli.run("log", "export", root.resolve("log").toString()).ok();
    Path later = root.resolve("log/checkpoint");
    cli = new Cli(root.resolve("backup"));
    record(9);

    Result result = cli.run("log", "verify", "--since", later.toString());

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out())
        .contains("fork", "the checkpoint to start after is over 304 rows that differ");
  }

  @Test
  void checkpointOfAnotherSignerIsNotTrusted() throws Exception {
    Checkpoint real = SignedCheckpoint.parse(Files.readAllBytes(kept)).unverified();
    NoteSigner stranger = NoteSigner.of(real.origin(), SigningKey.generate());
    byte[] right = Files.readAllBytes(kept);
    Files.write(kept, SignedCheckpoint.sign(real, stranger).bytes());

    Result unknown = verify();
    assertThat(unknown.exit()).isEqualTo(3);
    assertThat(unknown.out()).contains("the checkpoint to start after: ");

    String forged = new String(right, StandardCharsets.UTF_8).replace("\n300\n", "\n299\n");
    Files.writeString(kept, forged);
    Result broken = verify();
    assertThat(broken.exit()).isEqualTo(1);
    assertThat(broken.out()).contains("the checkpoint to start after: ");
  }

  @Test
  void fileThatIsNoCheckpointIsNamed() throws Exception {
    Files.writeString(kept, "nothing of the kind");
    assertThat(verify().complaint(2)).contains("--since " + kept + ": ");
    kept = root.resolve("none");
    assertThat(verify().complaint(2))
        .endsWith("neither the number of a row nor a file with a checkpoint");
    kept = root;
    assertThat(verify().complaint(2)).contains("neither the number of a row nor a file");
  }
}
