// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

/** Checks of strings that are recorded. */
public final class Text {
  private static final int MAX_EXCERPT_CHARS = 40;

  private Text() {}

  /**
   * Returns {@code value} if it can be written as UTF-8.
   *
   * @param what the name of the value in the error
   * @throws IllegalArgumentException if it contains a lone surrogate
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

  /**
   * Returns {@code value} if it has at most {@code maxBytes} bytes of UTF-8.
   *
   * @param what the name of the value in the error
   * @throws IllegalArgumentException if it is longer, or contains a lone surrogate
   */
  public static String requireAtMost(int maxBytes, String value, String what) {
    int bytes = utf8Length(requireWellFormed(value, what));
    if (bytes > maxBytes) {
      throw new IllegalArgumentException(what + " is " + bytes + " bytes; at most " + maxBytes);
    }
    return value;
  }

  /** Returns the length of a well-formed string in UTF-8 bytes. */
  public static int utf8Length(String value) {
    int bytes = 0;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
    }
    return bytes;
  }

  /** Returns the first {@value #MAX_EXCERPT_CHARS} chars of a string, for an error message. */
  public static String excerpt(String text) {
    return text.length() <= MAX_EXCERPT_CHARS ? text : text.substring(0, MAX_EXCERPT_CHARS) + "…";
  }

  /**
   * Returns foreign text made safe to show: characters that could move the cursor, forge lines or
   * reverse the text are written as escapes.
   */
  public static String printable(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (isUnsafe(c)) {
                safe.append(c < 0x100 ? "\\x%02x".formatted(c) : "\\u%04x".formatted(c));
              } else {
                safe.appendCodePoint(c);
              }
            });
    return safe.toString();
  }

  /** Returns true if a text is {@link #printable(String) printable} as it is. */
  public static boolean isPrintable(String text) {
    return text.codePoints().noneMatch(Text::isUnsafe);
  }

  private static boolean isUnsafe(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      default -> false;
    };
  }

  /** Returns at most {@code width} characters of {@link #printable(String) printable} text. */
  public static String printable(String text, int width) {
    String safe = printable(text.length() > width * 4 ? text.substring(0, width * 4) : text);
    return safe.codePointCount(0, safe.length()) <= width
        ? safe
        : safe.substring(0, safe.offsetByCodePoints(0, width - 1)) + "…";
  }
}
