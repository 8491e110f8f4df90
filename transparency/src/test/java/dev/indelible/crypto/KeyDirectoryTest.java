// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The key directory has mode 0700, the private key has mode 0600, and a private key that others can
 * read is refused.
 */
@Timeout(60)
class KeyDirectoryTest {
  @TempDir Path temp;
  private Path directory;
  private KeyDirectory keys;

  @BeforeEach
  void makeName() {
    directory = temp.resolve("keys");
    keys = new KeyDirectory(directory);
  }

  /** A missing key is created on the first start (promise D11). */
  @Test
  void keyIsCreatedOnceWithStrictModes() throws Exception {
    assumePosix();
    assertThat(keys.hasSigningKey()).isFalse();
    SigningKey made = keys.openOrCreate();
    assertThat(keys.hasSigningKey()).isTrue();
    assertThat(mode(directory)).isEqualTo("rwx------");
    assertThat(mode(directory.resolve("audit.pem"))).isEqualTo("rw-------");
    String half = made.verificationKey().keyId() + ".pub.pem";
    assertThat(names(directory)).containsExactlyInAnyOrder("audit.pem", half);
    assertThat(keys.openOrCreate().verificationKey()).isEqualTo(made.verificationKey());
    assertThat(keys.open().verificationKey()).isEqualTo(made.verificationKey());
    assertThat(keys.accepted().keys()).containsExactly(made.verificationKey());
  }

  @Test
  void missingParentsAreCreated() throws Exception {
    Path deep = temp.resolve("a/b/keys");
    assertThat(new KeyDirectory(deep).openOrCreate().verificationKey()).isNotNull();
    assertThat(deep.resolve("audit.pem")).isRegularFile();
  }

  @Test
  void openCreatesNoKey() {
    assertThatThrownBy(keys::open)
        .isInstanceOf(KeyException.class)
        .hasMessage(
            directory.resolve("audit.pem")
                + ": does not exist; create a key with 'indelible keys init'");
    assertThat(directory).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rw-----w-", "rwx------"})
  void keyReadableByOthersIsRefused(String mode) throws Exception {
    assumePosix();
    keys.openOrCreate();
    Path file = directory.resolve("audit.pem");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    assertThatThrownBy(keys::openOrCreate)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining(file + ": ")
        .hasMessageContaining("(mode " + mode + ")")
        .hasMessageContaining("chmod 600 " + file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxr-x---", "rwx-----x", "rwxrwxrwx"})
  void directoryOpenToOthersIsRefused(String mode) throws Exception {
    assumePosix();
    keys.openOrCreate();
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(mode));
    assertThatThrownBy(keys::openOrCreate)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("(mode " + mode + ")")
        .hasMessageContaining("chmod 700 " + directory);
  }

  /** A directory that is refused receives no private key. */
  @Test
  void noKeyIsCreatedInAnOpenDirectory() throws Exception {
    assumePosix();
    Files.createDirectory(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(keys::openOrCreate)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("chmod 700 " + directory);
    assertThat(names(directory)).isEmpty();
  }

  @Test
  void keyIsNeverReadThroughALink() throws Exception {
    assumePosix();
    KeyDirectory elsewhere = new KeyDirectory(temp.resolve("elsewhere"));
    elsewhere.openOrCreate();
    Path target = temp.resolve("elsewhere/audit.pem");
    String before = Files.readString(target);
    Files.createDirectory(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.createSymbolicLink(directory.resolve("audit.pem"), target);
    assertThatThrownBy(keys::openOrCreate)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("not a regular file; a key is never read through a link");
    assertThat(Files.readString(target)).isEqualTo(before);
  }

  /** No key is written through a dangling link. */
  @Test
  void keyIsNotWrittenThroughADanglingLink() throws Exception {
    assumePosix();
    Path target = temp.resolve("nowhere.pem");
    Files.createDirectory(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.createSymbolicLink(directory.resolve("audit.pem"), target);
    assertThatThrownBy(keys::openOrCreate).isInstanceOf(KeyException.class);
    assertThat(target).doesNotExist();
  }

  @Test
  void directoryInPlaceOfTheKeyIsRefused() throws Exception {
    assumePosix();
    Files.createDirectory(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.createDirectory(directory.resolve("audit.pem"));
    assertThatThrownBy(keys::openOrCreate)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("not a regular file");
  }

  /** A file in place of the directory is an error, not an empty directory (D11). */
  @Test
  void fileInPlaceOfTheDirectoryIsRefused() throws Exception {
    Files.writeString(directory, "a file");
    assertThatThrownBy(keys::openOrCreate)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining(directory.toString());
    assertThatThrownBy(keys::accepted)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining(directory.toString());
    assertThat(Files.readString(directory)).isEqualTo("a file");
  }

  /** The superuser can read everything, so this test needs another user (D11). */
  @Test
  void unreadableDirectoryIsRefused() throws Exception {
    assumePosix();
    keys.openOrCreate();
    Files.setPosixFilePermissions(directory, Set.of());
    try {
      assumeTrue(!Files.isReadable(directory), "skipped: this user can read every file");
      assertThatThrownBy(keys::open).isInstanceOf(KeyException.class);
      assertThatThrownBy(keys::openOrCreate).isInstanceOf(KeyException.class);
      assertThatThrownBy(keys::accepted).isInstanceOf(KeyException.class);
    } finally {
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    }
  }

  @Test
  void missingDirectoryHasNoAcceptedKeys() throws Exception {
    assertThat(keys.accepted().keys()).isEmpty();
  }

  /** After a rotation, the earlier keys are still accepted. */
  @Test
  void everyPublicKeyIsAccepted() throws Exception {
    VerificationKey own = keys.openOrCreate().verificationKey();
    VerificationKey earlier = SigningKey.generate().verificationKey();
    Files.writeString(directory.resolve(earlier.keyId() + ".pub.pem"), earlier.toPem());
    assertThat(keys.accepted().keys()).containsExactlyInAnyOrder(own, earlier);
    Files.writeString(directory.resolve("broken.pub.pem"), "nonsense");
    assertThatThrownBy(keys::accepted)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("broken.pub.pem: not PEM text of type PUBLIC KEY");
  }

  /** The error for a damaged key names the file and does not quote the content. */
  @Test
  void damagedKeyIsRefusedWithoutItsContent() throws Exception {
    keys.openOrCreate();
    Path file = directory.resolve("audit.pem");
    String pem = Files.readString(file);
    String body = pem.lines().skip(1).findFirst().orElseThrow();
    Files.writeString(file, pem.replace(body, body.substring(0, 40)));
    assertThatThrownBy(keys::openOrCreate)
        .isInstanceOf(KeyException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageNotContaining(body.substring(24, 40));
    Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe});
    assertThatThrownBy(keys::openOrCreate)
        .isInstanceOf(KeyException.class)
        .hasMessageStartingWith(file + ": ");
  }

  @Test
  void threadsThatStartAtOnceShareOneKey() throws Exception {
    int threads = 6;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      for (int round = 0; round < 20; round++) {
        Path shared = temp.resolve("round-" + round);
        CyclicBarrier together = new CyclicBarrier(threads);
        List<Future<String>> running = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
          running.add(
              pool.submit(
                  () -> {
                    together.await(20, TimeUnit.SECONDS);
                    return new KeyDirectory(shared).openOrCreate().verificationKey().keyId();
                  }));
        }
        Set<String> ids = new HashSet<>();
        for (Future<String> each : running) {
          ids.add(each.get(20, TimeUnit.SECONDS));
        }
        assertThat(ids).hasSize(1);
        assertThat(names(shared)).hasSize(2);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void processesThatStartAtOnceShareOneKey() throws Exception {
    List<ChildJvm> processes = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        processes.add(ChildJvm.running(KeyProcess.class).start(directory));
      }
      Set<String> ids = new HashSet<>();
      for (ChildJvm process : processes) {
        ids.add(process.output());
      }
      assertThat(ids).containsExactly(keys.open().verificationKey().keyId());
      assertThat(names(directory)).hasSize(2);
    } finally {
      for (ChildJvm process : processes) {
        process.kill();
      }
    }
  }

  /** A process that opens or creates the key and prints the key's id. */
  static final class KeyProcess {
    private KeyProcess() {}

    public static void main(String[] arguments) throws KeyException {
      KeyDirectory directory = new KeyDirectory(Path.of(arguments[0]));
      System.out.println(directory.openOrCreate().verificationKey().keyId());
    }
  }

  private void assumePosix() throws IOException {
    assumeTrue(
        Files.getFileStore(temp).supportsFileAttributeView("posix"), "skipped: no POSIX modes");
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
