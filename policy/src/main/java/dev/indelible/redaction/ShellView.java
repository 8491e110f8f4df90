// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A shell command without its quotes, with the place of each character in the command. It makes a
 * secret visible that is quoted in parts ({@code 'ab''cd'}), and separates the words.
 *
 * <p>Reads quotes and backslashes only. A here-document is read as words.
 *
 * @param text the characters of the words; {@link #BREAK} stands for everything that separates
 *     words, {@link #EXPANSION} for a sign that begins an expansion
 * @param places the index of each character of {@code text} in the command, and the command's
 *     length at the end
 * @param quotes the quote that is open before each character of the command, and at its end; 0
 *     outside quotes
 */
record ShellView(String text, int[] places, char[] quotes) {
  /** Separates words. */
  static final char BREAK = '\u0001';

  /** Begins an expansion, outside single quotes. */
  static final char EXPANSION = '\u0002';

  /** A word of the command, as a range of {@link #text}. */
  record Word(int start, int end) {}

  static ShellView of(String command) {
    int length = command.length();
    StringBuilder text = new StringBuilder(length);
    int[] places = new int[length + 1];
    char[] quotes = new char[length + 1];
    char quote = 0;
    for (int i = 0; i < length; i++) {
      quotes[i] = quote;
      char c = command.charAt(i);
      boolean isEscape = c == '\\' && quote != '\'' && i + 1 < length;
      if (isEscape && (quote == 0 || "\"\\$`\n".indexOf(command.charAt(i + 1)) >= 0)) {
        i++;
        quotes[i] = quote;
        if (command.charAt(i) != '\n') {
          places[text.length()] = i;
          text.append(command.charAt(i));
        }
      } else if (c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
      } else {
        places[text.length()] = i;
        text.append(shown(command, i, quote));
      }
    }
    quotes[length] = quote;
    places[text.length()] = length;
    return new ShellView(text.toString(), places, quotes);
  }

  /** Returns the view of separate arguments, joined by {@link #BREAK}; nothing in them expands. */
  static ShellView ofArguments(List<String> arguments) {
    String text = String.join(String.valueOf(BREAK), arguments);
    int[] places = new int[text.length() + 1];
    for (int i = 0; i <= text.length(); i++) {
      places[i] = i;
    }
    return new ShellView(text, places, new char[text.length() + 1]);
  }

  private static char shown(String command, int at, char quote) {
    char c = command.charAt(at);
    if (quote == 0 && " \t\n;|&()<>".indexOf(c) >= 0) {
      return BREAK;
    }
    boolean expands = quote != '\'' && (c == '`' || c == '$' && beginsExpansion(command, at + 1));
    return expands ? EXPANSION : c;
  }

  private static boolean beginsExpansion(String command, int at) {
    return at < command.length()
        && (Character.isLetterOrDigit(command.charAt(at))
            || "_{(@*#?".indexOf(command.charAt(at)) >= 0);
  }

  /** Returns the words, in order. */
  List<Word> words() {
    List<Word> words = new ArrayList<>();
    int start = 0;
    while (start < text.length()) {
      int end = text.indexOf(BREAK, start);
      end = end < 0 ? text.length() : end;
      if (end > start) {
        words.add(new Word(start, end));
      }
      start = end + 1;
    }
    return words;
  }

  /** Returns true if the command goes on to another command between two words. */
  boolean endsCommand(String command, Word word, Word next) {
    for (int i = places[word.end()]; i < places[next.start()]; i++) {
      if (quotes[i] == 0 && ";|&\n()".indexOf(command.charAt(i)) >= 0) {
        return true;
      }
    }
    return false;
  }

  /** Returns true if the output of the command of a word goes to that of the next word. */
  boolean isPiped(String command, Word word, Word next) {
    String between = between(command, word, next);
    return between.indexOf('|') >= 0 && between.indexOf("||") < 0 && between.indexOf(';') < 0;
  }

  /** Returns true if a word is the input of the command. */
  boolean isHereString(String command, Word word, Word next) {
    return between(command, word, next).contains("<<<");
  }

  private String between(String command, Word word, Word next) {
    return command.substring(places[word.end()], places[next.start()]);
  }

  /** Returns the place in the command of something found in the view. */
  Found placed(Found found) {
    return new Found(
        places[found.start()], places[found.end() - 1] + 1, found.detector(), found.isNamed());
  }

  /** Returns a range of the command without quotes and backslashes, as the shell reads it. */
  String unquoted(String command, Found found) {
    int at = Arrays.binarySearch(places, 0, text.length(), found.start());
    StringBuilder out = new StringBuilder();
    for (int i = at < 0 ? -at - 1 : at; i < text.length() && places[i] < found.end(); i++) {
      out.append(command.charAt(places[i]));
    }
    return out.toString();
  }

  /**
   * Returns the quotes to write after a marker that replaces a range of the command, so that what
   * follows is quoted as before.
   */
  String requote(int start, int end) {
    char before = quotes[start];
    char after = quotes[end];
    if (before == after) {
      return "";
    }
    return (before == 0 ? "" : String.valueOf(before)) + (after == 0 ? "" : String.valueOf(after));
  }
}
