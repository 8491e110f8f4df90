// SPDX-License-Identifier: Apache-2.0
package dev.indelible.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CBOR items that receipts use (RFC 8949): the examples of appendix A, and malformed items. */
class CborTest {
  @ParameterizedTest
  @CsvSource({
    "0, 00",
    "1, 01",
    "10, 0a",
    "23, 17",
    "24, 1818",
    "25, 1819",
    "100, 1864",
    "1000, 1903e8",
    "1000000, 1a000f4240",
    "1000000000000, 1b000000e8d4a51000",
    "-1, 20",
    "-10, 29",
    "-100, 3863",
    "-1000, 3903e7",
    "255, 18ff",
    "256, 190100",
    "65535, 19ffff",
    "65536, 1a00010000",
    "4294967295, 1affffffff",
    "4294967296, 1b0000000100000000",
    "9223372036854775807, 1b7fffffffffffffff",
    "-9223372036854775808, 3b7fffffffffffffff"
  })
  void integersAreEncodedAsInTheRfc(long value, String hex) throws Exception {
    assertThat(HexFormat.of().formatHex(new CborWriter().integer(value).toBytes())).isEqualTo(hex);
    CborReader in = reader(hex);
    assertThat(in.integer()).isEqualTo(value);
    in.end();
  }

  @Test
  void otherTypesAreEncodedAsInTheRfc() throws Exception {
    byte[] written =
        new CborWriter()
            .tag(18)
            .array(3)
            .bytes(new byte[] {1, 2, 3, 4})
            .map(1)
            .integer(1)
            .nothing()
            .text("IETF")
            .toBytes();
    assertThat(HexFormat.of().formatHex(written)).isEqualTo("d2834401020304a101f66449455446");
    CborReader in = reader("d2824401020304a101f6");
    in.tag(18);
    in.array(2);
    assertThat(in.bytes()).containsExactly(1, 2, 3, 4);
    in.map(1);
    in.label(1);
    in.nothing();
    in.end();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "18",
        "1817",
        "1800",
        "19",
        "1900",
        "1900ff",
        "19ff",
        "1a0000ffff",
        "1a000000",
        "1b00000000ffffffff",
        "1b8000000000000000",
        "1bffffffffffffffff",
        "3bffffffffffffffff",
        "1c",
        "1d",
        "1e",
        "1f",
        "3f",
        "40",
        "60",
        "80",
        "a0",
        "c0",
        "f4",
        "f6",
        "f7",
        "f90000",
        "ff"
      })
  void integerNotInShortestFormIsRefused(String hex) {
    assertThatExceptionOfType(ReceiptParseException.class)
        .isThrownBy(() -> reader(hex).integer())
        .withMessageContaining("test, byte ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "41",
        "4201",
        "5800",
        "581700",
        "5f41014102ff",
        "6101",
        "5affffffff00",
        "5b7fffffffffffffff00"
      })
  void malformedByteStringIsRefused(String hex) {
    assertThatExceptionOfType(ReceiptParseException.class)
        .isThrownBy(() -> reader(hex).bytes())
        .withMessageContaining("test, byte ");
  }

  private static CborReader reader(String hex) {
    return new CborReader(HexFormat.of().parseHex(hex), "test");
  }
}
