// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One thread of one process holds the lock. */
class ExclusiveLockTest {
  @TempDir Path temp;

  private Path file() {
    return temp.resolve("lock");
  }

  /** Tries to lock a file in a process of its own. */
  static final class Attempt {
    private Attempt() {}

    public static void main(String[] args) throws Exception {
      System.out.println(ExclusiveLock.tryLock(Path.of(args[0])).isPresent() ? "locked" : "held");
    }
  }

  private String attemptOfAnotherProcess() throws Exception {
    return ChildJvm.running(Attempt.class).start(file()).output();
  }

  @Test
  void lockSurvivesASecondAttempt() throws Exception {
    Path link = Files.createSymbolicLink(temp.resolveSibling(temp.getFileName() + "-link"), temp);
    ExclusiveLock lock = ExclusiveLock.tryLock(file()).orElseThrow();
    try (lock) {
      assertThat(ExclusiveLock.tryLock(file())).isEmpty();
      assertThat(ExclusiveLock.tryLock(link.resolve("lock"))).isEmpty();

      assertThat(attemptOfAnotherProcess()).isEqualTo("held");
    } finally {
      Files.delete(link);
    }
    assertThat(attemptOfAnotherProcess()).isEqualTo("locked");
  }

  @Test
  void lockOfAnotherProcessIsRespected() throws Exception {
    ChildJvm child = ChildJvm.running(Holder.class).start(file());
    assertThat(child.readLine()).isEqualTo("locked");

    assertThat(ExclusiveLock.tryLock(file())).isEmpty();
    child.kill();

    ExclusiveLock.tryLock(file()).orElseThrow().close();
  }

  /** Locks a file until the process is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws Exception {
      ExclusiveLock lock = ExclusiveLock.tryLock(Path.of(args[0])).orElseThrow();
      try (lock) {
        System.out.println("locked");
        System.in.read();
      }
    }
  }

  @Test
  void secondCloseReleasesNoLaterLock() throws Exception {
    ExclusiveLock first = ExclusiveLock.tryLock(file()).orElseThrow();
    first.close();
    ExclusiveLock second = ExclusiveLock.tryLock(file()).orElseThrow();
    try (second) {
      first.close();

      assertThat(ExclusiveLock.tryLock(file())).isEmpty();
    }
  }

  @Test
  void lockFileIsTheOwnersAndNoLink() throws Exception {
    ExclusiveLock.tryLock(file()).orElseThrow().close();
    assertThat(Files.getPosixFilePermissions(file()))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));

    Path link = Files.createSymbolicLink(temp.resolve("link"), file());
    assertThatThrownBy(() -> ExclusiveLock.tryLock(link)).isInstanceOf(IOException.class);
    // A failed attempt leaves nothing locked.
    Files.delete(link);
    ExclusiveLock.tryLock(link).orElseThrow().close();
  }
}
