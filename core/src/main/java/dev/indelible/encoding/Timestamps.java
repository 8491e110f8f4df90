// SPDX-License-Identifier: Apache-2.0
package dev.indelible.encoding;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * The format of recorded times: RFC 3339 in UTC with six fractional digits, for example
 * 2026-11-23T01:02:03.456789Z.
 */
public final class Timestamps {
  /** The length of a formatted time, in bytes. */
  public static final int LENGTH = 27;

  private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999Z");

  private Timestamps() {}

  /**
   * Returns the current time, truncated to the microsecond.
   *
   * @throws ClockException if its year is not in 0000–9999
   */
  public static Instant now() {
    return now(Clock.systemUTC());
  }

  public static Instant now(Clock clock) {
    Instant time = clock.instant().truncatedTo(ChronoUnit.MICROS);
    if (!isRecordable(time)) {
      throw new ClockException(time);
    }
    return time;
  }

  private static boolean isRecordable(Instant time) {
    return !time.isBefore(FIRST) && !time.isAfter(LAST) && time.getNano() % 1_000 == 0;
  }

  /**
   * Returns {@code time} if it can be formatted without loss.
   *
   * @throws IllegalArgumentException if its year is not in 0000–9999 or it is finer than a
   *     microsecond
   */
  public static Instant requireRecordable(Instant time) {
    if (!isRecordable(time)) {
      throw new IllegalArgumentException(
          "timestamp " + time + " is not a whole microsecond of the years 0000 to 9999");
    }
    return time;
  }

  /**
   * Formats a time. Does not use a formatter, for speed: this runs for each event on the caller's
   * thread.
   */
  public static String format(Instant time) {
    LocalDateTime t =
        LocalDateTime.ofEpochSecond(time.getEpochSecond(), time.getNano(), ZoneOffset.UTC);
    byte[] out = new byte[LENGTH];
    digits(out, 0, 4, t.getYear());
    out[4] = '-';
    digits(out, 5, 2, t.getMonthValue());
    out[7] = '-';
    digits(out, 8, 2, t.getDayOfMonth());
    out[10] = 'T';
    digits(out, 11, 2, t.getHour());
    out[13] = ':';
    digits(out, 14, 2, t.getMinute());
    out[16] = ':';
    digits(out, 17, 2, t.getSecond());
    out[19] = '.';
    digits(out, 20, 6, t.getNano() / 1_000);
    out[26] = 'Z';
    return new String(out, StandardCharsets.ISO_8859_1);
  }

  /**
   * Returns the microseconds from 1970 to a time; a part of a microsecond counts as a whole one. A
   * time outside the years 0000 to 9999 counts as their first or last moment.
   */
  public static long micros(Instant time) {
    Instant near = time.isBefore(FIRST) ? FIRST : time.isAfter(LAST) ? LAST : time;
    return near.getEpochSecond() * 1_000_000 + (near.getNano() + 999) / 1_000;
  }

  /**
   * Returns the microseconds from 1970 to a formatted time; 0 for a text in another form. Does not
   * use a parser, for speed.
   */
  public static long micros(String formatted) {
    int[] at = {0};
    int year = number(formatted, at, 4, '-');
    int month = number(formatted, at, 2, '-');
    int day = number(formatted, at, 2, 'T');
    int hour = number(formatted, at, 2, ':');
    int minute = number(formatted, at, 2, ':');
    int second = number(formatted, at, 2, '.');
    int micros = number(formatted, at, 6, 'Z');
    if (at[0] != LENGTH
        || formatted.length() != LENGTH
        || month < 1
        || month > 12
        || day < 1
        || day > YearMonth.of(year, month).lengthOfMonth()
        || hour > 23
        || minute > 59
        || second > 59) {
      return 0;
    }
    long seconds = LocalDate.of(year, month, day).toEpochDay() * 86_400;
    return (seconds + hour * 3_600L + minute * 60L + second) * 1_000_000 + micros;
  }

  /**
   * Reads a number and the character after it; on a mismatch, moves the position beyond the text.
   */
  private static int number(String text, int[] at, int digits, char after) {
    int value = 0;
    int end = at[0] + digits;
    if (end >= text.length() || text.charAt(end) != after) {
      at[0] = LENGTH + 1;
      return 0;
    }
    for (int i = at[0]; i < end; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        at[0] = LENGTH + 1;
        return 0;
      }
      value = value * 10 + c - '0';
    }
    at[0] = end + 1;
    return value;
  }

  private static void digits(byte[] out, int at, int count, int value) {
    for (int i = at + count - 1; i >= at; i--) {
      out[i] = (byte) ('0' + value % 10);
      value /= 10;
    }
  }
}
