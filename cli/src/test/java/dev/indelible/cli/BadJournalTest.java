// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.crypto.Sha256;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * An unusable journal directory ends with status 2 and one line that states what is wrong, where
 * and what to do. The data directory is not changed.
 */
@Timeout(60)
class BadJournalTest {
  @TempDir Path temp;

  private Cli cli;
  private Path journal;

  @BeforeEach
  void recordOneRow() {
    cli = new Cli(temp.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
    journal = cli.data().resolve("journal");
  }

  @Test
  void journalOfANewerVersionIsRefused() throws Exception {
    Path identity = journal.resolve("0000/journal.id");
    Files.writeString(identity, Files.readString(identity).replace("journal 1\n", "journal 2\n"));

    assertRefused(
        identity + ": a journal of version 2, but this Indelible supports versions up to 1");
  }

  @Test
  void journalOfAnotherDataDirectoryIsRefused() throws Exception {
    Cli other = new Cli(temp.resolve("other"));
    other.run("check", Cli.bash("ls")).ok();
    Files.move(journal, temp.resolve("aside"));
    Files.move(other.data().resolve("journal"), journal);

    assertRefused(
        journal.resolve("0000/journal.id") + ": this journal belongs to ledger ",
        "move it back to its own ledger");
  }

  @Test
  void foreignFilesInTheJournalAreRefused() throws Exception {
    for (String name : List.of("notes.txt", "0000/notes.txt")) {
      Path foreign = Files.writeString(journal.resolve(name), "not ours");

      assertRefused(foreign + ": does not belong in a journal; move it away");
      Files.delete(foreign);
    }
  }

  @Test
  void fileSystemWithoutLocksIsRefused() throws Exception {
    Map<String, String> before = tree(temp.resolve("data"));

    assertThat(refusedOn("locks", cli.data()))
        .startsWith("indelible: " + journal.resolve("door") + ": cannot be locked (No locks")
        .contains("keep the data directory on a local disk");
    assertThat(tree(temp.resolve("data"))).isEqualTo(before);
    cli.assertIntact(1);
  }

  @Test
  void diskWithoutSpaceForTheFirstSegmentIsRefused() throws Exception {
    Path fresh = temp.resolve("fresh");

    assertThat(refusedOn("space", fresh))
        .startsWith("indelible: " + fresh.resolve("journal") + ": the disk is full")
        .contains("needs 2162688 bytes and 0 are free; free some disk space");
    assertThat(fresh).doesNotExist();
  }

  private void assertRefused(String... says) throws Exception {
    Map<String, String> before = tree(cli.data());

    assertThat(cli.run("check", Cli.bash("ls")).complaint(2)).contains(says);
    assertThat(tree(cli.data())).isEqualTo(before);
  }

  /** Runs a check in a process whose disk lacks a feature; returns the only line of output. */
  private String refusedOn(String missing, Path data) throws Exception {
    Map<String, String> disk =
        Map.of("LD_PRELOAD", compile().toString(), "INDELIBLE_POOR", missing);
    ChildJvm check =
        new Cli(data)
            .process(Cli.launcher().environment(disk).mergeErrors(), "check", Cli.bash("ls"));
    List<String> output = check.remainingLines();
    assertThat(check.exitCode()).as(output.toString()).isEqualTo(2);
    assertThat(output).hasSize(1);
    return output.get(0);
  }

  /** Compiles the library to preload. Without a C compiler the test is skipped. */
  private Path compile() throws Exception {
    Path source = temp.resolve("poor.c");
    Path library = temp.resolve("poor.so");
    try (InputStream text = BadJournalTest.class.getResourceAsStream("/poor.c")) {
      Files.copy(text, source);
    }
    Process compiler;
    try {
      compiler =
          new ProcessBuilder(
                  "cc",
                  "-shared",
                  "-fPIC",
                  "-O2",
                  "-o",
                  library.toString(),
                  source.toString(),
                  "-ldl")
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      assumeTrue(false, "no C compiler (cc), so the faults of a disk cannot be simulated: " + e);
      throw e;
    }
    String complaints = new String(compiler.getInputStream().readAllBytes());
    assertThat(compiler.waitFor()).as(complaints).isZero();
    return library;
  }

  /**
   * Returns all names and contents below a directory, without the files that SQLite puts beside a
   * database that is read: the -shm file and an empty -wal file.
   */
  private static Map<String, String> tree(Path directory) throws IOException {
    Map<String, String> tree = new TreeMap<>();
    List<Path> paths = new ArrayList<>();
    try (Stream<Path> found = Files.walk(directory)) {
      found.forEach(paths::add);
    }
    paths.removeIf(path -> path.endsWith("indelible.db-shm"));
    Path changes = directory.resolve("indelible.db-wal");
    if (Files.exists(changes) && Files.size(changes) == 0) {
      paths.remove(changes);
    }
    for (Path path : paths) {
      String content =
          Files.isDirectory(path) ? "directory" : HexFormat.of().formatHex(digest(path));
      tree.put(directory.relativize(path).toString(), content);
    }
    return tree;
  }

  private static byte[] digest(Path file) throws IOException {
    return Sha256.hash(Files.readAllBytes(file));
  }
}
