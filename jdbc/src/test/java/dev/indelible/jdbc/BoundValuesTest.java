// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BoundValuesTest {
  static Stream<Arguments> values() {
    return Stream.of(
        Arguments.of(null, "null"),
        Arguments.of(true, "true"),
        Arguments.of(42, "42"),
        Arguments.of((1L << 53) - 1, "9007199254740991"),
        Arguments.of(-(1L << 53), "-9007199254740992"),
        Arguments.of((1L << 53) + 1, "\"9007199254740993\""),
        Arguments.of(Long.MIN_VALUE, "\"-9223372036854775808\""),
        Arguments.of(BigInteger.TWO, "2"),
        Arguments.of(BigInteger.TEN.pow(400), '"' + BigInteger.TEN.pow(400).toString() + '"'),
        Arguments.of(0.1, "0.1"),
        Arguments.of(0.5f, "0.5"),
        Arguments.of(Double.NaN, "\"NaN\""),
        Arguments.of(Float.NEGATIVE_INFINITY, "\"-Infinity\""),
        Arguments.of(new BigDecimal("1.10"), "\"1.10\""),
        Arguments.of(new BigDecimal("1E+2000000000"), "\"1E+2000000000\""),
        Arguments.of("a \"quote\"", "\"a \\\"quote\\\"\""),
        Arguments.of("a \ud83d\ude00", "\"a \ud83d\ude00\""),
        Arguments.of("half \ud83d.", "\"half \\\\ud83d.\""),
        Arguments.of("\ude00", "\"\\\\ude00\""),
        Arguments.of('c', "\"c\""),
        Arguments.of(LocalDate.EPOCH, "\"1970-01-01\""),
        Arguments.of(java.sql.Date.valueOf("2026-11-23"), "\"2026-11-23\""),
        Arguments.of(new UUID(0, 1), "\"00000000-0000-0000-0000-000000000001\""),
        Arguments.of(new byte[3], "{\"bytes\":3}"),
        Arguments.of(
            new ByteArrayInputStream(new byte[3]), "{\"type\":\"java.io.ByteArrayInputStream\"}"));
  }

  @ParameterizedTest
  @MethodSource("values")
  void everyValueCanBeRecorded(@Nullable Object value, String expected) throws JsonFormatException {
    String text = JsonValue.of(BoundValues.json(value)).text();

    assertThat(text).isEqualTo(expected);
    assertThat(JsonValue.parse(text).text()).isEqualTo(expected);
  }
}
