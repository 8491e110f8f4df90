// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.testkit.Vectors;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Canonical output (RFC 8785) and strict reading. */
class CanonicalJsonTest {
  /** The vectors of cyberphone/json-canonicalization. */
  @Test
  void vectorsOfRfc8785Pass() throws Exception {
    Path jcs = Vectors.path("jcs");
    List<Path> inputs;
    try (Stream<Path> files = Files.list(jcs.resolve("input"))) {
      inputs = files.sorted().toList();
    }
    assertThat(inputs).hasSizeGreaterThanOrEqualTo(6);
    for (Path input : inputs) {
      String name = input.getFileName().toString();
      byte[] canonical = CanonicalJson.canonicalize(Files.readAllBytes(input));
      assertThat(canonical).as(name).isEqualTo(expected(jcs, name));
      assertThat(CanonicalJson.canonicalize(canonical)).as(name).isEqualTo(canonical);
      assertThat(new String(canonical, UTF_8))
          .as(name)
          .isEqualTo(Files.readString(jcs.resolve("output").resolve(name)).strip());
    }
  }

  private static byte[] expected(Path jcs, String name) throws IOException {
    String hex = Files.readString(jcs.resolve("outhex").resolve(name.replace(".json", ".txt")));
    return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
  }

  @Test
  void memberOrderDoesNotMatter() throws Exception {
    assertThat(canonical("{\"b\":[1,{\"y\":2,\"x\":1}],\"a\":\"\\u0041\"}"))
        .isEqualTo(canonical(" { \"a\" : \"A\" , \"b\" : [ 1.0 , { \"x\" : 1e0 , \"y\" : 2 } ] } "))
        .isEqualTo("{\"a\":\"A\",\"b\":[1,{\"x\":1,\"y\":2}]}");
  }

  /**
   * Names sort by UTF-16 code units (RFC 8785 section 3.2.3), in which U+1F600 comes before U+FB33.
   */
  @Test
  void namesAreSortedByCodeUnits() throws Exception {
    assertThat(canonical("{\"\\ufb33\":1,\"\\ud83d\\ude00\":2,\"\\u20ac\":3,\"1\":4,\"\\r\":5}"))
        .isEqualTo("{\"\\r\":5,\"1\":4,\"\u20ac\":3,\"\ud83d\ude00\":2,\"\ufb33\":1}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]", "null", "true", "false", "0", "\"\"", "[[],{}]", "[null]"})
  void smallValuesAreCanonical(String json) throws Exception {
    assertThat(canonical(json)).isEqualTo(json);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0                      | 0
          -0                     | 0
          -0.0                   | 0
          0e400                  | 0
          1E3                    | 1000
          1e-1                   | 0.1
          9007199254740991       | 9007199254740991
          9007199254740992       | 9007199254740992
          -9007199254740992      | -9007199254740992
          9007199254740994       | 9007199254740994
          1152921504606847000    | 1152921504606847000
          100000000000000000000  | 100000000000000000000
          1000000000000000000000 | 1e+21
          0.000001               | 0.000001
          0.0000001              | 1e-7
          5e-324                 | 5e-324
          1.7976931348623157e308 | 1.7976931348623157e+308
          """)
  void exactDoublesAreRead(String json, String canonical) throws Exception {
    assertThat(canonical(json)).isEqualTo(canonical);
  }

  /** Texts that another reader could interpret differently, and would then hash differently. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        "[1e309]",
        "9007199254740993",
        "-9007199254740993",
        "18446744073709551615",
        "1152921504606846977",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "[{\"b\":{\"a\":1,\"a\":1}}]",
        "1 2",
        "{} {}",
        "[] x",
        "\"a\"\"b\"",
        "null,",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ude00\\ud83d\"",
        "\"\\ud83dx\"",
        "{\"\\ud800\":1}",
        "\"a\nb\"",
        "\"\u0000\"",
        "\"\u001f\"",
        "{\"a\tb\":1}",
        "",
        " ",
        "\n",
        "\ufeff1",
        "'a'",
        "{a:1}",
        "[1,]",
        "{\"a\":1,}",
        "[,]",
        "01",
        "+1",
        ".5",
        "5.",
        "1e",
        "0x10",
        "tru",
        "nul",
        "TRUE",
        "undefined",
        "// c\n1",
        "/* c */1",
        "# c\n1",
        "\"\\x41\"",
        "\"\\u12g4\"",
        "\"",
        "[",
        "{\"a\"",
        "\u00a01",
        "\u000b1"
      })
  void textThatIsNotStrictJsonIsRejected(String json) {
    assertThatThrownBy(() -> CanonicalJson.read(json)).isInstanceOf(JsonFormatException.class);
    assertThatThrownBy(() -> CanonicalJson.read(json.getBytes(UTF_8)))
        .isInstanceOf(JsonFormatException.class);
  }

  /** A lone surrogate has no UTF-8 form; only a Java string can contain one. */
  @ParameterizedTest
  @ValueSource(strings = {"\"\ud800\"", "\"\udc00\"", "\"x\udc00\ud800\"", "{\"\ud83d\":1}"})
  void rawLoneSurrogatesAreRejected(String json) {
    assertThatThrownBy(() -> CanonicalJson.read(json))
        .isInstanceOf(JsonFormatException.class)
        .hasMessageContaining("lone surrogate");
  }

  /**
   * UTF-8 (RFC 3629) has no overlong forms, no surrogates, nothing beyond U+10FFFF and no truncated
   * forms.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "2280 22",
        "22ff22",
        "22c022",
        "22c0af22",
        "22c1bf22",
        "22e0809022",
        "22e08f8f22",
        "22f0808f8f22",
        "22eda08022",
        "22edb08022",
        "22eda0bdedb88022",
        "22f490808022",
        "22f888808080 22",
        "22e28222",
        "22e282",
        "22f09f9822",
        "7b22c0af223a317d",
        "efbbbf31"
      })
  void invalidUtf8IsRejected(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    assertThatThrownBy(() -> CanonicalJson.read(bytes)).isInstanceOf(JsonFormatException.class);
  }

  /** Bytes are read as UTF-8; other encodings are not detected. */
  @ParameterizedTest
  @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32BE", "UTF-32LE"})
  void otherEncodingsAreRejected(String encoding) {
    byte[] bytes = "{\"a\":1}".getBytes(Charset.forName(encoding));
    assertThatThrownBy(() -> CanonicalJson.read(bytes)).isInstanceOf(JsonFormatException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {501, 10_000, 1_000_000})
  void nestingBeyondTheLimitIsRejected(int depth) {
    for (String json : List.of(nested("[", "]", depth), nested("{\"a\":", "}", depth))) {
      assertThatThrownBy(() -> CanonicalJson.read(json)).isInstanceOf(JsonFormatException.class);
    }
    assertThatThrownBy(() -> CanonicalJson.read("[".repeat(depth)))
        .isInstanceOf(JsonFormatException.class);
  }

  @Test
  void nestingUpToTheLimitIsRead() throws Exception {
    String arrays = nested("[", "]", CanonicalJson.MAX_DEPTH);
    String objects = nested("{\"a\":", "}", CanonicalJson.MAX_DEPTH);
    assertThat(canonical(arrays.replace("null", "0"))).isEqualTo(arrays.replace("null", "0"));
    assertThat(canonical(objects)).isEqualTo(objects);
  }

  /**
   * A {@code CanonicalWriter} accepts an integer that a double cannot represent. A {@code
   * JsonValue} does not.
   */
  @Test
  void integerBeyondDoubleIsNotAValue() {
    CanonicalWriter exact = new CanonicalWriter().beginObject().member("n", 1L << 53).endObject();
    assertThat(JsonValue.of(exact).text()).isEqualTo("{\"n\":9007199254740992}");
    CanonicalWriter inexact =
        new CanonicalWriter().beginObject().member("n", (1L << 53) + 1).endObject();
    assertThatIllegalStateException().isThrownBy(() -> JsonValue.of(inexact));
  }

  /**
   * A value has a lower depth limit than the reader, so that the payload around it can be read
   * (promise D1).
   */
  @Test
  void valueDepthIsLimited() throws Exception {
    String deepest = nested("{\"a\":", "}", JsonValue.MAX_DEPTH);
    assertThat(JsonValue.parse(deepest).text()).isEqualTo(deepest);
    assertThatThrownBy(() -> JsonValue.parse("[" + deepest + "]"))
        .isInstanceOf(JsonFormatException.class)
        .hasMessage("nested deeper than " + JsonValue.MAX_DEPTH);
  }

  private static String nested(String open, String close, int depth) {
    return open.repeat(depth) + "null" + close.repeat(depth);
  }

  @Test
  void valuesOfAnUnknownSenderAreLimited() throws Exception {
    byte[] most = list("{}", CanonicalJson.MAX_UNTRUSTED_VALUES - 1);
    byte[] more = list("{}", CanonicalJson.MAX_UNTRUSTED_VALUES);

    assertThat(CanonicalJson.readUntrusted(most)).hasSize(99_999);
    assertThat(CanonicalJson.read(more)).hasSize(100_000);
    assertThat(CanonicalJson.readUnrounded(more)).hasSize(100_000);
    assertThatThrownBy(() -> CanonicalJson.readUntrusted(more))
        .isInstanceOf(JsonFormatException.class)
        .hasMessage("[99999]: the JSON has more than 100000 values");
    assertThatThrownBy(() -> CanonicalJson.readUntrustedUnrounded(more))
        .isInstanceOf(JsonFormatException.class);
  }

  private static byte[] list(String element, int count) {
    return ("[" + String.join(",", Collections.nCopies(count, element)) + "]")
        .getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void memberIsFoundInTheBeginningOfAnObject() {
    String json = "{\"a\":{\"name\":\"inner\"},\"name\":\"found\",\"b\":[1,\"\u00e4\u00f6\"";
    byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
    int found = json.indexOf("found") + "found\"".length();

    for (int length = 0; length <= utf8.length; length++) {
      assertThat(CanonicalJson.memberOfPrefix(Arrays.copyOf(utf8, length), "name"))
          .as("%s bytes", length)
          .isEqualTo(length < found ? Optional.empty() : Optional.of("found"));
    }
    assertThat(CanonicalJson.memberOfPrefix(utf8, "b")).isEmpty();
    assertThat(CanonicalJson.memberOfPrefix(new byte[] {'[', '1'}, "b")).isEmpty();
  }

  @Test
  void textBeyondTheLimitIsRejected() {
    byte[] bytes = new byte[CanonicalJson.MAX_TEXT_BYTES + 1];
    assertThatThrownBy(() -> CanonicalJson.read(bytes))
        .isInstanceOf(JsonFormatException.class)
        .hasMessage("67108865 bytes of JSON; the limit is 67108864 bytes");
  }

  @Test
  void errorNamesLineAndColumn() {
    assertThatThrownBy(() -> CanonicalJson.read("{\n  \"a\": x}"))
        .isInstanceOf(JsonFormatException.class)
        .hasMessageStartingWith("not JSON at line 2, column ");
  }

  /** Every code point in one string is written as Java's own UTF-8 encoder writes it. */
  @Test
  void everyCodePointIsWrittenInItsShortestForm() throws Exception {
    String all =
        IntStream.rangeClosed(0x20, Character.MAX_CODE_POINT)
            .filter(c -> c != '"' && c != '\\' && (c < 0xd800 || c > 0xdfff))
            .mapToObj(Character::toString)
            .collect(Collectors.joining());
    assertThat(CanonicalJson.canonicalize(("\"" + all + "\"").getBytes(UTF_8)))
        .isEqualTo(("\"" + all + "\"").getBytes(UTF_8));
    assertThat(canonical("\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\\\/\\u007f\""))
        .isEqualTo("\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\u007f\"");
  }

  @Test
  void valuesWithEqualCanonicalTextAreEqual() throws Exception {
    JsonValue value = JsonValue.parse("{\"n\":1.0,\"s\":\"x\"}");
    assertThat(value)
        .isEqualTo(JsonValue.parse("{\"s\":\"\\u0078\",\"n\":1}"))
        .hasSameHashCodeAs(JsonValue.parse("{\"s\":\"x\",\"n\":1}"))
        .isNotEqualTo(JsonValue.parse("{\"s\":\"x\",\"n\":2}"))
        .hasToString("{\"n\":1,\"s\":\"x\"}");
    assertThat(value.stringMember("s")).contains("x");
    assertThat(value.stringMember("n")).isEmpty();
    assertThat(value.stringMember("missing")).isEmpty();
    assertThat(JsonValue.parse("[\"s\"]").stringMember("s")).isEmpty();
  }

  private static String canonical(String json) throws JsonFormatException {
    return new String(CanonicalJson.canonicalize(json.getBytes(UTF_8)), UTF_8);
  }
}
