// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.ArrayList;
import java.util.List;

/**
 * A path to members of an action whose values are secrets: a JSON pointer (RFC 6901) in which
 * {@code *} stands for any member or element.
 *
 * @param detector the name of the detector
 * @param parts the names on the way from the action, unescaped
 */
public record JsonPath(String detector, List<String> parts) {
  private static final List<String> ROOTS = List.of("arguments", "payload");

  public JsonPath {
    parts = List.copyOf(parts);
  }

  /**
   * Reads a path.
   *
   * @throws IllegalArgumentException if it is not a pointer into the arguments of a tool call or
   *     the payload of a custom action; facts are drawn from the other members
   */
  public static JsonPath of(String detector, String pointer) {
    List<String> parts = new ArrayList<>();
    if (pointer.startsWith("/")) {
      for (String part : pointer.substring(1).split("/", -1)) {
        parts.add(part.replace("~1", "/").replace("~0", "~"));
      }
    }
    if (parts.size() < 2 || !ROOTS.contains(parts.get(0))) {
      throw new IllegalArgumentException(
          "the path is not one into a tool call or a custom action; begin with /arguments/ or"
              + " /payload/");
    }
    return new JsonPath(detector, parts);
  }

  /** Returns true if a value at this place, or one around it, is a secret. */
  boolean matches(List<String> place) {
    if (place.size() < parts.size()) {
      return false;
    }
    for (int i = 0; i < parts.size(); i++) {
      if (!parts.get(i).equals("*") && !parts.get(i).equals(place.get(i))) {
        return false;
      }
    }
    return true;
  }
}
