// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;

/** The output of {@code echo} and {@code printf}. */
final class Format {
  private static final String SIMPLE = "abefnrtv\\'\"?E";
  private static final String SIMPLE_VALUES = "\u0007\b\u001b\f\n\r\t\u000b\\'\"?\u001b";

  private Format() {}

  /** Returns what {@code echo} prints for its arguments. */
  static Value echo(List<Value> arguments) {
    int at = 0;
    boolean isEscaped = false;
    boolean hasNewline = true;
    while (at < arguments.size() && isEchoOption(arguments.get(at))) {
      String option = arguments.get(at++).prefix();
      isEscaped |= option.indexOf('e') > 0;
      isEscaped &= option.indexOf('E') < 0;
      hasNewline &= option.indexOf('n') < 0;
    }
    Value.Builder out = new Value.Builder();
    for (int i = at; i < arguments.size(); i++) {
      out.add(i == at ? "" : " ");
      for (Value.Piece piece : arguments.get(i).pieces()) {
        if (isEscaped && piece instanceof Value.Known known) {
          out.add(escapes(known.text(), false));
        } else {
          out.add(piece);
        }
      }
    }
    return out.add(hasNewline ? "\n" : "").build();
  }

  private static boolean isEchoOption(Value argument) {
    String text = argument.prefix();
    if (!argument.isKnown() || text.length() < 2 || text.charAt(0) != '-') {
      return false;
    }
    for (int i = 1; i < text.length(); i++) {
      if ("neE".indexOf(text.charAt(i)) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns what {@code printf} prints for a format and its arguments. */
  static Value printf(Value format, List<Value> arguments, Budget budget) {
    Value.Builder out = new Value.Builder();
    int at = 0;
    do {
      int before = at;
      for (Value.Piece piece : format.pieces()) {
        if (piece instanceof Value.Known known) {
          at = printf(known.text(), arguments, at, out);
          budget.text(known.text().length());
        } else {
          out.add(piece);
        }
      }
      if (at == before) {
        break;
      }
    } while (at < arguments.size());
    return out.build();
  }

  private static int printf(String format, List<Value> arguments, int first, Value.Builder out) {
    int at = first;
    int i = 0;
    while (i < format.length()) {
      char c = format.charAt(i);
      if (c == '\\' && i + 1 < format.length()) {
        StringBuilder text = new StringBuilder();
        i = escape(format, i + 1, false, text);
        out.add(text);
      } else if (c == '%' && i + 1 < format.length()) {
        int end = i + 1;
        while (end < format.length() && "-+ #0123456789.*'".indexOf(format.charAt(end)) >= 0) {
          end++;
        }
        char kind = end < format.length() ? format.charAt(end) : '%';
        if (kind == '%') {
          out.add("%");
        } else {
          Value argument = at < arguments.size() ? arguments.get(at) : Value.EMPTY;
          at++;
          conversion(kind, format.substring(i + 1, end), argument, out);
        }
        i = end + 1;
      } else {
        out.add(c);
        i++;
      }
    }
    return at;
  }

  private static void conversion(char kind, String flags, Value argument, Value.Builder out) {
    boolean isPlain = flags.isEmpty();
    String text = argument.prefix();
    if (!argument.isKnown()) {
      out.add(argument);
    } else if (kind == 's') {
      out.add(isPlain ? argument : sized(text, flags));
    } else if (kind == 'b') {
      out.add(escapes(text, false));
    } else if (kind == 'c') {
      out.add(text.isEmpty() ? "" : text.substring(0, 1));
    } else if (kind == 'q') {
      out.add(quoted(text));
    } else if ("diuxXo".indexOf(kind) >= 0 && isPlain) {
      out.add(number(kind, text));
    } else {
      out.add(new Value.Unknown(Origin.OUTPUT, "printf"));
    }
  }

  private static Value sized(String text, String flags) {
    int dot = flags.indexOf('.');
    String precision = dot < 0 ? "" : flags.substring(dot + 1);
    if (dot == 0 && !precision.isEmpty() && precision.length() < 6 && isNumber(precision)) {
      return Value.of(text.substring(0, Math.min(text.length(), Integer.parseInt(precision))));
    }
    boolean isPadded = dot < 0 && flags.length() < 4 && isNumber(flags.replace("-", ""));
    if (!isPadded) {
      return Value.unknown(Origin.OUTPUT, "printf");
    }
    int width = Integer.parseInt(flags.replace("-", ""));
    String blanks = " ".repeat(Math.max(0, width - text.length()));
    return Value.of(flags.startsWith("-") ? text + blanks : blanks + text);
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static Value number(char kind, String text) {
    try {
      long number =
          text.isEmpty()
              ? 0
              : text.charAt(0) == '\'' || text.charAt(0) == '"'
                  ? text.length() > 1 ? text.charAt(1) : 0
                  : Long.decode(text);
      return Value.of(
          switch (kind) {
            case 'x' -> Long.toHexString(number);
            case 'X' -> Long.toHexString(number).toUpperCase(Locale.ROOT);
            case 'o' -> Long.toOctalString(number);
            default -> Long.toString(number);
          });
    } catch (NumberFormatException e) {
      return Value.unknown(Origin.OUTPUT, "printf");
    }
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isLetterOrDigit(c) && "_-./:=@%+,".indexOf(c) < 0) {
        out.append('\\');
      }
      out.append(c);
    }
    return text.isEmpty() ? "''" : out.toString();
  }

  /** Returns a text with its escapes replaced; {@code \c} ends it. */
  static String escapes(String text, boolean isAnsi) {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    StringBuilder out = new StringBuilder();
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length()) {
        if (text.charAt(i + 1) == 'c' && !isAnsi) {
          break;
        }
        i = escape(text, i + 1, !isAnsi, out);
      } else {
        out.append(c);
        i++;
      }
    }
    return out.toString();
  }

  /** Reads an escape after its backslash; returns the offset after the escape. */
  private static int escape(String text, int at, boolean hasLeadingZero, StringBuilder out) {
    char c = text.charAt(at);
    int simple = SIMPLE.indexOf(c);
    if (simple >= 0) {
      out.append(SIMPLE_VALUES.charAt(simple));
      return at + 1;
    }
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits > 0) {
      return number(text, at + 1, digits, 16, out);
    }
    if (c >= '0' && c <= '7') {
      boolean isLong = hasLeadingZero && c == '0';
      return number(text, isLong ? at + 1 : at, 3, 8, out);
    }
    out.append('\\').append(c);
    return at + 1;
  }

  private static int number(String text, int from, int digits, int radix, StringBuilder out) {
    int at = from;
    long number = 0;
    while (at < text.length()
        && at - from < digits
        && Character.digit(text.charAt(at), radix) >= 0) {
      number = number * radix + Character.digit(text.charAt(at), radix);
      at++;
    }
    if (radix == 8) {
      number &= 0xff;
    }
    if (at > from && number <= Character.MAX_CODE_POINT || at == from && radix == 8) {
      out.appendCodePoint((int) number);
    }
    return at;
  }
}
