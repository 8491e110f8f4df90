// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The named sets of path patterns, from {@code path-sets.txt}. */
public final class PathSets {
  private static final Map<String, List<String>> SETS = read("path-sets.txt");

  private PathSets() {}

  /** Returns the sets by name, in the order of the file. */
  public static Map<String, List<String>> all() {
    return SETS;
  }

  /**
   * Returns the patterns of a set.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  static List<String> patterns(String name) {
    List<String> patterns = SETS.get(name);
    if (patterns == null) {
      throw new IllegalArgumentException(
          "unknown path set \"@%s\"; use one of @%s"
              .formatted(name, String.join(", @", SETS.keySet())));
    }
    return patterns;
  }

  /** Reads sets: a name in brackets, then its members, one a line; {@code #} begins a comment. */
  static Map<String, List<String>> read(String resource) {
    Map<String, List<String>> sets = new LinkedHashMap<>();
    List<String> members = List.of();
    for (String written : text(resource).lines().toList()) {
      String line = written.strip();
      if (line.isEmpty() || line.startsWith("# ") || line.equals("#")) {
        continue;
      }
      if (line.startsWith("[") && line.endsWith("]")) {
        members = new ArrayList<>();
        sets.put(line.substring(1, line.length() - 1), members);
      } else {
        members.add(line);
      }
    }
    sets.replaceAll((name, list) -> List.copyOf(list));
    return Collections.unmodifiableMap(sets);
  }

  private static String text(String resource) {
    try (InputStream in = PathSets.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + resource + " of the jar", e);
    }
  }
}
