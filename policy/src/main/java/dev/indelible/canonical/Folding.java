// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.text.Normalizer;
import java.util.Locale;

/** Converts names to a form in which all spellings of one file's name are equal. */
final class Folding {
  private Folding() {}

  /**
   * Returns the name in Unicode's NFC, without the characters that some file systems ignore in
   * names, for example U+200C in {@code .git}.
   */
  static String normalise(String name) {
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) >= 0x80) {
        return withoutIgnorable(Normalizer.normalize(name, Normalizer.Form.NFC));
      }
    }
    return name;
  }

  /** Returns true if the name is ASCII in lower case, as most names are. */
  static boolean isFolded(String name) {
    for (int i = 0; i < name.length(); i++) {
      if (!isFolded(name.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /** Returns true if the character is ASCII and not a capital letter. */
  static boolean isFolded(char c) {
    return c < 0x80 && (c < 'A' || c > 'Z');
  }

  /** Returns the name without differences of case. */
  static String fold(String name) {
    // Folds in both directions: the upper case of the long s is S, the lower case of the Kelvin
    // sign is k.
    return isFolded(name)
        ? name
        : Normalizer.normalize(
            name.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT), Normalizer.Form.NFC);
  }

  private static String withoutIgnorable(String name) {
    StringBuilder kept = new StringBuilder(name.length());
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean isIgnorable =
          c >= 0x200b && c <= 0x200f
              || c >= 0x202a && c <= 0x202e
              || c >= 0x206a && c <= 0x206f
              || c == 0xfeff;
      if (!isIgnorable) {
        kept.append(c);
      }
    }
    return kept.isEmpty() ? name : kept.toString();
  }
}
