// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.List;
import java.util.Map;

/** The named sets of host patterns, from {@code host-sets.txt}. */
public final class HostSets {
  private static final Map<String, List<String>> SETS = PathSets.read("host-sets.txt");

  private HostSets() {}

  /** Returns the sets by name, in the order of the file. */
  public static Map<String, List<String>> all() {
    return SETS;
  }

  /**
   * Returns the patterns of a set.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  static List<String> members(String name) {
    List<String> members = SETS.get(name);
    if (members == null) {
      throw new IllegalArgumentException(
          "unknown host set \"@%s\"; use one of @%s"
              .formatted(name, String.join(", @", SETS.keySet())));
    }
    return members;
  }
}
