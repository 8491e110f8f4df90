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

/**
 * The named sets of patterns that are part of the library: of paths, from {@code path-sets.txt},
 * and of hosts, from {@code host-sets.txt}.
 */
final class NamedSets {
  static final NamedSets PATHS = new NamedSets("path", read("path-sets.txt"));
  static final NamedSets HOSTS = new NamedSets("host", read("host-sets.txt"));

  private final String kind;
  private final Map<String, List<String>> sets;

  private NamedSets(String kind, Map<String, List<String>> sets) {
    this.kind = kind;
    this.sets = sets;
  }

  /** Returns the sets by name, in the order of the file. */
  Map<String, List<String>> all() {
    return sets;
  }

  /**
   * Returns the members of a set.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  List<String> members(String name) {
    List<String> members = sets.get(name);
    if (members == null) {
      throw new IllegalArgumentException(
          "unknown %s set \"@%s\"; use one of @%s"
              .formatted(kind, name, String.join(", @", sets.keySet())));
    }
    return members;
  }

  /** Reads sets: a name in brackets, then its members, one per line; {@code #} begins a comment. */
  private static Map<String, List<String>> read(String resource) {
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
    try (InputStream in = NamedSets.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + resource + " of the jar", e);
    }
  }
}
