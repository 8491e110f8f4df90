// SPDX-License-Identifier: Apache-2.0
package dev.indelible.encoding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Recorded times have one format. A time that does not fit the format is rejected. */
class TimestampsTest {
  private static final DateTimeFormatter ORACLE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
  private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999Z");

  @Test
  void formatEqualsTheJdkFormat() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 20_000; i++) {
      check(
          Instant.ofEpochSecond(
              random.nextLong(FIRST.getEpochSecond(), LAST.getEpochSecond()),
              random.nextInt(1_000_000) * 1_000L));
    }
    for (String edge :
        new String[] {
          "0000-01-01T00:00:00Z",
          "0000-02-29T23:59:59.999999Z",
          "1900-02-28T23:59:59.999999Z",
          "1969-12-31T23:59:59.999999Z",
          "1970-01-01T00:00:00Z",
          "2000-02-29T00:00:00.000001Z",
          "2026-11-23T01:02:03.456789Z",
          "9999-12-31T23:59:59.999999Z"
        }) {
      check(Instant.parse(edge));
    }
  }

  private static void check(Instant time) {
    String form = Timestamps.format(Timestamps.requireRecordable(time));
    assertThat(form).isEqualTo(ORACLE.format(time)).hasSize(Timestamps.LENGTH);
    assertThat(Instant.parse(form)).isEqualTo(time);
  }

  @Test
  void unrecordableTimeIsRejected() {
    for (Instant time :
        new Instant[] {
          FIRST.minus(1, ChronoUnit.MICROS),
          LAST.plus(1, ChronoUnit.MICROS),
          Instant.MIN,
          Instant.MAX,
          Instant.EPOCH.plusNanos(1),
          Instant.EPOCH.plusNanos(999),
          Instant.EPOCH.minusNanos(1)
        }) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Timestamps.requireRecordable(time))
          .withMessage("timestamp %s is not a whole microsecond of the years 0000 to 9999", time);
    }
  }

  @Test
  void nowIsRecordable() {
    Instant before = Instant.now().truncatedTo(ChronoUnit.MICROS);
    Instant now = Timestamps.now();
    assertThat(Timestamps.requireRecordable(now)).isBetween(before, Instant.now());
  }
}
