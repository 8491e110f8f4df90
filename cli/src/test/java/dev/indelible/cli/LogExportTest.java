// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.cli.Cli.Result;
import dev.indelible.merkle.EntryBundle;
import dev.indelible.merkle.TilePath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code log export}: the log as static files. ThirdPartyTest reads them with other tools. */
class LogExportTest {
  private static final int ROWS = 12;

  @TempDir Path root;
  private Cli cli;
  private Path directory;

  @BeforeEach
  void twelveRows() {
    cli = new Cli(root.resolve("data"));
    directory = root.resolve("log");
    // The policy is the first row.
    record(ROWS - 1);
  }

  /** Appends rows; if there are several, the last is the tally of their run. */
  private void record(int rows) {
    StringBuilder input = new StringBuilder();
    for (int i = 1; i < Math.max(rows, 2); i++) {
      input.append(Cli.line("agent:" + i, Cli.bash("rm -rf /" + i)));
    }
    cli.runOn(input.toString(), "gate").ok();
  }

  private Result export() {
    return cli.run("log", "export", directory.toString());
  }

  private static Map<String, String> files(Path root) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> found = Files.walk(root)) {
      for (Path file : found.filter(Files::isRegularFile).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        files.put(root.relativize(file).toString(), new String(bytes, StandardCharsets.ISO_8859_1));
      }
    }
    return files;
  }

  @Test
  void exportHasTheFilesOfTheLayout() throws Exception {
    JsonNode result =
        cli.run("log", "export", directory.toString(), "--output", "json").ok().json();

    assertThat(files(directory).keySet())
        .containsExactly(
            ".lock", "checkpoint", "tile/0/000.p/12", "tile/entries/000.p/12", "vkeys");
    assertThat(result.propertyNames())
        .containsExactly("directory", "files_written", "origin", "root", "rows");
    assertThat(result.path("rows").asInt()).isEqualTo(ROWS);
    assertThat(result.path("files_written").asInt()).isEqualTo(4);
    assertThat(Files.readAllLines(directory.resolve("checkpoint")))
        .startsWith(result.path("origin").asString(), "12");
  }

  /** The exported key verifies the checkpoint, and its name is the log's origin. */
  @Test
  void checkpointIsSignedByTheKeyOfTheLog() throws Exception {
    export().ok();

    List<String> vkeys = Files.readAllLines(directory.resolve("vkeys"));
    assertThat(vkeys).hasSize(1);
    SignedCheckpoint.parse(Files.readAllBytes(directory.resolve("checkpoint")))
        .verify(VerifierKey.parse(vkeys.get(0)));
    String origin = vkeys.get(0).split("\\+")[0];
    assertThat(cli.run("keys", "export", "--format", "vkey", "--name", origin).ok().out().strip())
        .isEqualTo(vkeys.get(0));
  }

  /** An entry is the listed row without its payload: the signed record. */
  @Test
  void entryIsARecord() throws Exception {
    export().ok();

    List<String> records = new ArrayList<>();
    for (String line : cli.run("log", "list", "--output", "json").ok().out().lines().toList()) {
      records.add(line.replaceFirst(",\"payload\":\\{.*\\},\"payload_hash\"", ",\"payload_hash\""));
    }
    TilePath path = new TilePath(TilePath.ENTRIES, 0, ROWS);
    assertThat(
            EntryBundle.parse(path, Files.readAllBytes(directory.resolve(path.toString())))
                .entries())
        .extracting(entry -> new String(entry, StandardCharsets.UTF_8))
        .isEqualTo(records);
  }

  @Test
  void secondExportAddsOnlyNewRows() throws Exception {
    export().ok();
    Map<String, String> first = files(directory);

    assertThat(export().ok().out()).endsWith("; 0 files written\n");
    assertThat(files(directory)).isEqualTo(first);

    record(300);
    assertThat(export().ok().out()).contains("312 rows of ").endsWith("; 6 files written\n");
    Map<String, String> second = files(directory);
    first.forEach(
        (name, bytes) -> {
          if (!name.equals("checkpoint")) {
            assertThat(second).containsEntry(name, bytes);
          }
        });
    assertThat(second.keySet())
        .containsAll(first.keySet())
        .contains(
            "tile/0/000",
            "tile/0/001.p/56",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/56")
        .hasSize(first.size() + 5);

    Path whole = root.resolve("whole");
    cli.run("log", "export", whole.toString()).ok();
    assertThat(second).containsAllEntriesOf(files(whole));
  }

  /** A killed process leaves rows after the last checkpoint. */
  @Test
  void rowsAfterTheLastCheckpointAreNotExported() throws Exception {
    export().ok();
    record(3);
    cli.sql("DELETE FROM indelible_checkpoints WHERE size > " + ROWS);
    Files.delete(cli.data().resolve("last-checkpoint"));

    assertThat(export().ok().out()).startsWith("12 rows of ").endsWith("; 0 files written\n");

    record(1);
    assertThat(export().ok().out()).startsWith("16 rows of ");
  }

  @Test
  void logWithoutCheckpointIsReported() throws Exception {
    cli.sql("DELETE FROM indelible_checkpoints");

    assertThat(export().complaint(2))
        .startsWith("indelible: the log has no checkpoint yet; one is signed once a second");
    assertThat(directory.resolve("checkpoint")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"tile/0/000.p/12", "tile/entries/000.p/12"})
  void changedPublishedFileIsNotOverwritten(String name) throws Exception {
    export().ok();
    Path file = directory.resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    bytes[5] ^= 1;
    Files.write(file, bytes);
    String checkpoint = Files.readString(directory.resolve("checkpoint"));
    record(3);

    assertThat(export().complaint(1))
        .startsWith("indelible: " + file + ": its content differs from the log's")
        .endsWith("The file was not overwritten");
    assertThat(file).hasBinaryContent(bytes);
    assertThat(directory.resolve("checkpoint")).hasContent(checkpoint);

    Files.delete(directory.resolve("checkpoint"));
    cli.sql("DELETE FROM indelible_checkpoints WHERE size > " + ROWS);
    assertThat(export().complaint(1)).contains(file + ": its content differs");
  }

  @Test
  void missingExportedFileIsWrittenAgain() throws Exception {
    export().ok();
    Map<String, String> first = files(directory);
    Files.delete(directory.resolve("tile/entries/000.p/12"));
    Files.delete(directory.resolve("tile/0/000.p/12"));

    assertThat(export().ok().out()).endsWith("; 2 files written\n");
    assertThat(files(directory)).isEqualTo(first);
  }

  /** Only rows under the signed root are exported. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "UPDATE signed_events SET agent_id = 'x' WHERE sequence = 7 | row 7 is missing, or is not",
        "DELETE FROM signed_events WHERE sequence = 12 | row 12 is missing, or is not",
        "UPDATE indelible_tiles SET hashes = CAST(zeroblob(384) AS BLOB) | have root",
        "UPDATE indelible_checkpoints SET note = replace(note, '12', '13') | the last checkpoint: ",
      })
  void rowsThatContradictTheCheckpointAreNotExported(String sql, String says) throws Exception {
    cli.sql(sql);

    assertThat(export().complaint(1))
        .contains(says)
        .endsWith("; 'log verify' names the fault of the ledger");
    assertThat(files(directory).keySet()).containsExactly(".lock");
  }

  @Test
  void rolledBackLedgerIsRefused() throws Exception {
    Path copy = root.resolve("copy");
    copy(cli.data(), copy);
    record(3);
    export().ok();
    Map<String, String> published = files(directory);

    assertThat(new Cli(copy).run("log", "export", directory.toString()).complaint(1))
        .contains("15 rows were published, and the last checkpoint of the ledger is over 12");

    Cli forked = new Cli(copy);
    forked.runOn(Cli.line("a", Cli.bash("ls")).repeat(9), "gate").ok();
    assertThat(forked.run("log", "export", directory.toString()).complaint(1))
        .contains("the ledger is not the one that was published from: ");
    assertThat(files(directory)).isEqualTo(published);
  }

  @Test
  void exportOfAnotherLogIsNotOverwritten() throws Exception {
    export().ok();
    Map<String, String> published = files(directory);
    Cli other = new Cli(root.resolve("other"));
    other.run("check", Cli.bash("ls")).ok();

    assertThat(other.run("log", "export", directory.toString()).complaint(2))
        .startsWith("indelible: " + directory + ": holds another log; name another directory: ");
    assertThat(files(directory)).isEqualTo(published);
  }

  @Test
  void exportIntoADataDirectoryIsRefused() {
    assertThat(cli.run("log", "export", cli.data().toString()).complaint(2))
        .isEqualTo(
            "indelible: "
                + cli.data()
                + ": is a data directory, which only its owner may read; name another directory");
  }

  @Test
  void unwritableDirectoryIsNamed() throws Exception {
    assumeFalse(System.getProperty("user.name").equals("root"), "skipped: root may write anywhere");
    Files.createDirectory(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("r-xr-xr-x"));

    assertThat(export().complaint(2)).endsWith(directory + ": cannot be written: no permission");
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            to.resolve(from.relativize(file).toString()),
            java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }
}
