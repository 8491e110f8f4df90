// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

/**
 * Shell patterns (bash manual 3.5.8.1) matched with known text; {@code *} also matches {@code /}.
 */
final class Pattern {
  private Pattern() {}

  /** Returns true if a text as a whole matches. */
  static boolean matches(String pattern, String text, Budget budget) {
    return matches(pattern, text, 0, text.length(), budget);
  }

  private static boolean matches(String pattern, String text, int from, int to, Budget budget) {
    int p = 0;
    int t = from;
    int star = -1;
    int starText = 0;
    int steps = 0;
    while (t < to) {
      steps++;
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        starText = t;
        continue;
      }
      int next = p < pattern.length() ? one(pattern, p, text.charAt(t)) : -1;
      if (next >= 0) {
        p = next;
        t++;
      } else if (star >= 0) {
        p = star + 1;
        t = ++starText;
      } else {
        budget.steps(steps);
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    budget.steps(steps + 1);
    return p == pattern.length();
  }

  /** Returns where the pattern continues after it matched a character; -1 if it does not match. */
  private static int one(String pattern, int p, char c) {
    char first = pattern.charAt(p);
    if (first == '?') {
      return p + 1;
    }
    if (first == '\\' && p + 1 < pattern.length()) {
      return pattern.charAt(p + 1) == c ? p + 2 : -1;
    }
    if (first == '[') {
      int end = setEnd(pattern, p);
      if (end > 0) {
        return isInSet(pattern, p + 1, end, c) ? end + 1 : -1;
      }
    }
    return first == c ? p + 1 : -1;
  }

  /** Returns the index of the bracket that closes a set; -1 if there is no set here. */
  static int setEnd(String pattern, int open) {
    int i = open + 1;
    if (i < pattern.length() && (pattern.charAt(i) == '!' || pattern.charAt(i) == '^')) {
      i++;
    }
    if (i < pattern.length() && pattern.charAt(i) == ']') {
      i++;
    }
    while (i < pattern.length() && pattern.charAt(i) != ']') {
      if (pattern.startsWith("[:", i)) {
        int end = pattern.indexOf(":]", i + 2);
        i = end < 0 ? i + 1 : end + 2;
      } else {
        i++;
      }
    }
    return i < pattern.length() ? i : -1;
  }

  private static boolean isInSet(String pattern, int from, int end, char c) {
    int i = from;
    boolean isNegated = pattern.charAt(i) == '!' || pattern.charAt(i) == '^';
    i += isNegated ? 1 : 0;
    boolean found = false;
    while (i < end) {
      if (pattern.startsWith("[:", i) && pattern.indexOf(":]", i) > 0) {
        int close = pattern.indexOf(":]", i);
        found |= isInClass(pattern.substring(i + 2, close), c);
        i = close + 2;
      } else if (i + 2 < end && pattern.charAt(i + 1) == '-') {
        found |= pattern.charAt(i) <= c && c <= pattern.charAt(i + 2);
        i += 3;
      } else {
        found |= pattern.charAt(i) == c;
        i++;
      }
    }
    return found != isNegated;
  }

  private static boolean isInClass(String name, char c) {
    return switch (name) {
      case "alpha" -> Character.isLetter(c);
      case "digit" -> c >= '0' && c <= '9';
      case "alnum" -> Character.isLetterOrDigit(c);
      case "upper" -> Character.isUpperCase(c);
      case "lower" -> Character.isLowerCase(c);
      case "space" -> Character.isWhitespace(c);
      case "blank" -> c == ' ' || c == '\t';
      case "punct" -> c > ' ' && c < 127 && !Character.isLetterOrDigit(c);
      case "xdigit" -> Character.digit(c, 16) >= 0;
      default -> true;
    };
  }

  /** Returns a text without its shortest or longest beginning that matches. */
  static String withoutPrefix(String text, String pattern, boolean isLongest, Budget budget) {
    for (int i = 0; i <= text.length(); i++) {
      int end = isLongest ? text.length() - i : i;
      if (matches(pattern, text, 0, end, budget)) {
        return text.substring(end);
      }
    }
    return text;
  }

  /** Returns a text without its shortest or longest end that matches. */
  static String withoutSuffix(String text, String pattern, boolean isLongest, Budget budget) {
    for (int i = 0; i <= text.length(); i++) {
      int start = isLongest ? i : text.length() - i;
      if (matches(pattern, text, start, text.length(), budget)) {
        return text.substring(0, start);
      }
    }
    return text;
  }

  /**
   * Replaces matches, the longest at each position.
   *
   * @param kind {@code /} the first, {@code //} all, {@code /#} at the beginning, {@code /%} at the
   *     end
   */
  static String replaced(
      String text, String pattern, String replacement, String kind, Budget budget) {
    if (pattern.isEmpty()) {
      return text;
    }
    StringBuilder out = new StringBuilder();
    boolean done = false;
    int i = 0;
    while (i < text.length()) {
      int end = done || kind.equals("/#") && i > 0 ? -1 : longest(text, i, pattern, kind, budget);
      if (end > i) {
        out.append(replacement);
        i = end;
        done = !kind.equals("//");
      } else {
        out.append(text.charAt(i++));
      }
    }
    return out.toString();
  }

  private static int longest(String text, int from, String pattern, String kind, Budget budget) {
    if (kind.equals("/%")) {
      return matches(pattern, text, from, text.length(), budget) ? text.length() : -1;
    }
    if (!hasSpecial(pattern)) {
      return text.startsWith(pattern, from) ? from + pattern.length() : -1;
    }
    for (int end = text.length(); end > from; end--) {
      if (matches(pattern, text, from, end, budget)) {
        return end;
      }
    }
    return -1;
  }

  /** Returns true if a pattern has special characters. */
  static boolean hasSpecial(String pattern) {
    for (int i = 0; i < pattern.length(); i++) {
      if ("*?[\\".indexOf(pattern.charAt(i)) >= 0) {
        return true;
      }
    }
    return false;
  }

  /** Returns a text as a pattern that matches only this text. */
  static String quoted(String text) {
    if (!hasSpecial(text)) {
      return text;
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if ("*?[\\".indexOf(text.charAt(i)) >= 0) {
        out.append('\\');
      }
      out.append(text.charAt(i));
    }
    return out.toString();
  }
}
