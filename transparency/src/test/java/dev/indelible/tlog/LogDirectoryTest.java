// SPDX-License-Identifier: Apache-2.0
package dev.indelible.tlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.indelible.merkle.TilePath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files reach the disk in the right order, and existing files never change. */
class LogDirectoryTest {
  private static final byte[] NOTE = {'n', 'o', 't', 'e'};

  @TempDir Path root;

  private static TilePath tile(long index) {
    return new TilePath(0, index, 256);
  }

  /** A disk that, in a power cut, loses everything that was not synced. */
  private static final class ForgetfulDisk extends Disk {
    /** Files whose content is synced, under their current names. */
    private final Set<Path> syncedFiles = ConcurrentHashMap.newKeySet();

    /** Names that are not synced yet, keyed by directory. */
    private final Map<Path, Set<Path>> unsyncedNames = new HashMap<>();

    private final List<Path> named = new ArrayList<>();
    private int failAtRename = Integer.MAX_VALUE;

    @Override
    void write(Path file, byte[] bytes) throws IOException {
      super.write(file, bytes);
      syncedFiles.remove(file);
    }

    @Override
    void sync(Path file) throws IOException {
      super.sync(file);
      syncedFiles.add(file);
    }

    @Override
    void rename(Path from, Path to) throws IOException {
      if (named.size() == failAtRename) {
        throw new IOException("cut");
      }
      assertThat(syncedFiles).as("%s was synced before it was renamed", to).contains(from);
      if (to.getFileName().toString().equals("checkpoint")) {
        assertThat(unsyncedNames)
            .as("names not synced before the checkpoint was renamed")
            .isEmpty();
      }
      super.rename(from, to);
      named.add(to);
      for (Path at = to; at.getParent() != null && !at.endsWith("log"); at = at.getParent()) {
        unsyncedNames.computeIfAbsent(at.getParent(), none -> new HashSet<>()).add(at);
      }
    }

    @Override
    void syncNames(Path directory) throws IOException {
      super.syncNames(directory);
      unsyncedNames.remove(directory);
    }
  }

  @Test
  void checkpointIsRenamedAfterAllFilesAreSynced() throws Exception {
    ForgetfulDisk disk = new ForgetfulDisk();
    Path log = root.resolve("log");
    try (LogDirectory directory = LogDirectory.openForWriting(log, disk)) {
      for (int i = 0; i < 1_100; i++) {
        directory.add(tile(i), new byte[] {(byte) i});
      }
      directory.publish(NOTE);
      assertThat(directory.written()).isEqualTo(1_101);
    }

    assertThat(disk.named).hasSize(1_101);
    assertThat(disk.named.get(1_100)).isEqualTo(log.resolve("checkpoint"));
    assertThat(disk.unsyncedNames).isEmpty();
    assertThat(log.resolve("tile/0/x001/099")).hasBinaryContent(new byte[] {(byte) 1_099});
    assertThat(log.resolve(".new")).doesNotExist();
  }

  @Test
  void crashKeepsTheOldCheckpointAndWholeFiles() throws Exception {
    for (int dies = 0; dies <= 10; dies++) {
      Path log = Files.createDirectory(root.resolve("dies-" + dies)).resolve("log");
      try (LogDirectory directory = LogDirectory.openForWriting(log)) {
        directory.publish(NOTE);
      }
      ForgetfulDisk disk = new ForgetfulDisk();
      disk.failAtRename = dies;
      try (LogDirectory directory = LogDirectory.openForWriting(log, disk)) {
        addTen(directory);
        assertThatExceptionOfType(LogDirectoryException.class)
            .isThrownBy(() -> directory.publish(new byte[] {'x'}))
            .withMessageContaining("cut");
      }
      assertThat(log.resolve("checkpoint")).hasBinaryContent(NOTE);
      for (int i = 0; i < 10; i++) {
        Path tile = log.resolve(tile(i).toString());
        assertThat(Files.exists(tile)).isEqualTo(i < dies);
        if (i < dies) {
          assertThat(tile).hasBinaryContent(new byte[] {(byte) i});
        }
      }
      try (LogDirectory directory = LogDirectory.openForWriting(log)) {
        addTen(directory);
        directory.publish(new byte[] {'x'});
        assertThat(directory.written()).isEqualTo(10 - dies + 1);
      }
      assertThat(log.resolve("checkpoint")).hasBinaryContent(new byte[] {'x'});
    }
  }

  private static void addTen(LogDirectory directory) throws LogDirectoryException {
    for (int i = 0; i < 10; i++) {
      directory.add(tile(i), new byte[] {(byte) i});
    }
  }

  @Test
  void existingTileCannotBeReplaced() throws Exception {
    Path log = root.resolve("log");
    try (LogDirectory directory = LogDirectory.openForWriting(log)) {
      directory.add(tile(0), new byte[] {1});
      directory.publish(NOTE);
    }
    try (LogDirectory directory = LogDirectory.openForWriting(log)) {
      directory.add(tile(0), new byte[] {1});
      assertThat(directory.written()).isZero();
      assertThatExceptionOfType(LogDirectoryException.class)
          .isThrownBy(() -> directory.add(tile(0), new byte[] {2}))
          .withMessageStartingWith(
              log.resolve("tile/0/000") + ": its content differs from the log's")
          .matches(LogDirectoryException::isContradicted);
    }
    assertThat(log.resolve("tile/0/000")).hasBinaryContent(new byte[] {1});
  }

  /** A web server that runs as another user can read the files. */
  @Test
  void filesHaveTheDefaultModesOfTheProcess() throws Exception {
    Path log = root.resolve("log");
    Path usual = Files.write(root.resolve("usual"), NOTE);
    try (LogDirectory directory = LogDirectory.openForWriting(log)) {
      directory.add(tile(0), new byte[] {1});
      directory.publish(NOTE);
    }
    for (String name : new String[] {"checkpoint", "tile/0/000"}) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(log.resolve(name))))
          .isEqualTo(PosixFilePermissions.toString(Files.getPosixFilePermissions(usual)));
    }
  }

  @Test
  void unusableDirectoryIsReported() throws Exception {
    Path file = Files.write(root.resolve("file"), NOTE);
    assertThatExceptionOfType(LogDirectoryException.class)
        .isThrownBy(() -> LogDirectory.openForWriting(file))
        .withMessage(file + ": is a file; name a directory");
    Path deep = root.resolve("no/such");
    assertThatExceptionOfType(LogDirectoryException.class)
        .isThrownBy(() -> LogDirectory.openForWriting(deep))
        .withMessage(deep + ": its parent directory does not exist; create it first");
    assertThatExceptionOfType(LogDirectoryException.class)
        .isThrownBy(() -> LogDirectory.open(deep))
        .withMessage(deep + ": is not a directory");
    Path log = Files.createDirectory(root.resolve("log"));
    Files.write(log.resolve("checkpoint"), NOTE);
    try (LogDirectory directory = LogDirectory.open(log)) {
      assertThatExceptionOfType(LogDirectoryException.class)
          .isThrownBy(directory::checkpoint)
          .withMessageStartingWith(log.resolve("checkpoint") + ": note: ");
    }
  }
}
