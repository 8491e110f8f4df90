// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import dev.indelible.base.Text;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.io.NumberOutput;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads JSON strictly and writes it canonically (RFC 8785).
 *
 * <p>When reading, refuses duplicate keys, text after the value, NaN and infinities, numbers that a
 * double cannot hold, lone surrogates, invalid UTF-8, and nesting deeper than {@link #MAX_DEPTH}.
 *
 * <p>Reading and writing are in one class, because whatever one accepts the other must write back.
 */
public final class CanonicalJson {
  /** Maximum nesting depth; deeper input is an attempt to exhaust the stack. */
  public static final int MAX_DEPTH = 500;

  /** Maximum length of a text, in bytes; far above the 1 MiB limit on an event's payload. */
  public static final int MAX_TEXT_BYTES = 64 * 1024 * 1024;

  /**
   * Maximum number of values in JSON of an unknown sender; far more than an action has. A value can
   * need a hundred times the memory of its text.
   */
  public static final int MAX_UNTRUSTED_VALUES = 100_000;

  /**
   * Creates parsers without {@code ObjectMapper}: starting the mapper takes longer than one policy
   * decision.
   */
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(MAX_TEXT_BYTES)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /**
   * Advice in Jackson's messages about Jackson's settings, which a sender of JSON cannot change.
   */
  private static final Pattern ADVICE_TO_PROGRAMMERS =
      Pattern.compile(" \\(start marker at .*|(, from|: enable) `[^`]*`( to allow)?");

  private CanonicalJson() {}

  /**
   * Reads one JSON value from UTF-8.
   *
   * @throws JsonFormatException if it is not JSON that this class accepts
   */
  public static JsonNode read(byte[] utf8) throws JsonFormatException {
    return read(utf8, new Reading(true, Integer.MAX_VALUE));
  }

  /**
   * Reads one JSON value of an unknown sender, as {@link #read(byte[])} does.
   *
   * @throws JsonFormatException if it is not JSON that this class accepts, or has more than {@link
   *     #MAX_UNTRUSTED_VALUES} values
   */
  public static JsonNode readUntrusted(byte[] utf8) throws JsonFormatException {
    return read(utf8, new Reading(true, MAX_UNTRUSTED_VALUES));
  }

  /**
   * Reads one JSON value from UTF-8 as strictly as {@link #read(byte[])}, but keeps numbers and
   * strings that have no canonical form: numbers are not rounded, and lone surrogates stay. For
   * values that are only passed on; {@link #write} does not accept them.
   *
   * @throws JsonFormatException if it is not JSON that this class accepts
   */
  public static JsonNode readUnrounded(byte[] utf8) throws JsonFormatException {
    return read(utf8, new Reading(false, Integer.MAX_VALUE));
  }

  /**
   * Reads one JSON value of an unknown sender, as {@link #readUnrounded} does.
   *
   * @throws JsonFormatException if it is not JSON that this class accepts, or has more than {@link
   *     #MAX_UNTRUSTED_VALUES} values
   */
  public static JsonNode readUntrustedUnrounded(byte[] utf8) throws JsonFormatException {
    return read(utf8, new Reading(false, MAX_UNTRUSTED_VALUES));
  }

  /** The limits of one reading. */
  private static final class Reading {
    /** True if numbers and strings that have no canonical form are refused. */
    private final boolean canonical;

    private final int maxValues;
    private int values;

    Reading(boolean canonical, int maxValues) {
      this.canonical = canonical;
      this.maxValues = maxValues;
    }

    void countValue() throws Misfit {
      values++;
      if (values > maxValues) {
        throw new Misfit("", "the JSON has more than %s values".formatted(maxValues));
      }
    }
  }

  private static JsonNode read(byte[] utf8, Reading reading) throws JsonFormatException {
    if (utf8.length > MAX_TEXT_BYTES) {
      throw new JsonFormatException(
          utf8.length + " bytes of JSON; the limit is " + MAX_TEXT_BYTES + " bytes");
    }
    try (JsonParser text = JSON.createParser(ObjectReadContext.empty(), decode(utf8))) {
      if (text.nextToken() == null) {
        throw new JsonFormatException("empty input; a JSON value is expected");
      }
      JsonNode node = tree(text, reading);
      if (text.nextToken() != null) {
        throw new JsonFormatException(at(text.currentTokenLocation(), "more text after the value"));
      }
      return node;
    } catch (JacksonException e) {
      throw new JsonFormatException(describe(e));
    } catch (Misfit e) {
      throw new JsonFormatException(e.message());
    }
  }

  /** Reads the value that begins with the current token. The parser limits the nesting depth. */
  private static JsonNode tree(JsonParser text, Reading reading) throws Misfit {
    reading.countValue();
    boolean canonical = reading.canonical;
    return switch (text.currentToken()) {
      case START_OBJECT -> object(text, reading);
      case START_ARRAY -> array(text, reading);
      case VALUE_STRING -> NODES.stringNode(string(text.getString(), canonical));
      case VALUE_NUMBER_INT -> canonical ? requireExact(integer(text)) : integer(text);
      case VALUE_NUMBER_FLOAT ->
          canonical
              ? requireFinite(NODES.numberNode(text.getDoubleValue()))
              : NODES.numberNode(text.getDecimalValue());
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case VALUE_NULL -> NODES.nullNode();
      default ->
          throw new IllegalStateException("no JSON value begins with " + text.currentToken());
    };
  }

  private static ObjectNode object(JsonParser text, Reading reading) throws Misfit {
    ObjectNode object = NODES.objectNode();
    while (text.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = string(text.currentName(), reading.canonical);
      text.nextToken();
      try {
        object.set(name, tree(text, reading));
      } catch (Misfit e) {
        throw e.within("." + Text.excerpt(name));
      }
    }
    return object;
  }

  private static ArrayNode array(JsonParser text, Reading reading) throws Misfit {
    ArrayNode array = NODES.arrayNode();
    while (text.nextToken() != JsonToken.END_ARRAY) {
      try {
        array.add(tree(text, reading));
      } catch (Misfit e) {
        throw e.within("[" + array.size() + "]");
      }
    }
    return array;
  }

  private static JsonNode integer(JsonParser text) {
    return switch (text.getNumberType()) {
      case INT -> NODES.numberNode(text.getIntValue());
      case LONG -> NODES.numberNode(text.getLongValue());
      default -> NODES.numberNode(text.getBigIntegerValue());
    };
  }

  /**
   * Decodes strict UTF-8. Jackson's own decoding is lenient: it detects UTF-16 and UTF-32, skips a
   * byte order mark, and accepts overlong forms and encoded surrogates (RFC 3629 section 3).
   */
  private static String decode(byte[] utf8) throws JsonFormatException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new JsonFormatException("JSON text: not valid UTF-8");
    }
  }

  /**
   * Returns a string member of an object of which perhaps only the beginning is given, or which is
   * not valid JSON further on; empty if the member is not found before that.
   *
   * @param utf8 the beginning of the object
   */
  public static Optional<String> memberOfPrefix(byte[] utf8, String name) {
    String prefix = new String(utf8, StandardCharsets.UTF_8);
    try (JsonParser text = JSON.createParser(ObjectReadContext.empty(), prefix)) {
      if (text.nextToken() != JsonToken.START_OBJECT) {
        return Optional.empty();
      }
      while (text.nextToken() == JsonToken.PROPERTY_NAME) {
        boolean isWanted = text.currentName().equals(name);
        JsonToken value = text.nextToken();
        if (isWanted) {
          return value == JsonToken.VALUE_STRING ? Optional.of(text.getString()) : Optional.empty();
        }
        text.skipChildren();
      }
      return Optional.empty();
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  /** Reads one JSON value from text, as {@link #read(byte[])} does. */
  public static JsonNode read(String json) throws JsonFormatException {
    try {
      return read(Text.requireWellFormed(json, "JSON text").getBytes(StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(e.getMessage());
    }
  }

  /** Returns the canonical bytes of a value that {@link #read} returned. */
  public static byte[] write(JsonNode node) {
    CanonicalWriter out = new CanonicalWriter();
    write(node, out);
    return out.toBytes();
  }

  /** Returns the canonical form of JSON in UTF-8. */
  public static byte[] canonicalize(byte[] utf8) throws JsonFormatException {
    return write(read(utf8));
  }

  private static void write(JsonNode node, CanonicalWriter out) {
    switch (node.getNodeType()) {
      case OBJECT -> writeObject(node, out);
      case ARRAY -> {
        out.beginArray();
        for (JsonNode element : node.values()) {
          write(element, out.element());
        }
        out.endArray();
      }
      case STRING -> out.string(node.stringValue());
      case NUMBER -> out.ascii(number(node.doubleValue()));
      case BOOLEAN -> out.ascii(node.booleanValue() ? "true" : "false");
      case NULL -> out.ascii("null");
      default -> throw new IllegalArgumentException("not a JSON value: " + node.getNodeType());
    }
  }

  /**
   * Writes the members in the order of the UTF-16 code units of their names (RFC 8785 section
   * 3.2.3).
   */
  private static void writeObject(JsonNode node, CanonicalWriter out) {
    List<String> names = new ArrayList<>(node.propertyNames());
    names.sort(null);
    out.beginObject();
    for (String name : names) {
      out.name(name);
      write(node.get(name), out);
    }
    out.endObject();
  }

  /**
   * Formats a double as ECMAScript does (RFC 8785 section 3.2.2.3; ECMA-262 Number::toString).
   *
   * <p>The shortest digits come from Jackson's Schubfach writer, because the digits of {@link
   * Double#toString} differ between JDK 17 and 19.
   */
  static String number(double value) {
    if (value == 0) {
      return "0";
    }
    BigDecimal shortest =
        oneDigit(new BigDecimal(NumberOutput.toString(value, true)).stripTrailingZeros(), value);
    String digits = shortest.unscaledValue().abs().toString();
    String sign = value < 0 ? "-" : "";
    int k = digits.length();
    int n = k - shortest.scale();
    if (k <= n && n <= 21) {
      return sign + digits + "0".repeat(n - k);
    }
    if (0 < n && n <= 21) {
      return sign + digits.substring(0, n) + "." + digits.substring(n);
    }
    if (-6 < n && n <= 0) {
      return sign + "0." + "0".repeat(-n) + digits;
    }
    String exponent = (n > 0 ? "e+" : "e-") + Math.abs(n - 1);
    String fraction = k == 1 ? "" : "." + digits.substring(1);
    return sign + digits.charAt(0) + fraction + exponent;
  }

  /** Rounds two digits to one where ECMAScript does: Java writes 4.9e-324, ECMAScript 5e-324. */
  private static BigDecimal oneDigit(BigDecimal shortest, double value) {
    if (shortest.precision() != 2) {
      return shortest;
    }
    BigDecimal rounded = shortest.round(new MathContext(1, RoundingMode.HALF_EVEN));
    return rounded.doubleValue() == value ? rounded.stripTrailingZeros() : shortest;
  }

  private static String string(String value, boolean canonical) throws Misfit {
    if (!canonical) {
      return value;
    }
    try {
      return Text.requireWellFormed(value, "string");
    } catch (IllegalArgumentException e) {
      throw new Misfit("", e.getMessage());
    }
  }

  private static JsonNode requireFinite(JsonNode node) throws Misfit {
    // Converts the number and not the node, because a node with a huge integer throws.
    if (Double.isInfinite(node.numberValue().doubleValue())) {
      throw new Misfit("", "a number is too large for a double; send it as a string");
    }
    return node;
  }

  /** Numbers in JCS are doubles, so an integer that a double cannot hold is refused. */
  private static JsonNode requireExact(JsonNode node) throws Misfit {
    BigInteger exact = requireFinite(node).bigIntegerValue();
    if (exact.bitLength() > 53
        && new BigDecimal(number(exact.doubleValue())).toBigInteger().compareTo(exact) != 0) {
      throw new Misfit(
          "",
          "integer "
              + Text.excerpt(exact.toString())
              + " cannot be held exactly by a double; send it as a string");
    }
    return node;
  }

  private static String describe(JacksonException e) {
    return at(e.getLocation(), ADVICE_TO_PROGRAMMERS.matcher(firstLine(e)).replaceAll(""));
  }

  private static String at(@Nullable TokenStreamLocation place, String problem) {
    if (place == null || place.getLineNr() < 1) {
      return problem;
    }
    String line = place.getLineNr() == 1 ? "" : "line " + place.getLineNr() + ", ";
    return "not JSON at " + line + "column " + place.getColumnNr() + ": " + problem;
  }

  private static String firstLine(JacksonException e) {
    return e.getOriginalMessage().lines().findFirst().orElse("unreadable");
  }

  /**
   * A value that has no canonical form, with its path from the root, for example {@code a.b[3]}.
   */
  private static final class Misfit extends Exception {
    /** A longer path is shortened, because it can be as long as the text. */
    private static final int MAX_PLACE_CHARS = 300;

    private final String place;
    private final String problem;

    Misfit(String place, String problem) {
      super(problem, null, false, false);
      this.place = place;
      this.problem = problem;
    }

    Misfit within(String step) {
      return place.length() > MAX_PLACE_CHARS ? this : new Misfit(step + place, problem);
    }

    String message() {
      String from = place.startsWith(".") ? place.substring(1) : place;
      return from.isEmpty() ? problem : from + ": " + problem;
    }
  }
}
