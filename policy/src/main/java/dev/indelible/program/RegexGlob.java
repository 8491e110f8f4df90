// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import dev.indelible.value.Value.Glob;
import dev.indelible.value.Value.Known;
import dev.indelible.value.Value.Piece;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Converts a regular expression for whole paths to a pattern that matches at least the same paths:
 * its constant text is kept, everything else becomes {@code **}.
 */
public final class RegexGlob {
  private static final Piece ANYTHING = new Glob("**");

  private final String regex;
  private final List<Piece> pieces = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private int at;

  private RegexGlob(String regex) {
    this.regex = regex;
  }

  /** Returns the pattern; empty if the expression narrows nothing. */
  public static Optional<Value> of(Value regex) {
    return Values.isKnown(regex) ? new RegexGlob(regex.prefix()).read() : Optional.empty();
  }

  private Optional<Value> read() {
    while (at < regex.length()) {
      char c = regex.charAt(at++);
      boolean isEscaped = c == '\\' && at < regex.length();
      if (isEscaped) {
        c = regex.charAt(at++);
      }
      if (c == '|') {
        return Optional.empty();
      } else if (c == '(') {
        skipGroup();
        anything();
      } else if (isEscaped && Character.isLetterOrDigit(c) || c == '.' && !isEscaped) {
        anything();
      } else if (c == '[' && !isEscaped) {
        skipSet();
        anything();
      } else if ("*+?{".indexOf(c) >= 0 && !(isEscaped && c == '*')) {
        repeat(c);
      } else if (isEscaped || c != '^' && c != '$') {
        text.append(c);
      }
    }
    boolean isNarrow = text.length() > 0;
    for (Piece piece : pieces) {
      isNarrow |= piece instanceof Known known && !known.text().equals("/");
    }
    endText();
    return isNarrow ? Optional.of(new Value(pieces)) : Optional.empty();
  }

  /** Replaces a repeated part by {@code **}; in constant text, this is the last character. */
  private void repeat(char sign) {
    if (sign == '{') {
      int close = regex.indexOf('}', at);
      at = close < 0 ? regex.length() : close + 1;
    }
    if (text.length() > 0) {
      text.setLength(text.length() - 1);
    }
    anything();
  }

  private void skipGroup() {
    for (int depth = 1; at < regex.length() && depth > 0; at++) {
      char c = regex.charAt(at);
      if (c == '[') {
        at++;
        skipSet();
        at--;
      }
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
  }

  private void skipSet() {
    at += regex.startsWith("^", at) ? 1 : 0;
    // A closing bracket that comes first is one of the set's characters.
    int close = regex.indexOf(']', at + 1);
    at = close < 0 ? regex.length() : close + 1;
  }

  private void anything() {
    endText();
    if (pieces.isEmpty() || pieces.get(pieces.size() - 1) != ANYTHING) {
      pieces.add(ANYTHING);
    }
  }

  private void endText() {
    if (text.length() > 0) {
      pieces.add(new Known(text.toString()));
      text.setLength(0);
    }
  }
}
