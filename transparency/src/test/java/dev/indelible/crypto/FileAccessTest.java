// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Error messages for files that this process, or a process of another user, may not access. */
@EnabledOnOs(OS.LINUX)
class FileAccessTest {
  private static final String STRANGER = "12345";

  @TempDir Path directory;
  private Object self;

  @BeforeEach
  void findOwnUser() throws Exception {
    self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
  }

  @Test
  void ownFilesAreNotRefused() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));

    assertThat(FileAccess.READ.refusal(file)).isEmpty();
    assertThat(FileAccess.WRITE.refusal(directory)).isEmpty();
  }

  @Test
  void unreadableFileNamesItsOwner() throws Exception {
    assumeFalse(self.equals(0), "root may read every file");
    Path file = Files.createFile(directory.resolve("file"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));

    assertThat(FileAccess.READ.refusal(file))
        .contains(
            "cannot be read by this user (uid %s; it belongs to uid %s)".formatted(self, self));
  }

  /** This happens if a container runs as different users in two runs. */
  @Test
  void anotherUsersDirectoryNamesBothUsers() throws Exception {
    assumeTrue(self.equals(0), "only root can start a process as another user");
    Path mine = Files.createDirectory(directory.resolve("mine"));
    Files.setPosixFilePermissions(mine, PosixFilePermissions.fromString("rwx------"));
    for (Class<?> each : new Class<?>[] {FileAccess.class, Ask.class}) {
      copy(each);
    }
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Process asked =
        new ProcessBuilder(
                "setpriv",
                "--reuid=" + STRANGER,
                "--regid=" + STRANGER,
                "--clear-groups",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                directory.toString(),
                Ask.class.getName(),
                mine.toString())
            .redirectErrorStream(true)
            .start();

    assertThat(new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isEqualTo("cannot be read by this user (uid " + STRANGER + "; it belongs to uid 0)");
  }

  private void copy(Class<?> type) throws Exception {
    String name = type.getName().replace('.', '/') + ".class";
    Path to = directory.resolve(name);
    Files.createDirectories(to.getParent());
    for (Path at = to.getParent(); !at.equals(directory); at = at.getParent()) {
      Files.setPosixFilePermissions(at, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    Files.write(to, type.getClassLoader().getResourceAsStream(name).readAllBytes());
  }

  /** A child process that prints the refusals for its own user. */
  static final class Ask {
    private Ask() {}

    public static void main(String[] args) {
      System.out.print(FileAccess.READ.refusal(Path.of(args[0])).orElse("nothing"));
    }
  }
}
