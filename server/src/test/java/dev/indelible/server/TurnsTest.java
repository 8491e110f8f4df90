// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private final Turns turns = new Turns(2, 2);
  private final Queue<Runnable> later = new ArrayDeque<>();
  private final List<String> done = new ArrayList<>();

  @Test
  void waitingTaskGetsTheTurnOfAnEndedOne() {
    turns.run(
        () ->
            turns.run(
                () -> {
                  turns.run(() -> done.add("third"), later::add);
                  turns.run(() -> done.add("fourth"), later::add);
                  assertThat(turns.run(() -> done.add("too many"), later::add)).isFalse();
                  assertThat(later).isEmpty();
                  done.add("second");
                },
                later::add),
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
                      later::add))
          .isInstanceOf(IllegalStateException.class);
    }
    turns.run(() -> done.add("done"), later::add);

    assertThat(done).containsExactly("done");
  }
}
