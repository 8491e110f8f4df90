// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Data directories of earlier versions can be verified, and new rows can be appended. Each has
 * allowed and refused decisions, a tally, an erased payload and a rotated key.
 */
@DisabledOnOs(OS.WINDOWS)
class EarlierLedgerTest {
  private static final Set<PosixFilePermission> OWNER_FILE =
      PosixFilePermissions.fromString("rw-------");

  private static final Set<PosixFilePermission> OWNER_DIRECTORY =
      PosixFilePermissions.fromString("rwx------");

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = "schema-3-before-health")
  void earlierLedgerVerifiesAndGetsNewRows(String name) throws Exception {
    Cli cli = new Cli(unpacked(name));

    cli.assertIntact(8);
    assertThat(cli.run("status").ok().out()).contains("state        ok");
    assertThat(cli.run("check", "bash", "true").exit()).isZero();
    cli.assertIntact(9);
    cli.run("keys", "rotate").ok();
    cli.assertIntact(10);
  }

  @Test
  void earlierLedgerWithoutItsKeyGetsNoRows() throws Exception {
    Cli cli = new Cli(unpacked("schema-3-before-health"));
    Files.delete(cli.data().resolve("keys/audit.pem"));

    assertThat(cli.run("check", "bash", "true").complaint(2)).contains("keys replace --lost");
    assertThat(cli.rows()).hasSize(8);
  }

  private Path unpacked(String name) throws Exception {
    Path data = Files.createDirectory(directory.resolve("data"));
    Files.setPosixFilePermissions(data, OWNER_DIRECTORY);
    try (InputStream in = EarlierLedgerTest.class.getResourceAsStream("/ledgers/" + name + ".zip");
        ZipInputStream files = new ZipInputStream(in)) {
      for (ZipEntry file = files.getNextEntry(); file != null; file = files.getNextEntry()) {
        Path to = data.resolve(file.getName());
        for (Path part = to.getParent(); !part.equals(data); part = part.getParent()) {
          Files.createDirectories(part);
          Files.setPosixFilePermissions(part, OWNER_DIRECTORY);
        }
        Files.copy(files, to);
        Files.setPosixFilePermissions(to, OWNER_FILE);
      }
    }
    return data;
  }
}
