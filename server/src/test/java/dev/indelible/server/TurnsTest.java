// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TurnsTest {
  private final Turns turns = new Turns(2, 2);
  private final Queue<Runnable> later = new ArrayDeque<>();
  private final List<String> done = new ArrayList<>();

  private static void mustNot(Throwable cause) {
    throw new AssertionError(cause);
  }

  @Test
  void waitingTaskGetsTheTurnOfAnEndedOne() {
    turns.run(
        () ->
            turns.run(
                () -> {
                  turns.run(() -> done.add("third"), TurnsTest::mustNot, later::add);
                  turns.run(() -> done.add("fourth"), TurnsTest::mustNot, later::add);
                  assertThat(turns.run(() -> done.add("too many"), TurnsTest::mustNot, later::add))
                      .isFalse();
                  assertThat(later).isEmpty();
                  done.add("second");
                },
                TurnsTest::mustNot,
                later::add),
        TurnsTest::mustNot,
        later::add);

    assertThat(done).containsExactly("second");
    assertThat(later).hasSize(2);
    later.remove().run();
    later.remove().run();
    assertThat(done).containsExactly("second", "third", "fourth");
  }

  @Test
  void failedTaskKeepsNoTurn() {
    for (int i = 0; i < 10; i++) {
      assertThatThrownBy(
              () ->
                  turns.run(
                      () -> {
                        throw new IllegalStateException("a test");
                      },
                      TurnsTest::mustNot,
                      later::add))
          .isInstanceOf(IllegalStateException.class);
    }
    turns.run(() -> done.add("done"), TurnsTest::mustNot, later::add);

    assertThat(done).containsExactly("done");
  }

  /** An executor may throw although it runs the task, for example without a further thread. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void executorThatFailsLosesNoTurn(boolean runs) {
    Turns one = new Turns(1, 3);
    Executor broken =
        task -> {
          if (runs) {
            later.add(task);
          }
          throw new RejectedExecutionException("a test");
        };
    one.run(
        () -> {
          one.run(() -> done.add("broken"), cause -> done.add(cause.getMessage()), broken);
          one.run(() -> done.add("next"), TurnsTest::mustNot, later::add);
          done.add("first");
        },
        TurnsTest::mustNot,
        later::add);
    while (!later.isEmpty()) {
      later.remove().run();
    }

    assertThat(done).containsExactly("first", "a test", "next");
    one.run(() -> done.add("free"), TurnsTest::mustNot, later::add);
    assertThat(done).endsWith("free");
    assertThat(one.waiting()).isZero();
  }

  @Test
  void givenUpTaskDoesNotRun() {
    Turns one = new Turns(1, 1);
    Runnable unwanted = () -> done.add("unwanted");
    one.run(
        () -> {
          one.run(unwanted, TurnsTest::mustNot, later::add);
          assertThat(one.giveUp(unwanted)).isTrue();
          assertThat(one.run(() -> done.add("wanted"), TurnsTest::mustNot, later::add)).isTrue();
        },
        TurnsTest::mustNot,
        later::add);
    later.remove().run();

    assertThat(one.giveUp(unwanted)).isFalse();
    assertThat(done).containsExactly("wanted");
  }
}
