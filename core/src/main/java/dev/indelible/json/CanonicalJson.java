// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
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
 * <p>Refused on reading: duplicate keys, text after the value, NaN and infinities, numbers a double
 * cannot hold, lone surrogates, invalid UTF-8, and nesting deeper than {@link #MAX_DEPTH}.
 */
public final class CanonicalJson {
  /** Deepest nesting that is read; deeper input can only be meant to exhaust a stack. */
  public static final int MAX_DEPTH = 500;

  /** Largest text that is read, in bytes; well above the 1 MiB an event keeps of its payload. */
  public static final int MAX_TEXT_BYTES = 64 * 1024 * 1024;

  /** Without databind's mapper, which takes longer to start than a decision does. */
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(MAX_TEXT_BYTES)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  /** Longest message of a misfit before its place is no longer told in full. */
  private static final int MAX_MISFIT_CHARS = 300;

  /** What Jackson says of its own switches, which whoever sent the JSON cannot turn. */
  private static final Pattern ADVICE_TO_PROGRAMMERS =
      Pattern.compile(" \\(start marker at .*|(, from|: enable) `[^`]*`( to allow)?");

  private CanonicalJson() {}

  /**
   * Reads one JSON value from UTF-8.
   *
   * @throws JsonFormatException if it is not JSON as this class reads it
   */
  public static JsonNode read(byte[] utf8) throws JsonFormatException {
    if (utf8.length > MAX_TEXT_BYTES) {
      throw new JsonFormatException(
          utf8.length + " bytes of JSON; the limit is " + MAX_TEXT_BYTES + " bytes");
    }
    JsonNode node;
    try (JsonParser text = JSON.createParser(ObjectReadContext.empty(), decode(utf8))) {
      if (text.nextToken() == null) {
        throw new JsonFormatException("nothing to read where a JSON value should be");
      }
      node = tree(text);
      if (text.nextToken() != null) {
        throw new JsonFormatException(at(text.currentTokenLocation(), "more text after the value"));
      }
    } catch (JacksonException e) {
      throw new JsonFormatException(describe(e));
    }
    try {
      requireRepresentable(node);
    } catch (JsonFormatException e) {
      String misfit = String.valueOf(e.getMessage());
      throw misfit.startsWith(".") ? new JsonFormatException(misfit.substring(1)) : e;
    }
    return node;
  }

  /** Reads the value that begins with the current token; the parser limits its depth. */
  private static JsonNode tree(JsonParser text) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (text.currentToken()) {
      case START_OBJECT -> {
        ObjectNode object = nodes.objectNode();
        while (text.nextToken() == JsonToken.PROPERTY_NAME) {
          String name = text.currentName();
          text.nextToken();
          object.set(name, tree(text));
        }
        yield object;
      }
      case START_ARRAY -> {
        ArrayNode array = nodes.arrayNode();
        while (text.nextToken() != JsonToken.END_ARRAY) {
          array.add(tree(text));
        }
        yield array;
      }
      case VALUE_STRING -> nodes.stringNode(text.getString());
      case VALUE_NUMBER_INT -> integer(text, nodes);
      case VALUE_NUMBER_FLOAT -> nodes.numberNode(text.getDoubleValue());
      case VALUE_TRUE -> nodes.booleanNode(true);
      case VALUE_FALSE -> nodes.booleanNode(false);
      case VALUE_NULL -> nodes.nullNode();
      default -> throw new IllegalStateException("no value begins with " + text.currentToken());
    };
  }

  private static JsonNode integer(JsonParser text, JsonNodeFactory nodes) {
    return switch (text.getNumberType()) {
      case INT -> nodes.numberNode(text.getIntValue());
      case LONG -> nodes.numberNode(text.getLongValue());
      default -> nodes.numberNode(text.getBigIntegerValue());
    };
  }

  /**
   * Decoded here because Jackson guesses at UTF-16 and UTF-32, skips a byte order mark, and takes
   * overlong forms and encoded surrogates (RFC 3629 section 3) for what they stand for.
   */
  private static String decode(byte[] utf8) throws JsonFormatException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new JsonFormatException("JSON text: not valid UTF-8");
    }
  }

  /** As {@link #read(byte[])}, from text. */
  public static JsonNode read(String json) throws JsonFormatException {
    try {
      Text.requireWellFormed(json, "JSON text");
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(e.getMessage());
    }
    return read(json.getBytes(StandardCharsets.UTF_8));
  }

  /** The canonical bytes of a value that {@link #read} returned. */
  public static byte[] write(JsonNode node) {
    CanonicalWriter out = new CanonicalWriter();
    write(node, out);
    return out.toBytes();
  }

  /** The canonical form of JSON given as UTF-8. */
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
      case STRING -> out.quoted(node.stringValue());
      case NUMBER -> out.ascii(number(node.doubleValue()));
      case BOOLEAN -> out.ascii(node.booleanValue() ? "true" : "false");
      case NULL -> out.ascii("null");
      default -> throw new IllegalArgumentException("not a JSON value: " + node.getNodeType());
    }
  }

  /** Members sorted by name as UTF-16 code units (RFC 8785 section 3.2.3). */
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
   * A double as ECMAScript writes it (RFC 8785 section 3.2.2.3; ECMA-262 Number::toString).
   *
   * <p>The shortest digits come from Jackson's Schubfach writer and not from {@link
   * Double#toString}, whose digits differ between JDK 17 and 19.
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

  /** Java prefers two digits that are nearer over one, ECMAScript does not: 4.9e-324 is 5e-324. */
  private static BigDecimal oneDigit(BigDecimal shortest, double value) {
    if (shortest.precision() != 2) {
      return shortest;
    }
    BigDecimal rounded = shortest.round(new MathContext(1, RoundingMode.HALF_EVEN));
    return rounded.doubleValue() == value ? rounded.stripTrailingZeros() : shortest;
  }

  private static void requireRepresentable(JsonNode node) throws JsonFormatException {
    switch (node.getNodeType()) {
      case OBJECT -> {
        for (String name : node.propertyNames()) {
          requireWellFormed(name);
          try {
            requireRepresentable(node.get(name));
          } catch (JsonFormatException e) {
            throw within("." + excerpt(name), e);
          }
        }
      }
      case ARRAY -> {
        int index = 0;
        for (JsonNode element : node.values()) {
          try {
            requireRepresentable(element);
          } catch (JsonFormatException e) {
            throw within("[" + index + "]", e);
          }
          index++;
        }
      }
      case STRING -> requireWellFormed(node.stringValue());
      case NUMBER -> requireDouble(node);
      default -> {}
    }
  }

  /** Puts a step of the way to the misfit before what is known of it; a long way is not told. */
  private static JsonFormatException within(String step, JsonFormatException misfit) {
    String known = String.valueOf(misfit.getMessage());
    if (known.length() > MAX_MISFIT_CHARS) {
      return misfit;
    }
    boolean onTheWay = known.startsWith(".") || known.startsWith("[");
    return new JsonFormatException(step + (onTheWay ? "" : ": ") + known);
  }

  private static void requireWellFormed(String value) throws JsonFormatException {
    try {
      Text.requireWellFormed(value, "string");
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(e.getMessage());
    }
  }

  /** JCS numbers are doubles; an integer that would change its value on the way is refused. */
  private static void requireDouble(JsonNode node) throws JsonFormatException {
    // Asked of the number and not of the node: a node that holds a huge integer throws.
    double value = node.numberValue().doubleValue();
    if (Double.isInfinite(value) || Double.isNaN(value)) {
      throw new JsonFormatException("a number is too large for a double; send it as a string");
    }
    if (node.isIntegralNumber()) {
      BigInteger exact = node.bigIntegerValue();
      if (exact.bitLength() > 53
          && new BigDecimal(number(value)).toBigInteger().compareTo(exact) != 0) {
        throw new JsonFormatException(
            "integer "
                + excerpt(exact.toString())
                + " cannot be held exactly by a double; send it as a string");
      }
    }
  }

  private static String excerpt(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
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
}
