// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import dev.indelible.value.Value.Glob;
import dev.indelible.value.Value.Known;
import dev.indelible.value.Value.Piece;
import dev.indelible.value.Value.Unknown;
import java.util.ArrayList;
import java.util.List;

/** Parses command lines and prints uses, in the notation of the tests in the program table. */
final class Lines {
  private Lines() {}

  /**
   * Returns the arguments of a line. Quotes group words, {@code $X} is unknown, a leading {@code ~}
   * is the home directory, and {@code *} and {@code ?} outside quotes are globs.
   */
  static List<Value> argv(String line) {
    List<Value> argv = new ArrayList<>();
    List<Piece> pieces = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    boolean inWord = false;
    char quote = 0;
    for (int i = 0; i <= line.length(); i++) {
      char c = i < line.length() ? line.charAt(i) : ' ';
      if (quote == 0 && c == ' ' || i == line.length()) {
        if (inWord) {
          pieces.add(new Known(text.toString()));
          argv.add(new Value(pieces));
        }
        pieces = new ArrayList<>();
        text.setLength(0);
        inWord = false;
        continue;
      }
      boolean starts = !inWord;
      inWord = true;
      if (quote != 0 && c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
      } else if (quote != '\'' && c == '$' && Character.isLetter(line.charAt(i + 1))) {
        int end = i + 1;
        while (end < line.length() && Character.isLetterOrDigit(line.charAt(end))) {
          end++;
        }
        pieces.add(new Known(text.toString()));
        text.setLength(0);
        pieces.add(new Unknown(Origin.VARIABLE, line.substring(i + 1, end)));
        i = end - 1;
      } else if (quote == 0 && starts && c == '~') {
        pieces.add(new Unknown(Origin.HOME, ""));
      } else if (quote == 0 && (c == '*' || c == '?')) {
        pieces.add(new Known(text.toString()));
        text.setLength(0);
        pieces.add(new Glob(String.valueOf(c)));
      } else {
        text.append(c);
      }
    }
    return argv;
  }

  /** Returns a use in the notation of the table. */
  static String display(Use use) {
    StringBuilder out = new StringBuilder();
    out.append(use.isDetour() ? "detour " : "").append(use.isRecursive() ? "recursive " : "");
    out.append(TableReader.key(use.role()));
    for (Value argument : use.arguments()) {
      String text = argument.display().replace("\n", "\\n");
      boolean isPlain = !text.isEmpty() && text.indexOf(' ') < 0;
      out.append(' ').append(isPlain ? text : "'" + text + "'");
    }
    return out.append(use.detail().isEmpty() ? "" : " (" + use.detail() + ")").toString();
  }
}
