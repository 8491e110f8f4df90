// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The table of programs. Each entry is a resource that is loaded at the first look-up of its
 * program. Safe for use by several threads.
 */
public final class Programs {
  private static final String VARIABLES_FILE = "variables.yaml";
  private static final Programs STANDARD = new Programs();

  /** Entry names, keyed by program name; an entry's own name maps to itself. */
  private final Map<String, String> entryNames;

  /** Filled by several threads; the map makes entries visible to all. */
  private final Map<String, Program> loaded = new ConcurrentHashMap<>();

  /** Null until the first look-up of a variable. */
  private volatile @Nullable Variables variables;

  private Programs() {
    entryNames = readNames(resource("names.txt"));
  }

  /** Returns the table that is part of the library. */
  public static Programs standard() {
    return STANDARD;
  }

  /**
   * Returns a program by its name or path, for example {@code rm}, {@code /usr/bin/python3.12} or
   * {@code RM.EXE}; empty if the table has no entry for it.
   *
   * @throws ProgramTableException if the entry cannot be read
   */
  public Optional<Program> find(String nameOrPath) {
    String entry = entryName(nameOrPath);
    if (entry == null) {
      return Optional.empty();
    }
    Program program = loaded.get(entry);
    if (program == null) {
      program = loaded.computeIfAbsent(entry, Programs::load);
    }
    return Optional.of(program);
  }

  /**
   * Returns the uses of an environment variable's value for a command; none if the variable runs
   * nothing or the value is harmless.
   *
   * @throws ProgramTableException if the table of variables cannot be read
   */
  public List<Use> variable(String name, Value value) {
    Variables table = variables;
    if (table == null) {
      table = new Variables(TableReader.variables(VARIABLES_FILE, resource(VARIABLES_FILE)));
      variables = table;
    }
    return table.uses(name, value);
  }

  /** Returns the names under which programs are found; a star matches any version. */
  public Set<String> names() {
    return entryNames.keySet();
  }

  /** Returns the names of all entries. */
  Set<String> entries() {
    return Set.copyOf(entryNames.values());
  }

  private @Nullable String entryName(String nameOrPath) {
    String name = lastComponent(nameOrPath);
    String entry = entryNames.get(name);
    if (entry != null) {
      return entry;
    }
    name = name.toLowerCase(Locale.ROOT);
    for (String ending : List.of(".exe", ".cmd", ".bat", ".com")) {
      if (name.endsWith(ending)) {
        name = name.substring(0, name.length() - ending.length());
      }
    }
    entry = entryNames.get(name);
    return entry != null ? entry : entryNames.get(withoutVersion(name));
  }

  private static String lastComponent(String path) {
    return path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  }

  /** Returns {@code python} for {@code python3.12}, {@code gcc} for {@code gcc-12}. */
  private static String withoutVersion(String name) {
    int end = name.length();
    while (end > 0 && "0123456789.".indexOf(name.charAt(end - 1)) >= 0) {
      end--;
    }
    if (end > 0 && end < name.length() && name.charAt(end - 1) == '-') {
      end--;
    }
    // A star marks an entry whose program is installed under names with versions.
    return name.substring(0, end).concat("*");
  }

  private static Program load(String entry) {
    String file = entry.concat(".yaml");
    return TableReader.read(entry, file, resource(file));
  }

  static String resource(String file) {
    try (InputStream in = Programs.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new ProgramTableException(file + ": not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ProgramTableException(file + ": " + e.getMessage(), e);
    }
  }

  /** Reads lines, for example {@code awk: gawk mawk nawk}. */
  private static Map<String, String> readNames(String text) {
    Map<String, String> names = new LinkedHashMap<>();
    for (String line : text.split("\n")) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      int colon = line.indexOf(':');
      String entry = colon < 0 ? line.strip() : line.substring(0, colon);
      put(names, entry, entry);
      for (String alias : colon < 0 ? new String[0] : line.substring(colon + 1).split(" ")) {
        if (!alias.isEmpty()) {
          put(names, alias, entry);
        }
      }
    }
    // Keeps the file order, so that pattern matches come in a fixed order.
    return Collections.unmodifiableMap(names);
  }

  private static void put(Map<String, String> names, String name, String entry) {
    if (names.put(name, entry) != null) {
      throw new ProgramTableException("names.txt: " + name + " is listed twice");
    }
  }
}
