// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A path pattern in a policy.
 *
 * <p>It begins with {@code /}, {@code ~} (the home of any user), {@code ${cwd}} (the working
 * directory of the action), {@code ${scratch}}, {@code **}{@code /}, or a drive or share of
 * Windows. Within a name, {@code *}, {@code ?}, {@code [a-z]} and {@code {a,b}} have their usual
 * meaning, and a backslash makes a character literal except in a pattern of Windows; {@code **}
 * between separators is any number of names, at the end at least one.
 *
 * @param text as written
 * @param alternatives the lists of names to which it expands
 */
record PathPattern(String text, List<List<Name>> alternatives) {
  private static final int MAX_CHARS = 1_024;
  private static final int MAX_ALTERNATIVES = 1_024;
  private static final String SPECIAL = "*?[]{},\\~$!@";

  /** Added to an escaped character until the pattern is split. */
  private static final char ESCAPED = '\ue000';

  private static final CanonicalPath NOWHERE = CanonicalPath.opaque("", "no directory");

  /** The kinds of names in a pattern. */
  enum Kind {
    /** The first name. */
    ROOT,
    /** A name. */
    NAME,
    /** A glob of a name. */
    GLOB,
    /** Any number of names. */
    ANY_DEPTH
  }

  /** A name in a pattern. */
  record Name(Kind kind, String text) {}

  /**
   * Reads a pattern.
   *
   * @throws IllegalArgumentException if it has an error, or can never match; the message says which
   */
  static PathPattern parse(String text) {
    if (text.isEmpty() || text.length() > MAX_CHARS) {
      throw bad(text, "a pattern has 1 to " + MAX_CHARS + " characters");
    }
    boolean isWindows = isWindows(text);
    List<String> expanded = new ArrayList<>();
    expand(isWindows ? text.replace('\\', '/') : escaped(text), text, expanded);
    List<List<Name>> alternatives = new ArrayList<>();
    for (String each : expanded) {
      alternatives.addAll(names(each, text));
    }
    return new PathPattern(text, List.copyOf(alternatives));
  }

  private static boolean isWindows(String text) {
    return text.startsWith("\\\\") || hasDrive(text);
  }

  private static boolean hasDrive(String text) {
    return text.length() >= 3
        && text.charAt(1) == ':'
        && (text.charAt(2) == '\\' || text.charAt(2) == '/');
  }

  private static String escaped(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\') {
        out.append(c);
      } else if (i + 1 < text.length() && SPECIAL.indexOf(text.charAt(i + 1)) >= 0) {
        i++;
        out.append((char) (ESCAPED + text.charAt(i)));
      } else {
        throw bad(text, "a backslash precedes one of " + SPECIAL + "; write \\\\ for a backslash");
      }
    }
    return out.toString();
  }

  /** Replaces the first braces by each of their alternatives, and continues with the results. */
  private static void expand(String pattern, String text, List<String> expanded) {
    int open = pattern.startsWith("${") ? pattern.indexOf('{', 2) : pattern.indexOf('{');
    if (open < 0) {
      expandStars(pattern, text, expanded);
      return;
    }
    List<Integer> cuts = new ArrayList<>(List.of(open));
    int depth = 0;
    int close = -1;
    for (int i = open; i < pattern.length() && close < 0; i++) {
      char c = pattern.charAt(i);
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (c == ',' && depth == 1) {
        cuts.add(i);
      }
      close = depth == 0 ? i : -1;
    }
    if (close < 0) {
      throw bad(text, "a brace is not closed; write \\{ for the character");
    }
    cuts.add(close);
    for (int i = 1; i < cuts.size(); i++) {
      String choice = pattern.substring(cuts.get(i - 1) + 1, cuts.get(i));
      expand(pattern.substring(0, open) + choice + pattern.substring(close + 1), text, expanded);
    }
  }

  /**
   * Replaces {@code **} within a name: {@code a**b} becomes {@code a*b}, and {@code a*} with {@code
   * *b} at any depth below it.
   */
  private static void expandStars(String pattern, String text, List<String> expanded) {
    if (pattern.contains("***")) {
      throw bad(text, "*** is not supported; use * within a name, ** across names");
    }
    for (int at = pattern.indexOf("**"); at >= 0; at = pattern.indexOf("**", at + 2)) {
      int end = at + 2;
      boolean begins = at == 0 || pattern.charAt(at - 1) == '/';
      boolean ends = end == pattern.length() || pattern.charAt(end) == '/';
      if (!begins || !ends) {
        String before = pattern.substring(0, at);
        String behind = pattern.substring(end);
        if (at > 0) {
          expandStars(before + "*" + behind, text, expanded);
        }
        expandStars(
            before + (begins ? "**/" : "*/**") + (ends ? "" : begins ? "*" : "/*") + behind,
            text,
            expanded);
        return;
      }
    }
    if (expanded.size() == MAX_ALTERNATIVES) {
      throw bad(text, "it has more than " + MAX_ALTERNATIVES + " alternatives");
    }
    expanded.add(pattern);
  }

  private static List<List<Name>> names(String pattern, String text) {
    List<Name> names = new ArrayList<>();
    String rest = root(pattern, text, names);
    if (!rest.isEmpty()) {
      for (String name : rest.split("/", -1)) {
        names.add(name(name, text));
      }
    }
    List<Name> canonical = canonical(names, text);
    List<List<Name>> alternatives = new ArrayList<>(List.of(canonical));
    Name root = canonical.get(0);
    if (root.text().equals(CanonicalPath.POSIX_ROOT)) {
      if (canonical.size() == 1) {
        alternatives.add(List.of(new Name(Kind.ROOT, PathTrie.ANY_DRIVE)));
      } else if (canonical.size() > 2 && canonical.get(1).text().equals("mnt")) {
        alternatives.addAll(drives(canonical));
      }
    }
    return alternatives;
  }

  /**
   * Returns the alternatives, for Windows drives, of a pattern below {@code /mnt}, where WSL has
   * them.
   */
  private static List<List<Name>> drives(List<Name> names) {
    Kind kind = names.get(2).kind();
    if (kind == Kind.NAME) {
      return List.of();
    }
    List<Name> drive = new ArrayList<>(List.of(new Name(Kind.ROOT, PathTrie.ANY_DRIVE)));
    drive.addAll(names.subList(kind == Kind.GLOB ? 3 : 2, names.size()));
    return List.of(List.copyOf(drive));
  }

  /** Adds the root, and returns the rest after the separator. */
  private static String root(String pattern, String text, List<Name> names) {
    if (pattern.equals("**") || pattern.startsWith("**/")) {
      return pattern;
    }
    String root;
    int length;
    if (pattern.startsWith("//")) {
      boolean isDevice = pattern.startsWith("//./") || pattern.startsWith("//?/");
      root = isDevice ? CanonicalPath.DEVICE_ROOT : CanonicalPath.UNC_ROOT;
      length = isDevice ? 3 : 1;
    } else if (pattern.startsWith("/")) {
      root = CanonicalPath.POSIX_ROOT;
      length = 0;
    } else if (hasDrive(pattern)) {
      char letter = pattern.charAt(0);
      boolean isAny = letter == '?' || letter == '*';
      root = isAny ? PathTrie.ANY_DRIVE : pattern.substring(0, 2).toLowerCase(Locale.ROOT);
      length = 2;
    } else if (isRoot(pattern, "~")) {
      root = CanonicalPath.HOME_ROOT;
      length = 1;
    } else if (isRoot(pattern, PathTrie.WORKING_DIRECTORY)) {
      root = PathTrie.WORKING_DIRECTORY;
      length = root.length();
    } else if (isRoot(pattern, "${scratch}")) {
      root = CanonicalPath.SCRATCH_ROOT;
      length = "${scratch}".length();
    } else {
      throw bad(
          text,
          "it matches no absolute path; begin it with /, ~/, ${cwd}/, ${scratch}/, **/ or a drive");
    }
    names.add(new Name(Kind.ROOT, root));
    return pattern.length() <= length + 1 ? "" : pattern.substring(length + 1);
  }

  private static boolean isRoot(String pattern, String root) {
    return pattern.equals(root) || pattern.startsWith(root + "/");
  }

  private static Name name(String name, String text) {
    if (name.isEmpty() || name.equals(".") || name.equals("..")) {
      throw bad(text, "it can never match: paths are compared without // . .. and a final /");
    }
    if (name.equals("**")) {
      return new Name(Kind.ANY_DEPTH, name);
    }
    boolean isGlob = name.indexOf('*') >= 0 || name.indexOf('?') >= 0 || name.indexOf('[') >= 0;
    if (name.indexOf('[') >= 0 && name.indexOf(']', name.indexOf('[') + 2) < 0) {
      throw bad(text, "a bracket is not closed; write \\[ for the character");
    }
    return new Name(isGlob ? Kind.GLOB : Kind.NAME, unescaped(name, isGlob));
  }

  private static String unescaped(String name, boolean isGlob) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < ESCAPED || c > ESCAPED + 0x7f) {
        out.append(c);
      } else {
        char literal = (char) (c - ESCAPED);
        out.append(isGlob ? "[" + literal + "]" : literal);
      }
    }
    return Folding.normalise(out.toString());
  }

  /** Returns the names with the known ones at the beginning in their canonical form. */
  private static List<Name> canonical(List<Name> names, String text) {
    int known = 1;
    while (known < names.size() && names.get(known).kind() == Kind.NAME) {
      known++;
    }
    String root = names.get(0).text();
    boolean isPlace = root.equals(CanonicalPath.POSIX_ROOT) || CanonicalPath.isDriveRoot(root);
    if (!isPlace || root.equals(PathTrie.ANY_DRIVE) || known == 1) {
      return List.copyOf(names);
    }
    StringBuilder path = new StringBuilder(root.equals(CanonicalPath.POSIX_ROOT) ? "" : root);
    names.subList(1, known).forEach(name -> path.append('/').append(name.text()));
    CanonicalPath prefix = PathReader.read(Value.of(path.toString()), NOWHERE, null);
    if (!prefix.isKnown()) {
      throw bad(
          text,
          prefix.problem().orElse("it can never match: " + path + " is another name of a path"));
    }
    List<Name> canonical = new ArrayList<>();
    for (Component component : prefix.components()) {
      boolean isRoot = component.is(Component.Kind.ROOT);
      canonical.add(new Name(isRoot ? Kind.ROOT : Kind.NAME, component.text()));
    }
    canonical.addAll(names.subList(known, names.size()));
    return List.copyOf(canonical);
  }

  private static IllegalArgumentException bad(String pattern, String why) {
    return new IllegalArgumentException("bad path pattern \"" + pattern + "\": " + why);
  }
}
