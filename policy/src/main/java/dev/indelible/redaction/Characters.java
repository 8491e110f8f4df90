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
  static final Characters HEX = only("0123456789abcdef");
  static final Characters HEX_PARTS = only("0123456789abcdef-");
  static final Characters HEX_WORD = only("0123456789abcdefABCDEF_");
  static final Characters CAPITAL = only("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  static final Characters CAPITAL_PARTS = only("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-");
  static final Characters LETTER = only("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
  static final Characters COMMA = only(",");
  static final Characters CRYPT = of("$./");
  static final Characters DOLLAR_PARTS = of("$");

  /** Hexadecimal digits with the dashes of a UUID at their places; see {@link #isUuid}. */
  static final Characters UUID = only("0123456789abcdefABCDEF-");

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

  private static Characters only(String members) {
    Characters set = new Characters();
    members.chars().forEach(c -> set.members[c] = true);
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

  /** Returns true if a range of 36 characters of {@link #UUID} has the dashes of a UUID. */
  static boolean isUuid(String text, int start, int end) {
    int dashes = 0;
    for (int i = start; i < end; i++) {
      dashes += text.charAt(i) == '-' ? 1 : 0;
    }
    return end - start == 36
        && dashes == 4
        && text.charAt(start + 8) == '-'
        && text.charAt(start + 13) == '-'
        && text.charAt(start + 18) == '-'
        && text.charAt(start + 23) == '-';
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
