// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.health.HealthEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A log with lasting faults keeps a bounded number of entries and log lines. */
class HealthEntriesTest {
  private static final int MINUTES_A_DAY = (int) Duration.ofDays(1).toMinutes();

  private final AtomicLong clock = new AtomicLong();
  private final List<String> logged = new ArrayList<>();
  private final HealthEntries entries =
      new HealthEntries(clock::get, (source, reason) -> logged.add(source + ": " + reason));

  @Test
  void changedReasonReplacesTheEntryOfItsSource() {
    for (int rows = 0; rows < 1_000; rows++) {
      entries.set("witness w1", "it saw 20 rows, and the log has " + rows);
    }
    assertThat(entries.all())
        .containsExactly(new HealthEntry("witness w1", "it saw 20 rows, and the log has 999"));
    assertThat(logged).hasSize(1);
  }

  @Test
  void entryOfAResolvedFaultIsRemoved() {
    entries.set("tallies", "no tally can be written");
    entries.set("checkpoints", "no checkpoint is signed");
    entries.clear("tallies");
    entries.clear("tallies");
    assertThat(entries.all())
        .containsExactly(new HealthEntry("checkpoints", "no checkpoint is signed"));
  }

  /** A witness that is ahead is checked every second, and the reason changes each time. */
  @Test
  void reasonThatChangesAllDayIsOneEntry() {
    everySecondOfADay(
        second -> entries.set("witness w1", "it saw 90000 rows, and the log has " + second));

    assertThat(entries.all()).hasSize(1);
    assertThat(logged).hasSize(MINUTES_A_DAY);
  }

  /** One dead letter waits all day. */
  @Test
  void reasonThatLastsAllDayIsOneLogLine() {
    everySecondOfADay(second -> entries.set("dead_letters", "1 dead letter waits"));

    assertThat(entries.all()).hasSize(1);
    assertThat(logged).containsExactly("dead_letters: 1 dead letter waits");
  }

  @Test
  void flappingReasonIsLoggedOncePerMinute() {
    everySecondOfADay(
        second -> {
          entries.set("tallies", "no tally can be written");
          entries.clear("tallies");
        });

    assertThat(entries.all()).isEmpty();
    assertThat(logged).hasSize(MINUTES_A_DAY);
  }

  @Test
  void sourcesAreLoggedIndependently() {
    entries.set("tallies", "no tally can be written");
    entries.set("checkpoints", "no checkpoint is signed");

    assertThat(logged).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\n"})
  void everyEntryHasAReason(String blank) {
    assertThatIllegalArgumentException().isThrownBy(() -> entries.set("tallies", blank));
    assertThat(entries.all()).isEmpty();
  }

  private void everySecondOfADay(IntConsumer second) {
    for (int i = 0; i < Duration.ofDays(1).toSeconds(); i++) {
      second.accept(i);
      clock.addAndGet(Duration.ofSeconds(1).toNanos());
    }
  }
}
