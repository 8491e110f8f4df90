// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** The fields of one JSON object, read by name and type. Errors name the path of the field. */
public final class JsonFields {
  private final JsonNode node;
  private final String where;
  private final Set<String> known = new TreeSet<>();

  private JsonFields(JsonNode node, String where) {
    this.node = node;
    this.where = where;
  }

  /**
   * Returns the fields of {@code node}.
   *
   * @param where the name of the object in errors, for example {@code action}
   * @throws JsonFormatException if it is not an object
   */
  public static JsonFields of(JsonNode node, String where) throws JsonFormatException {
    if (!node.isObject()) {
      throw new JsonFormatException(where + ": " + typeOf(node) + " where an object is expected");
    }
    return new JsonFields(node, where);
  }

  /** Returns the name of this object in errors. */
  public String where() {
    return where;
  }

  /** Returns a required string. */
  public String string(String name) throws JsonFormatException {
    return optionalString(name).orElseThrow(() -> missing(name));
  }

  /** Returns a string that may be absent. */
  public Optional<String> optionalString(String name) throws JsonFormatException {
    Optional<JsonNode> value = member(name);
    if (value.isPresent() && !value.get().isString()) {
      throw mistyped(name, value.get(), "a string");
    }
    return value.map(JsonNode::stringValue);
  }

  /** Returns a whole number that may be absent. */
  public OptionalLong optionalLong(String name) throws JsonFormatException {
    Optional<JsonNode> value = member(name);
    if (value.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!value.get().isIntegralNumber() || !value.get().canConvertToLong()) {
      throw mistyped(name, value.get(), "a whole number");
    }
    return OptionalLong.of(value.get().longValue());
  }

  /** Returns a required list of strings. */
  public List<String> strings(String name) throws JsonFormatException {
    JsonNode array = node(name);
    if (!array.isArray()) {
      throw mistyped(name, array, "a list of strings");
    }
    List<String> values = new ArrayList<>();
    for (JsonNode element : array.values()) {
      if (!element.isString()) {
        throw mistyped(name + "[" + values.size() + "]", element, "a string");
      }
      values.add(element.stringValue());
    }
    return values;
  }

  /** Returns a required JSON value of any type. */
  public JsonValue value(String name) throws JsonFormatException {
    return JsonValue.of(node(name));
  }

  /** Returns a required JSON value of any type, as a tree. */
  public JsonNode node(String name) throws JsonFormatException {
    return member(name).orElseThrow(() -> missing(name));
  }

  /** Returns true if there is a field with this name. */
  public boolean has(String name) {
    return member(name).isPresent();
  }

  /** Refuses an object that has fields that were not read. */
  public void requireNoOthers() throws JsonFormatException {
    for (String name : node.propertyNames()) {
      if (!known.contains(name)) {
        throw new JsonFormatException(
            "%s.%s: unknown field; the fields here are %s"
                .formatted(where, name, String.join(", ", known)));
      }
    }
  }

  private Optional<JsonNode> member(String name) {
    known.add(name);
    return node.optional(name);
  }

  private JsonFormatException missing(String name) {
    return new JsonFormatException(where + "." + name + ": missing");
  }

  private JsonFormatException mistyped(String name, JsonNode value, String expected) {
    return new JsonFormatException(
        "%s.%s: %s where %s is expected".formatted(where, name, typeOf(value), expected));
  }

  private static String typeOf(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "a list";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "a boolean";
      case NULL -> "null";
      default -> "nothing";
    };
  }
}
