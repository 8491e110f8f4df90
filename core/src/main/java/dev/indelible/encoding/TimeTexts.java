// SPDX-License-Identifier: Apache-2.0
package dev.indelible.encoding;

import dev.indelible.base.Text;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times and durations as people write them in an option or a parameter. */
public final class TimeTexts {
  private static final Pattern DURATION = Pattern.compile("(?<count>[0-9]{1,6})(?<unit>[smhdw])");

  private TimeTexts() {}

  /**
   * Returns a time: RFC 3339, or a duration before now.
   *
   * @throws IllegalArgumentException if it is neither; the message shows both forms
   */
  public static Instant instant(String text, Instant now) {
    Optional<Duration> before = read(text);
    try {
      return before.isPresent() ? now.minus(before.get()) : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          Text.printable(text, 40)
              + ": give a time such as 2026-11-23T01:02:03Z, or a duration before now such as 2h or"
              + " 7d",
          e);
    }
  }

  /**
   * Returns a length of time of at least a second: a number with s, m, h, d or w.
   *
   * @throws IllegalArgumentException if the text is not of this form; the message shows examples
   */
  public static Duration duration(String text) {
    return read(text)
        .filter(length -> !length.isZero())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    Text.printable(text, 40) + ": give a duration such as 5m, 1h or 1d"));
  }

  private static Optional<Duration> read(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long count = Long.parseLong(matcher.group("count"));
    return Optional.of(
        switch (matcher.group("unit")) {
          case "s" -> Duration.ofSeconds(count);
          case "m" -> Duration.ofMinutes(count);
          case "h" -> Duration.ofHours(count);
          case "d" -> Duration.ofDays(count);
          default -> Duration.ofDays(7 * count);
        });
  }
}
