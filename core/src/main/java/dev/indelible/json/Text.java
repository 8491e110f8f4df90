// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

/** What a string must be before it may go on record. */
public final class Text {
  private Text() {}

  /**
   * Returns {@code value} if it can be written as UTF-8.
   *
   * @param what names the value in the error
   * @throws IllegalArgumentException if it holds half of a surrogate pair
   */
  public static String requireWellFormed(String value, String what) {
    if (value == null) {
      throw new NullPointerException(what + " is null");
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < value.length()
          && Character.isLowSurrogate(value.charAt(i + 1))) {
        i++;
      } else {
        throw new IllegalArgumentException(
            what + ": lone surrogate at char " + i + "; it has no UTF-8 form");
      }
    }
    return value;
  }

  /** Length of a well-formed string in UTF-8 bytes. */
  public static int utf8Length(String value) {
    int bytes = 0;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
    }
    return bytes;
  }
}
