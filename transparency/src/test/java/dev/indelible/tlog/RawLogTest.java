// SPDX-License-Identifier: Apache-2.0
package dev.indelible.tlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.crypto.SigningKey;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.ReferenceTree;
import dev.indelible.merkle.TilePath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A log of raw entries. ThirdPartyTest compares its files with those of another implementation. */
class RawLogTest {
  private static final String ORIGIN = "log.example/raw";
  private static final NoteSigner SIGNER = NoteSigner.of(ORIGIN, SigningKey.fromSeed(new byte[32]));
  private static final ReferenceTree REFERENCE = ReferenceTree.numbered(1_000);

  @TempDir Path root;

  private Path directory() {
    return root.resolve("log");
  }

  private RawLog open() throws LogDirectoryException {
    return RawLog.open(directory(), SIGNER);
  }

  /** Opens the log, appends numbers until it has this size, and signs. */
  private void grow(int size) throws LogDirectoryException {
    try (RawLog log = open()) {
      append(log, size);
      log.sign();
    }
  }

  private static void append(RawLog log, int size) {
    while (log.size() < size) {
      long next = log.size();
      assertThat(log.append(REFERENCE.entry((int) next))).isEqualTo(next);
    }
  }

  private static Map<String, String> files(Path directory) throws IOException {
    try (Stream<Path> found = Files.walk(directory)) {
      Map<String, String> files = new TreeMap<>();
      for (Path file : found.filter(Files::isRegularFile).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        files.put(
            directory.relativize(file).toString(), new String(bytes, StandardCharsets.ISO_8859_1));
      }
      return files;
    }
  }

  @Test
  void checkpointHasTheRootOfAppendedEntries() throws Exception {
    for (int size : new int[] {0, 1, 2, 255, 256, 257, 512, 999}) {
      try (RawLog log = open()) {
        append(log, size);
        assertThat(log.sign().verify(SIGNER.verifierKey()))
            .isEqualTo(
                Checkpoint.of(ORIGIN, size, size == 0 ? Hash.EMPTY_TREE : REFERENCE.root(size)));
        assertThat(log.sign()).isEqualTo(log.checkpoint().orElseThrow());
      }
      assertThat(Files.readString(directory().resolve("checkpoint")))
          .startsWith(ORIGIN + "\n" + size + "\n");
    }
  }

  /** The files do not depend on batches or on how often the log was opened. */
  @Test
  void filesDependOnTheEntriesOnly() throws Exception {
    grow(600);
    Map<String, String> atOnce = files(directory());
    Files.move(directory(), root.resolve("first"));
    for (int size : new int[] {1, 3, 256, 258, 600}) {
      grow(size);
    }
    Map<String, String> inSteps = files(directory());

    assertThat(inSteps).containsAllEntriesOf(atOnce);
  }

  @Test
  void publishedFilesNeverChange() throws Exception {
    Map<String, String> before = Map.of();
    for (int size : new int[] {1, 100, 256, 300, 301, 520}) {
      grow(size);
      Map<String, String> after = files(directory());
      before.forEach(
          (name, bytes) -> {
            if (!name.equals("checkpoint")) {
              assertThat(after).as("at size %d", size).containsEntry(name, bytes);
            }
          });
      before = after;
    }
    assertThat(before.keySet())
        .isEqualTo(
            Stream.of(
                    "checkpoint .lock",
                    "tile/0/000.p/1 tile/0/000.p/100 tile/0/000 tile/0/001 tile/0/001.p/44",
                    "tile/0/001.p/45 tile/0/002.p/8 tile/1/000.p/1 tile/1/000.p/2",
                    "tile/entries/000.p/1 tile/entries/000.p/100 tile/entries/000 tile/entries/001",
                    "tile/entries/001.p/44 tile/entries/001.p/45 tile/entries/002.p/8")
                .flatMap(line -> Stream.of(line.split(" ")))
                .collect(Collectors.toSet()));
  }

  @Test
  void unsignedEntriesAreNotInTheLog() throws Exception {
    grow(10);
    Map<String, String> signed = files(directory());
    try (RawLog log = open()) {
      append(log, 300);
    }

    assertThat(files(directory())).isEqualTo(signed);
    try (RawLog log = open()) {
      assertThat(log.size()).isEqualTo(10);
    }
  }

  /**
   * After a crash between the files and the checkpoint, the next writer may append different
   * entries.
   */
  @Test
  void filesWithoutACheckpointAreReplaced() throws Exception {
    grow(10);
    byte[] checkpoint = Files.readAllBytes(directory().resolve("checkpoint"));
    try (RawLog log = open()) {
      IntStream.range(0, 300).forEach(i -> log.append(new byte[] {7}));
      log.sign();
    }
    Files.write(directory().resolve("checkpoint"), checkpoint);

    grow(310);

    assertThat(Files.readString(directory().resolve("checkpoint")))
        .contains("\n" + REFERENCE.root(310).base64() + "\n");
    try (RawLog log = open()) {
      assertThat(log.size()).isEqualTo(310);
    }
  }

  @Test
  void secondWriterIsRefused() throws Exception {
    try (RawLog log = open()) {
      assertThatExceptionOfType(LogDirectoryException.class)
          .isThrownBy(this::open)
          .withMessageContaining("another writer has this directory open")
          .matches(e -> !e.isContradicted());
      append(log, 1);
      log.sign();
    }
    grow(2);
  }

  @Test
  void logOfAnotherNameOrKeyIsNotContinued() throws Exception {
    grow(3);
    NoteSigner otherName = NoteSigner.of("log.example/other", SigningKey.fromSeed(new byte[32]));
    NoteSigner otherKey = NoteSigner.of(ORIGIN, SigningKey.generate());
    for (NoteSigner other : new NoteSigner[] {otherName, otherKey}) {
      assertThatExceptionOfType(LogDirectoryException.class)
          .isThrownBy(() -> RawLog.open(directory(), other))
          .withMessageContaining("holds a log that cannot be continued here: ");
    }
    grow(4);
  }

  @ParameterizedTest
  @CsvSource({
    "checkpoint, 40",
    "tile/0/001.p/44, 100",
    "tile/1/000.p/1, 3",
    "tile/entries/001.p/44, 2",
    "tile/entries/001.p/44, 1"
  })
  void damagedLogIsNotContinued(String name, int at) throws Exception {
    grow(300);
    Path file = directory().resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    bytes[at] ^= 1;
    Files.write(file, bytes);

    assertThatExceptionOfType(LogDirectoryException.class)
        .isThrownBy(this::open)
        .withMessageContaining(directory().toString());
    Files.delete(file);
    if (!name.equals("checkpoint")) {
      assertThatExceptionOfType(LogDirectoryException.class)
          .isThrownBy(this::open)
          .withMessageContaining(file + ": the file is missing")
          .matches(LogDirectoryException::isContradicted);
    }
  }

  @Test
  void entryThatIsTooLongIsRefused() throws Exception {
    try (RawLog log = open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> log.append(new byte[65_536]))
          .withMessage("an entry of 65536 bytes; the limit is 65535");
      log.append(new byte[65_535]);
      log.append(new byte[0]);
      assertThat(log.sign().unverified().size()).isEqualTo(2);
    }
    try (LogDirectory read = LogDirectory.open(directory())) {
      assertThat(read.entries(new TilePath(TilePath.ENTRIES, 0, 2)))
          .extracting(entry -> entry.length)
          .containsExactly(65_535, 0);
    }
  }

  @Test
  void appendedEntryIsCopied() throws Exception {
    byte[] entry = REFERENCE.entry(0).clone();
    try (RawLog log = open()) {
      log.append(entry);
      entry[0] ^= 1;
      assertThat(log.sign().unverified().root()).isEqualTo(REFERENCE.root(1));
    }
  }
}
