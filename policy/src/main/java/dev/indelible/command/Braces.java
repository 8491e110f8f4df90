// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.shell.Word;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Brace expansion (bash manual 3.5.1): expands one word to several, before any other expansion. */
final class Braces {
  private static final int MAX_WORDS = 2_000;

  /**
   * Base of the symbols for parts that are not unquoted text. The symbol of a part is this number
   * plus the index of the part.
   */
  private static final int PART = 1 << 20;

  private final List<Word.Part> parts;
  private final Budget budget;

  private Braces(List<Word.Part> parts, Budget budget) {
    this.parts = parts;
    this.budget = budget;
  }

  /** Returns true if a word may have a brace expansion. */
  static boolean isIn(Word word) {
    boolean opens = false;
    boolean separates = false;
    for (int i = 0; i < word.parts().size(); i++) {
      String text = text(word.parts().get(i));
      opens |= text.indexOf('{') >= 0;
      separates |= text.indexOf(',') >= 0 || text.indexOf('.') >= 0;
    }
    return opens && separates;
  }

  /** Returns the words to which a word expands, in order. */
  static List<Word> expand(Word word, Budget budget) {
    Braces braces = new Braces(word.parts(), budget);
    List<Word> words = new ArrayList<>();
    for (int[] each : braces.expand(braces.symbols())) {
      words.add(braces.word(each));
    }
    return words;
  }

  /**
   * Returns the word as symbols: each character of unquoted text, and one number for each other
   * part. The numbers are larger than all characters.
   */
  private int[] symbols() {
    int[] symbols = new int[parts.size()];
    int size = 0;
    for (int i = 0; i < parts.size(); i++) {
      String text = text(parts.get(i));
      symbols = Arrays.copyOf(symbols, symbols.length + text.length());
      for (int k = 0; k < text.length(); k++) {
        symbols[size++] = text.charAt(k);
      }
      if (text.isEmpty()) {
        symbols[size++] = PART + i;
      }
    }
    return Arrays.copyOf(symbols, size);
  }

  /**
   * Returns the text of an unquoted literal; empty for other parts, in which braces have no
   * meaning.
   */
  private static String text(Word.Part part) {
    return part instanceof Word.Literal literal && !literal.isQuoted() ? literal.text() : "";
  }

  private Word word(int[] symbols) {
    List<Word.Part> all = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (int symbol : symbols) {
      if (symbol < PART) {
        text.append((char) symbol);
        continue;
      }
      if (text.length() > 0) {
        all.add(new Word.Literal(text.toString(), false));
        text.setLength(0);
      }
      all.add(parts.get(symbol - PART));
    }
    if (text.length() > 0) {
      all.add(new Word.Literal(text.toString(), false));
    }
    return new Word(all);
  }

  private List<int[]> expand(int[] symbols) {
    budget.enter();
    budget.text(symbols.length);
    List<int[]> result = expandFirst(symbols);
    budget.leave();
    return result;
  }

  private List<int[]> expandFirst(int[] symbols) {
    int[] closings = closings(symbols);
    for (int open = 0; open < symbols.length; open++) {
      if (symbols[open] != '{') {
        continue;
      }
      int close = closings[open];
      if (close < 0) {
        continue;
      }
      List<int[]> inner = inner(symbols, open, close);
      if (inner.isEmpty()) {
        continue;
      }
      List<int[]> rest = expand(slice(symbols, close + 1, symbols.length));
      List<int[]> all = new ArrayList<>();
      for (int[] middle : inner) {
        for (int[] tail : rest) {
          if (all.size() >= MAX_WORDS) {
            throw new Budget.ExceededException(
                "expands braces to more than " + MAX_WORDS + " words");
          }
          budget.text(open + middle.length + tail.length);
          all.add(joined(slice(symbols, 0, open), middle, tail));
        }
      }
      return all;
    }
    return List.of(symbols);
  }

  /** Returns the offset of the closing brace of each opening brace; -1 if there is none. */
  private static int[] closings(int[] symbols) {
    int[] closings = new int[symbols.length];
    int[] open = new int[symbols.length];
    int depth = 0;
    for (int i = 0; i < symbols.length; i++) {
      closings[i] = -1;
      if (symbols[i] == '{') {
        open[depth++] = i;
      } else if (symbols[i] == '}' && depth > 0) {
        closings[open[--depth]] = i;
      }
    }
    return closings;
  }

  /** Returns the expansions of a pair of braces; empty if the braces are text. */
  private List<int[]> inner(int[] symbols, int open, int close) {
    List<int[]> all = new ArrayList<>();
    int depth = 0;
    int start = open + 1;
    boolean hasComma = false;
    for (int i = open + 1; i <= close; i++) {
      if (i == close || depth == 0 && symbols[i] == ',') {
        hasComma |= i < close;
        if (i < close || hasComma) {
          all.addAll(expand(slice(symbols, start, i)));
        }
        start = i + 1;
      } else {
        depth += symbols[i] == '{' ? 1 : 0;
        depth -= symbols[i] == '}' ? 1 : 0;
      }
    }
    return hasComma ? all : sequence(slice(symbols, open + 1, close));
  }

  /**
   * Returns the members of a sequence such as {@code 1..9} or {@code a..e}; empty if the text is
   * not a sequence.
   */
  private static List<int[]> sequence(int[] symbols) {
    StringBuilder text = new StringBuilder();
    for (int symbol : symbols) {
      if (symbol >= PART) {
        return List.of();
      }
      text.append((char) symbol);
    }
    int dots = text.indexOf("..");
    if (dots <= 0) {
      return List.of();
    }
    String from = text.substring(0, dots);
    String to = text.substring(dots + 2);
    long step = 1;
    int more = to.indexOf("..");
    if (more > 0) {
      Long given = number(to.substring(more + 2));
      if (given == null) {
        return List.of();
      }
      step = Math.max(1, Math.abs(given));
      to = to.substring(0, more);
    }
    Long first = number(from);
    Long last = number(to);
    if (first != null && last != null) {
      boolean isPadded = isPadded(from) || isPadded(to);
      return members(first, last, step, isPadded ? Math.max(from.length(), to.length()) : 0);
    }
    if (from.length() == 1 && to.length() == 1 && isLetter(from) && isLetter(to)) {
      return members(from.charAt(0), to.charAt(0), step, -1);
    }
    return List.of();
  }

  private static boolean isLetter(String text) {
    char c = text.charAt(0);
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }

  private static boolean isPadded(String number) {
    return number.length() > 1 && number.charAt(number.charAt(0) == '-' ? 1 : 0) == '0';
  }

  private static Long number(String text) {
    if (text.isEmpty() || text.length() > 10) {
      return null;
    }
    for (int i = text.charAt(0) == '-' && text.length() > 1 ? 1 : 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return null;
      }
    }
    return Long.valueOf(text);
  }

  /**
   * Returns the members of a sequence.
   *
   * @param width the width to which zeros pad each number; 0 for no padding, -1 for letters
   */
  private static List<int[]> members(long first, long last, long step, int width) {
    List<int[]> all = new ArrayList<>();
    boolean isUp = first <= last;
    for (long i = first; isUp ? i <= last : i >= last; i += isUp ? step : -step) {
      if (all.size() >= MAX_WORDS) {
        // More members than these add nothing new.
        break;
      }
      String text = width < 0 ? String.valueOf((char) i) : Long.toString(Math.abs(i));
      int zeros = Math.max(0, width - text.length() - (i < 0 ? 1 : 0));
      all.add(((i < 0 ? "-" : "") + "0".repeat(zeros) + text).chars().toArray());
    }
    return all;
  }

  private static int[] slice(int[] symbols, int from, int to) {
    return Arrays.copyOfRange(symbols, from, to);
  }

  private static int[] joined(int[] one, int[] two, int[] three) {
    int[] all = Arrays.copyOf(one, one.length + two.length + three.length);
    System.arraycopy(two, 0, all, one.length, two.length);
    System.arraycopy(three, 0, all, one.length + two.length, three.length);
    return all;
  }
}
