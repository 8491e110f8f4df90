// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.SigningKey;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.OperatorHistory.Admitted;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LastPolicyFileTest {
  private static final String ORIGIN = "example.com/log";
  private static final NoteSigner OPERATOR = NoteSigner.of("ops", SigningKey.generate());

  @TempDir Path temp;
  private LastPolicyFile file;

  @BeforeEach
  void name() {
    file = new LastPolicyFile(temp.resolve("last-policy"));
  }

  private static OperatorHistory history(String origin, long number) {
    OperatorHistory history = OperatorHistory.unread(OPERATOR.verifierKey(), origin);
    if (number >= 0) {
      history.raise(new Admitted(number, "sha256:" + number, Optional.empty(), false));
    }
    return history;
  }

  /** Returns the number that a log gets from the file; -1 if none. */
  private long number(String origin) throws KeyException {
    OperatorHistory history = history(origin, -1);
    file.addTo(history);
    return history.newest().map(Admitted::number).orElse(-1L);
  }

  @Test
  void numberNeverFalls() throws Exception {
    file.raise(history(ORIGIN, 7));
    OperatorHistory earlier = history(ORIGIN, 3);
    file.raise(earlier);

    assertThat(earlier.newest().orElseThrow().number()).isEqualTo(7);
    assertThat(number(ORIGIN)).isEqualTo(7);
  }

  @Test
  void ofManyAtOnceTheHighestNumberStays() throws Exception {
    int threads = 8;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      CyclicBarrier begin = new CyclicBarrier(threads);
      for (int round = 1; round <= 20; round++) {
        List<Future<?>> raised = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          long number = (long) round * threads + i;
          raised.add(
              pool.submit(
                  () -> {
                    begin.await();
                    file.raise(history(ORIGIN, number));
                    return null;
                  }));
        }
        for (Future<?> each : raised) {
          each.get();
        }
        assertThat(number(ORIGIN)).isEqualTo((long) round * threads + threads - 1);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void otherLogBeginsAnew() throws Exception {
    file.raise(history(ORIGIN, 7));
    assertThat(number("example.com/next")).isEqualTo(-1);

    file.raise(history("example.com/next", 0));
    assertThat(number("example.com/next")).isZero();
  }

  /** A version before this one wrote no origin. */
  @Test
  void fileWithoutAnOriginCounts() throws Exception {
    Files.writeString(file.path(), "sha256:5\n5\n");
    file.raise(history(ORIGIN, 4));

    assertThat(number(ORIGIN)).isEqualTo(5);
    assertThat(file.path()).hasContent("sha256:5\n5\n" + ORIGIN + "\n");
  }

  /** Whatever the reason, its number may be the only one that this host knows. */
  @ParameterizedTest
  @ValueSource(strings = {"sha256:5\nfive\n", "sha256:5\n-1\n", "", "a\n1\nb\nc\n", "\u00ff"})
  void damagedFileIsNotReplaced(String content) throws Exception {
    Files.write(file.path(), content.getBytes(StandardCharsets.ISO_8859_1));

    for (ThrowingCallable use :
        List.<ThrowingCallable>of(
            () -> file.raise(history(ORIGIN, 4)),
            () -> file.write("sha256:4"),
            () -> file.names("sha256:4"))) {
      assertThatThrownBy(use)
          .isInstanceOf(KeyException.class)
          .hasMessageContaining("last-policy: ")
          .hasMessageContaining("Restore the file");
    }
    assertThat(Files.readAllBytes(file.path()))
        .isEqualTo(content.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void fileThatCannotBeReadIsNotReplaced() throws Exception {
    Files.createDirectories(file.path());

    assertThatThrownBy(() -> file.raise(history(ORIGIN, 4))).isInstanceOf(KeyException.class);
    assertThat(file.path()).isDirectory();
  }

  /** Another process may have read an operator's key meanwhile. */
  @Test
  void unsignedPolicyKeepsTheNumber() throws Exception {
    file.write("sha256:1");
    assertThat(file.names("sha256:1")).isTrue();
    file.raise(history(ORIGIN, 7));
    file.write("sha256:2");

    assertThat(number(ORIGIN)).isEqualTo(7);
    assertThat(file.names("sha256:2")).isFalse();
  }
}
