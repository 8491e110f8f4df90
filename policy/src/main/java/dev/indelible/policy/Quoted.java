// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

/** Quotes foreign text in messages: on one line, and shortened. */
final class Quoted {
  private static final int MAX_CHARS = 80;

  private Quoted() {}

  static String of(String text) {
    StringBuilder out = new StringBuilder("\"");
    text.codePoints().limit(MAX_CHARS).forEach(c -> append(c, out));
    boolean cut = text.codePointCount(0, text.length()) > MAX_CHARS;
    return out.append(cut ? "…\"" : "\"").toString();
  }

  private static void append(int c, StringBuilder out) {
    if (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE) {
      out.append("\\u%04x".formatted(c));
    } else {
      out.appendCodePoint(c);
    }
  }
}
