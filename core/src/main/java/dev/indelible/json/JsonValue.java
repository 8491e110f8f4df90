// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * An immutable JSON value in its canonical form (RFC 8785). Two values are equal if and only if
 * their canonical bytes are equal.
 */
public final class JsonValue {
  /**
   * Maximum nesting depth of a value, lower than {@link CanonicalJson#MAX_DEPTH}, so that a payload
   * that contains it can be read back.
   */
  public static final int MAX_DEPTH = CanonicalJson.MAX_DEPTH - 20;

  private final String text;

  private JsonValue(String text) {
    this.text = text;
  }

  /**
   * Reads a value.
   *
   * @throws JsonFormatException if it is not JSON that {@link CanonicalJson} accepts
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
   * Returns the value that a writer has written. The text is read back, because a writer accepts
   * some input that a reader refuses, for example an integer that a double cannot hold.
   *
   * @throws IllegalStateException if it is not JSON that {@link CanonicalJson} accepts, or is
   *     nested deeper than {@value #MAX_DEPTH}
   */
  public static JsonValue of(CanonicalWriter written) {
    try {
      return parse(new String(written.toBytes(), StandardCharsets.UTF_8));
    } catch (JsonFormatException e) {
      throw new IllegalStateException(
          "text that was written as canonical JSON cannot be read back", e);
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

  /** Returns the string member with this name, if this value is an object that has one. */
  public Optional<String> stringMember(String name) {
    return tree().optional(name).filter(JsonNode::isString).map(JsonNode::stringValue);
  }

  /** Returns the value as a new tree; changing it does not change this value. */
  public JsonNode tree() {
    try {
      return CanonicalJson.read(text);
    } catch (JsonFormatException e) {
      throw new IllegalStateException("canonical JSON cannot be read back", e);
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
