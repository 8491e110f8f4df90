// SPDX-License-Identifier: Apache-2.0
package dev.indelible.encoding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Timestamps from the machine's clock, within and outside the valid range. */
class ClockTest {
  @Test
  void timeIsTruncatedToMicroseconds() {
    assertThat(Timestamps.now(at("2026-11-29T01:02:03.456789999Z")))
        .isEqualTo(Instant.parse("2026-11-29T01:02:03.456789Z"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"+10000-01-01T00:00:00Z", "-0001-12-31T23:59:59Z"})
  void yearOutsideFourDigitsIsRejected(String time) {
    assertThatThrownBy(() -> Timestamps.now(at(time)))
        .isInstanceOf(ClockException.class)
        .hasMessage(
            "the clock of this machine shows %s; only times of the years 0000 to 9999 can be recorded; set the clock",
            time);
  }

  private static Clock at(String time) {
    return Clock.fixed(Instant.parse(time), ZoneOffset.UTC);
  }
}
