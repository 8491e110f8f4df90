// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.crypto.SigningKey;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.OperatorHistory.Admitted;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
  private long number(String origin) {
    OperatorHistory history = history(origin, -1);
    file.addTo(history);
    return history.newest().map(Admitted::number).orElse(-1L);
  }

  @Test
  void numberNeverFalls() {
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
  void otherLogBeginsAnew() {
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

  @Test
  void unreadableFileIsReplaced() throws Exception {
    Files.writeString(file.path(), "sha256:5\nfive\n" + ORIGIN + "\n");
    file.raise(history(ORIGIN, 4));

    assertThat(number(ORIGIN)).isEqualTo(4);
  }
}
