// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * An immutable JSON value, kept in its canonical form (RFC 8785): two values are equal exactly when
 * their canonical bytes are.
 */
public final class JsonValue {
  /**
   * The deepest nesting of a value: enough below {@link CanonicalJson#MAX_DEPTH} that a payload
   * around it can be read back.
   */
  public static final int MAX_DEPTH = CanonicalJson.MAX_DEPTH - 20;

  private final String text;

  private JsonValue(String text) {
    this.text = text;
  }

  /**
   * Reads a value.
   *
   * @throws JsonFormatException if it is not JSON as {@link CanonicalJson} reads it
   */
  public static JsonValue parse(String json) throws JsonFormatException {
    try {
      return of(CanonicalJson.read(json));
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Returns the value of a tree that {@link CanonicalJson#read} returned.
   *
   * @throws IllegalArgumentException if it is nested deeper than {@value #MAX_DEPTH}
   */
  public static JsonValue of(JsonNode node) {
    requireDepth(node, MAX_DEPTH);
    return new JsonValue(new String(CanonicalJson.write(node), StandardCharsets.UTF_8));
  }

  /**
   * Returns the value that a writer holds. The text is read back, because a writer does not refuse
   * everything that a reader does, for example an integer that a double cannot hold.
   *
   * @throws IllegalStateException if it is not JSON as {@link CanonicalJson} reads it, or is nested
   *     deeper than {@value #MAX_DEPTH}
   */
  public static JsonValue of(CanonicalWriter written) {
    try {
      return parse(new String(written.toBytes(), StandardCharsets.UTF_8));
    } catch (JsonFormatException e) {
      throw new IllegalStateException("text written as canonical JSON does not read back", e);
    }
  }

  private static void requireDepth(JsonNode node, int left) {
    if (node.isContainer() && left == 0) {
      throw new IllegalArgumentException("nested deeper than " + MAX_DEPTH);
    }
    for (JsonNode element : node.values()) {
      requireDepth(element, left - 1);
    }
  }

  /** Returns the canonical text. */
  public String text() {
    return text;
  }

  /** Returns the string member of that name, if this is an object that has one. */
  public Optional<String> stringMember(String name) {
    return tree().optional(name).filter(JsonNode::isString).map(JsonNode::stringValue);
  }

  /** Returns the value as a new tree; changing it does not change this value. */
  public JsonNode tree() {
    try {
      return CanonicalJson.read(text);
    } catch (JsonFormatException e) {
      throw new IllegalStateException("canonical JSON does not read back", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JsonValue value && value.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
