// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.math.BigInteger;
import java.time.temporal.TemporalAccessor;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import net.ttddyy.dsproxy.proxy.ParameterKey;
import net.ttddyy.dsproxy.proxy.ParameterSetOperation;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Converts bound values of any type to JSON for the record. */
final class BoundValues {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** A double holds integers of this many bits exactly; numbers in the record are doubles. */
  private static final int EXACT_BITS = 53;

  private BoundValues() {}

  /**
   * Returns the list of values, in the order of the parameters, for each run of the statement.
   *
   * <p>A driver keeps a bound value until another value is bound, even from one batch entry to the
   * next. datasource-proxy lists only the values that were bound for each entry, so this method
   * adds the earlier ones.
   */
  static ArrayNode json(List<List<ParameterSetOperation>> entries) {
    ArrayNode lists = JSON.arrayNode();
    Map<ParameterKey, JsonNode> bound = new TreeMap<>();
    for (List<ParameterSetOperation> entry : entries) {
      entry.forEach(operation -> bound.put(key(operation), json(operation)));
      lists.add(list(bound));
    }
    return lists;
  }

  private static ArrayNode list(Map<ParameterKey, JsonNode> bound) {
    ArrayNode list = JSON.arrayNode();
    bound.forEach(
        (key, value) -> {
          if (key.isByName()) {
            list.add(JSON.objectNode().set(wellFormed(key.getName()), value));
            return;
          }
          while (list.size() < key.getIndex() - 1) {
            list.add(JSON.objectNode().put("unknown", true));
          }
          list.add(value);
        });
    return list;
  }

  private static ParameterKey key(ParameterSetOperation operation) {
    Object key = operation.getArgs()[0];
    return key instanceof Integer index ? new ParameterKey(index) : new ParameterKey((String) key);
  }

  private static JsonNode json(ParameterSetOperation operation) {
    if (ParameterSetOperation.isRegisterOutParameterOperation(operation)) {
      return JSON.objectNode().put("out", true);
    }
    return ParameterSetOperation.isSetNullParameterOperation(operation)
        ? JSON.nullNode()
        : json(operation.getArgs()[1]);
  }

  static JsonNode json(@Nullable Object value) {
    if (value == null) {
      return JSON.nullNode();
    }
    if (value instanceof Boolean truth) {
      return JSON.booleanNode(truth);
    }
    if (value instanceof byte[] bytes) {
      return JSON.objectNode().put("bytes", bytes.length);
    }
    if (value instanceof Number number) {
      return number(number);
    }
    return isText(value)
        ? JSON.stringNode(wellFormed(value.toString()))
        : JSON.objectNode().put("type", value.getClass().getName());
  }

  /** Returns false for streams, locators and similar values, which can be read only once. */
  private static boolean isText(Object value) {
    return value instanceof CharSequence
        || value instanceof Character
        || value instanceof Enum
        || value instanceof UUID
        || value instanceof java.util.Date
        || value instanceof TemporalAccessor
        || value instanceof java.net.URL;
  }

  /**
   * Returns a JSON number if it is exact, and text otherwise. A BigDecimal becomes text, because
   * its scale is part of its value.
   */
  private static JsonNode number(Number number) {
    boolean floating = number instanceof Double || number instanceof Float;
    if (floating && Double.isFinite(number.doubleValue())) {
      return JSON.numberNode(number.doubleValue());
    }
    boolean exact =
        number instanceof Integer
            || number instanceof Short
            || number instanceof Byte
            || number instanceof Long l && BigInteger.valueOf(l).bitLength() <= EXACT_BITS
            || number instanceof BigInteger big && big.bitLength() <= EXACT_BITS;
    return exact
        ? JSON.numberNode(number.longValue())
        : JSON.stringNode(wellFormed(number.toString()));
  }

  /** Replaces a lone surrogate, which has no UTF-8 form, with its escape of six characters. */
  static String wellFormed(String text) {
    StringBuilder formed = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            code -> {
              if (code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE) {
                formed.append("\\u%04x".formatted(code));
              } else {
                formed.appendCodePoint(code);
              }
            });
    return formed.toString();
  }
}
