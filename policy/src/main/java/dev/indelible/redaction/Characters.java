// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.Arrays;

/** Sets of ASCII characters, and runs of their members. */
final class Characters {
  static final Characters ALPHANUMERIC = of("");
  static final Characters WORD = of("_");
  static final Characters BASE64URL = of("_-");
  static final Characters TOKEN = of("_-.");
  static final Characters BASE64 = of("+/=");
  static final Characters BEARER = of("_-.~+/=%:");
  static final Characters HEX = hex();
  static final Characters PATH = of("_-/");
  static final Characters QUERY = of("_-.~+/=%");

  private final boolean[] members = new boolean[128];

  private Characters() {}

  /** Returns letters, digits and the characters of a text. */
  private static Characters of(String others) {
    Characters set = new Characters();
    set.add('0', '9');
    set.add('A', 'Z');
    set.add('a', 'z');
    others.chars().forEach(c -> set.members[c] = true);
    return set;
  }

  private static Characters hex() {
    Characters set = new Characters();
    set.add('0', '9');
    set.add('a', 'f');
    return set;
  }

  private void add(char first, char last) {
    Arrays.fill(members, first, last + 1, true);
  }

  boolean has(char c) {
    return c < members.length && members[c];
  }

  /** Returns the end of the run of members that begins at an index; stops at {@code limit}. */
  int endOfRun(String text, int from, int limit) {
    int end = Math.min(text.length(), limit);
    int at = from;
    while (at < end && has(text.charAt(at))) {
      at++;
    }
    return at;
  }

  /** Returns true if the character at an index exists and is a member. */
  boolean hasAt(String text, int at) {
    return at >= 0 && at < text.length() && has(text.charAt(at));
  }

  static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** Returns true if a range has a digit, a small and a capital letter, as random text has. */
  static boolean isMixed(String text, int start, int end) {
    boolean digit = false;
    boolean small = false;
    boolean capital = false;
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      digit |= isDigit(c);
      small |= c >= 'a' && c <= 'z';
      capital |= c >= 'A' && c <= 'Z';
    }
    return digit && small && capital;
  }

  /** Returns true if a range has a digit. */
  static boolean hasDigit(String text, int start, int end) {
    for (int i = start; i < end; i++) {
      if (isDigit(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }
}
