// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads a key from a directory in the layout of a Kubernetes secret: symbolic links to files that a
 * group can read.
 */
@DisabledOnOs(OS.WINDOWS)
class MountedSecretTest {
  private final SigningKey key = SigningKey.generate();
  @TempDir Path directory;
  private Path secret;

  @BeforeEach
  void mountASecret() throws Exception {
    secret = Files.createDirectory(directory.resolve("secret"));
    Path version = Files.createDirectory(secret.resolve("..2026_11_29_01_02_03.4"));
    Path file = Files.writeString(version.resolve(KeyDirectory.PRIVATE_KEY), key.toPem());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r-----"));
    Files.createSymbolicLink(secret.resolve("..data"), version.getFileName());
    Files.createSymbolicLink(
        secret.resolve(KeyDirectory.PRIVATE_KEY), Path.of("..data", KeyDirectory.PRIVATE_KEY));
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void linkedKeyIsRefusedWithAdvice() {
    assertThatThrownBy(() -> new KeyDirectory(secret).open())
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("never read through a link; copy it here with mode 600");
  }

  /** Runs the commands from docs/operating.md. */
  @Test
  void keyCopiedAsDocumentedSigns() throws Exception {
    Path keys = directory.resolve("data/keys");
    String step =
        "install -d -m 700 '%1$s' && { [ -f '%1$s'/audit.pem ] || install -m 600 '%2$s'/audit.pem '%1$s'; }"
            .formatted(keys, secret);

    assertThat(new ProcessBuilder("sh", "-c", step).inheritIO().start().waitFor()).isZero();

    assertThat(new KeyDirectory(keys).open().verificationKey()).isEqualTo(key.verificationKey());
  }
}
