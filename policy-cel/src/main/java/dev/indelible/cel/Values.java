// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cel;

import dev.cel.common.values.NullValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Converts the variables of an action to CEL values. */
final class Values {
  private Values() {}

  static Map<String, Object> of(Map<String, Object> variables) {
    return map(variables);
  }

  private static Map<String, Object> map(Map<?, ?> map) {
    Map<String, Object> values = new LinkedHashMap<>();
    map.forEach((name, value) -> values.put(String.valueOf(name), value(value)));
    return values;
  }

  private static Object value(Object value) {
    if (value instanceof JsonNode node) {
      return json(node);
    }
    if (value instanceof Map<?, ?> map) {
      return map(map);
    }
    return value instanceof List<?> list ? list.stream().map(Values::value).toList() : value;
  }

  private static Object json(JsonNode node) {
    if (node.isObject()) {
      Map<String, Object> members = new LinkedHashMap<>();
      node.properties().forEach(member -> members.put(member.getKey(), json(member.getValue())));
      return members;
    }
    if (node.isArray()) {
      List<Object> elements = new ArrayList<>();
      node.forEach(element -> elements.add(json(element)));
      return elements;
    }
    if (node.isNumber()) {
      return node.isIntegralNumber() && node.canConvertToLong()
          ? (Object) node.longValue()
          : (Object) node.doubleValue();
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    return node.isNull() ? NullValue.NULL_VALUE : node.stringValue();
  }
}
