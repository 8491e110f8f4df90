// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

/** ANSI-C quoting, <code>$'…'</code> (bash manual 3.1.2.4). */
final class AnsiC {
  private static final String SIMPLE = "abeEfnrtv\\'\"?";
  private static final String SIMPLE_VALUES = "\u0007\b\u001b\u001b\f\n\r\t\u000b\\'\"?";

  private AnsiC() {}

  /** Reads from the opening quote on. A NUL ends the text, as in bash. */
  static void read(Source source, WordBuilder word) throws ShellSyntaxException {
    String text = source.text;
    StringBuilder value = new StringBuilder();
    int i = source.position + 1;
    while (i < text.length() && text.charAt(i) != '\'') {
      if (text.charAt(i) == '\\' && i + 1 < text.length()) {
        i = escape(text, i + 1, value);
      } else {
        value.append(text.charAt(i++));
      }
    }
    if (i >= text.length()) {
      throw source.error("a quote is not closed");
    }
    int nul = value.indexOf("\0");
    word.add(nul < 0 ? value : value.substring(0, nul), true);
    source.position = i + 1;
  }

  /** Reads an escape after its backslash. Returns the position after the escape. */
  private static int escape(String text, int at, StringBuilder value) {
    char c = text.charAt(at);
    int simple = SIMPLE.indexOf(c);
    if (simple >= 0) {
      value.append(SIMPLE_VALUES.charAt(simple));
      return at + 1;
    }
    switch (c) {
      case 'x':
        return number(text, at + 1, 2, 16, value, at);
      case 'u':
        return number(text, at + 1, 4, 16, value, at);
      case 'U':
        return number(text, at + 1, 8, 16, value, at);
      case 'c':
        if (at + 1 < text.length()) {
          value.append((char) (text.charAt(at + 1) & 0x1f));
          return at + 2;
        }
        break;
      default:
        if (c >= '0' && c <= '7') {
          return number(text, at, 3, 8, value, at);
        }
    }
    value.append('\\').append(c);
    return at + 1;
  }

  /**
   * Reads a number of at most {@code digits} digits.
   *
   * @param escape the position after the backslash; the escape is kept as text if no digit follows
   */
  private static int number(
      String text, int from, int digits, int radix, StringBuilder value, int escape) {
    int at = from;
    long number = 0;
    while (at < text.length()
        && at - from < digits
        && Character.digit(text.charAt(at), radix) >= 0) {
      number = number * radix + Character.digit(text.charAt(at), radix);
      at++;
    }
    if (at == from) {
      value.append('\\').append(text, escape, at);
    } else if (radix == 8) {
      value.append((char) (number & 0xff));
    } else {
      value.appendCodePoint(
          Character.isValidCodePoint((int) number)
                  && number >= 0
                  && number <= Character.MAX_CODE_POINT
              ? (int) number
              : 0xfffd);
    }
    return at;
  }
}
