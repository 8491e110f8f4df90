// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.cli.Cli.Result;
import dev.indelible.crypto.KeyDirectory;
import dev.indelible.crypto.SigningKey;
import dev.indelible.merkle.Hash;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code log verify} and the file {@code last-checkpoint} beside the database. */
class LastCheckpointTest {
  @TempDir Path directory;
  private Cli cli;
  private Path file;

  @BeforeEach
  void logOfThreeRows() {
    cli = new Cli(directory.resolve("data"));
    file = cli.data().resolve("last-checkpoint");
    record();
  }

  @Test
  void checkpointFileOfAnUnchangedLogAgrees() throws Exception {
    SignedCheckpoint last = signed();

    assertThat(finding(verify(0)).path("status").asString()).isEqualTo("ok");
    assertThat(message(verify(0)))
        .isEqualTo(
            "%s: this database continues its checkpoint over %d rows"
                .formatted(file, last.unverified().size()));
  }

  /** The last write of the file may be lost, so an earlier checkpoint is no fault. */
  @Test
  void earlierCheckpointAgrees() throws Exception {
    byte[] earlier = Files.readAllBytes(file);
    record();
    Files.write(file, earlier);

    assertThat(finding(verify(0)).path("status").asString()).isEqualTo("ok");
  }

  @Test
  void rolledBackDatabaseIsBroken() throws Exception {
    Path older = Files.copy(cli.data().resolve("indelible.db"), directory.resolve("older.db"));
    long rows = signed().unverified().size();
    record();
    long signed = signed().unverified().size();
    putInPlace(older);

    Result verified = verify(1);

    assertThat(finding(verified).path("status").asString()).isEqualTo("broken");
    assertThat(message(verified))
        .startsWith(file + ": the database was rolled back or replaced")
        .contains("a checkpoint over %d rows, but the database has %d".formatted(signed, rows))
        .contains("restore the database that has them");
    record();
    assertThat(finding(verify(1)).path("status").asString()).isEqualTo("broken");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void missingDatabaseIsBroken(boolean empty) throws Exception {
    Path database = cli.data().resolve("indelible.db");
    for (String suffix : new String[] {"", "-wal", "-shm"}) {
      Files.deleteIfExists(Path.of(database + suffix));
    }
    if (empty) {
      Files.createFile(database);
    }
    String problem =
        "%s: %s, and %s shows that this log had rows; restore the database from a backup, or, to start a new log here, move that file, journal/ and keys/ away and keep them, because they show what is missing; the new log needs its own key, anchor file and origin, because witnesses refuse a second log of the same name and key"
            .formatted(
                database, empty ? "the file has no ledger in it" : "the database is missing", file);

    assertThat(message(verify(1))).isEqualTo(problem);
    Result status = cli.run("status", "--output", "json");
    assertThat(status.exit()).isOne();
    assertThat(status.json().path("problems").get(0).asString()).isEqualTo(problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "gate", "keys init"})
  void missingDatabaseAndJournalStartNoNewLog(String verb) throws Exception {
    for (String name : new String[] {"indelible.db", "indelible.db-wal", "indelible.db-shm"}) {
      Files.deleteIfExists(cli.data().resolve(name));
    }
    deleteTree(cli.data().resolve("journal"));
    byte[] last = Files.readAllBytes(file);

    assertThat(cli.runOn(Cli.bash("ls"), verb.split(" ")).complaint(2))
        .contains("the database is missing", file.toString(), "restore the database from a backup");
    assertThat(cli.data().resolve("indelible.db")).doesNotExist();
    assertThat(cli.data().resolve("journal")).doesNotExist();
    assertThat(file).hasBinaryContent(last);
  }

  private static void deleteTree(Path tree) throws IOException {
    try (Stream<Path> found = Files.walk(tree)) {
      for (Path path : found.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** An attacker inserts a checkpoint over more rows than exist. */
  @Test
  void forgedStoredCheckpointIsNamed() throws Exception {
    cli.sql(
        "INSERT INTO indelible_checkpoints SELECT 99, replace(note, char(10) || size || char(10),"
            + " char(10) || 99 || char(10)) FROM indelible_checkpoints ORDER BY size DESC LIMIT 1");

    assertThat(verify(1).out())
        .contains("a checkpoint that no known key signed is over 99: it is forged")
        .doesNotContain("rows are missing from the end");
    assertThat(cli.run("status").out())
        .contains("the last checkpoint in the database is not a checkpoint of this log");
    assertThat(cli.run("check", Cli.bash("ls")).exit()).isZero();
    assertThat(verify(1).out()).doesNotContain("rows are missing from the end");
  }

  /** A checkpoint too large for the heap cannot be read, and is not reported as missing. */
  @Test
  void unreadableCheckpointIsNotMissing() throws Exception {
    cli.sql("UPDATE indelible_checkpoints SET note = hex(zeroblob(30000000))");
    ChildJvm verify =
        cli.process(Cli.launcher().with("-Xmx48m"), "log", "verify", "--output", "json");
    String out = verify.readLine();

    assertThat(verify.exitCode()).as(out).isEqualTo(3);
    assertThat(out)
        .contains("not all of them can be read, so rows cut from the end may not be detected")
        .doesNotContain("there is none, so rows");
  }

  /** A leftover -journal file prevents reading, until the next writer rolls it back. */
  @Test
  void leftoverJournalFileIsNamed() throws Exception {
    Files.writeString(cli.data().resolve("indelible.db-journal"), "x".repeat(100));

    assertThat(cli.run("log", "verify").complaint(2))
        .contains("a -journal file beside the database must be rolled back by a writer");
    record();
    assertThat(finding(verify(0)).path("status").asString()).isEqualTo("ok");
  }

  /** The database was replaced by an older copy, and then other rows were appended. */
  @Test
  void forkedDatabaseIsBroken() throws Exception {
    Path older = Files.copy(cli.data().resolve("indelible.db"), directory.resolve("older.db"));
    record();
    byte[] last = Files.readAllBytes(file);
    putInPlace(older);
    Files.delete(file);
    for (int i = 0; i < 3; i++) {
      record();
    }
    Files.write(file, last);

    assertThat(message(verify(1))).startsWith(file + ": the database was replaced or forked");
  }

  @Test
  void anotherRootOfThatSizeIsBroken() throws Exception {
    Checkpoint own = signed().unverified();
    write(Checkpoint.of(own.origin(), own.size(), Hash.of(new byte[Hash.BYTES])), key());

    assertThat(message(verify(1)))
        .contains("replaced or forked", "over " + own.size() + " rows that differ");
  }

  @Test
  void anotherOriginIsBroken() throws Exception {
    Checkpoint own = signed().unverified();
    write(Checkpoint.of("example.com/other", own.size(), own.root()), key());

    assertThat(message(verify(1)))
        .contains("of the log example.com/other", "of the log " + own.origin());
  }

  @Test
  void checkpointOfAnUnknownKeyIsUnknown() throws Exception {
    Checkpoint own = signed().unverified();
    write(Checkpoint.of(own.origin(), own.size() + 9, own.root()), SigningKey.generate());

    assertThat(finding(verify(3)).path("status").asString()).isEqualTo("unknown");
    assertThat(message(verify(3))).contains(file.toString(), "is not signed by a known key");
  }

  @Test
  void changedFileIsUnknown() throws Exception {
    Files.writeString(file, Files.readString(file).replaceFirst("\n[0-9]+\n", "\n7\n"));

    assertThat(message(verify(3))).contains("a signature that does not verify");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no checkpoint\n", "a\n1\nb\n\n\u2014 a b\n", "\0\0\0\0"})
  void fileThatIsNoCheckpointIsUnknown(String text) throws Exception {
    Files.writeString(file, text);

    assertThat(message(verify(3))).startsWith(file + ": it is not a checkpoint");
  }

  @Test
  void directoryInPlaceOfTheCheckpointIsUnknown() throws Exception {
    Files.delete(file);
    Files.createDirectory(file);

    assertThat(message(verify(3))).startsWith(file + ": it cannot be read");
  }

  @Test
  void missingCheckpointFileIsReported() throws Exception {
    Files.delete(file);

    JsonNode finding = finding(verify(0));
    assertThat(finding.path("status").asString()).isEqualTo("unknown");
    assertThat(finding.path("counts").asBoolean()).isFalse();
    assertThat(finding.path("message").asString()).contains(file + ": there is no such file");
  }

  /** JSON shows which findings determine the verdict. */
  @Test
  void jsonFindingsStateWhetherTheyCount() throws Exception {
    for (JsonNode finding : verify(0).json().path("findings")) {
      assertThat(finding.path("counts").isBoolean()).as(finding.toString()).isTrue();
      assertThat(
              finding.path("status").asString().equals("ok") || !finding.path("counts").asBoolean())
          .as(finding.toString())
          .isTrue();
    }
  }

  private void record() {
    cli.run("check", Cli.bash("ls")).ok();
  }

  private SignedCheckpoint signed() throws Exception {
    return SignedCheckpoint.parse(Files.readAllBytes(file));
  }

  private SigningKey key() throws Exception {
    return new KeyDirectory(cli.data().resolve("keys")).open();
  }

  private void write(Checkpoint checkpoint, SigningKey key) throws IOException {
    Files.write(
        file, SignedCheckpoint.sign(checkpoint, NoteSigner.of(checkpoint.origin(), key)).bytes());
  }

  private void putInPlace(Path database) throws IOException {
    Files.deleteIfExists(cli.data().resolve("indelible.db-wal"));
    Files.deleteIfExists(cli.data().resolve("indelible.db-shm"));
    Files.copy(database, cli.data().resolve("indelible.db"), StandardCopyOption.REPLACE_EXISTING);
  }

  private Result verify(int exit) {
    Result verified = cli.run("log", "verify", "--output", "json");
    assertThat(verified.exit()).as(verified.out() + verified.err()).isEqualTo(exit);
    return verified;
  }

  private static JsonNode finding(Result verified) {
    for (JsonNode finding : verified.json().path("findings")) {
      if (finding.path("check").asString().equals("last_checkpoint")) {
        return finding;
      }
    }
    throw new AssertionError(verified.out());
  }

  private static String message(Result verified) {
    return finding(verified).path("message").asString();
  }
}
