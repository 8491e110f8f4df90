// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * A compiled glob of one name: {@code *}, {@code ?} and {@code [a-z]}; everything else matches
 * itself.
 *
 * <p>The time of a match is at most the length of the glob times the length of the name.
 *
 * <p>Immutable.
 */
final class NameGlob {
  /** Any number of characters. */
  private static final int STAR = -1;

  /** One character. */
  private static final int ONE = -2;

  /** Tokens below are classes: the first is at {@code CLASS}, the next at {@code CLASS - 1}. */
  private static final int CLASS = -3;

  private final int[] tokens;
  private final List<CharClass> classes;
  private final boolean sparesDotFiles;

  private NameGlob(int[] tokens, List<CharClass> classes, boolean sparesDotFiles) {
    this.tokens = tokens;
    this.classes = List.copyOf(classes);
    this.sparesDotFiles = sparesDotFiles;
  }

  /**
   * A bracket expression.
   *
   * @param ranges pairs of a first and a last character
   */
  private record CharClass(String ranges, boolean isNegated) {
    boolean has(int c) {
      boolean found = false;
      for (int i = 0; i < ranges.length(); i += 2) {
        found |= within(c, i) || within(Character.toUpperCase(c), i);
      }
      return found != isNegated;
    }

    private boolean within(int c, int i) {
      return c >= ranges.charAt(i) && c <= ranges.charAt(i + 1);
    }
  }

  /** Collects the tokens of a glob from left to right. */
  static final class Builder {
    private int[] tokens = new int[16];
    private int size;
    private List<CharClass> classes = List.of();
    private final boolean isFolded;

    /**
     * Starts an empty glob.
     *
     * @param isFolded true if it matches folded names
     */
    Builder(boolean isFolded) {
      this.isFolded = isFolded;
    }

    private void add(int token) {
      if (size == tokens.length) {
        tokens = Arrays.copyOf(tokens, 2 * size);
      }
      tokens[size++] = token;
    }

    Builder literal(String text) {
      String name = isFolded ? Folding.fold(text) : text;
      for (int i = 0; i < name.length(); i++) {
        add(name.charAt(i));
      }
      return this;
    }

    Builder literal(char c) {
      if (isFolded && !Folding.isFolded(c)) {
        return literal(String.valueOf(c));
      }
      add(c);
      return this;
    }

    Builder star() {
      if (size == 0 || tokens[size - 1] != STAR) {
        add(STAR);
      }
      return this;
    }

    /** Adds a glob in the shell's syntax; an extended glob of alternatives matches any text. */
    Builder glob(String glob) {
      for (int i = 0; i < glob.length(); i++) {
        char c = glob.charAt(i);
        if ("?*+@!".indexOf(c) >= 0 && i + 1 < glob.length() && glob.charAt(i + 1) == '(') {
          star();
          int end = glob.lastIndexOf(')');
          i = end < i ? glob.length() : end;
        } else if (c == '*') {
          star();
        } else if (c == '?') {
          add(ONE);
        } else if (c == '[') {
          int end = closingBracket(glob, i);
          if (end < 0) {
            literal('[');
          } else {
            bracket(glob.substring(i + 1, end));
            i = end;
          }
        } else {
          literal(c);
        }
      }
      return this;
    }

    private static int closingBracket(String glob, int open) {
      int first = open + 1;
      if (first < glob.length() && "!^".indexOf(glob.charAt(first)) >= 0) {
        first++;
      }
      int from = first;
      while (from < glob.length()) {
        int named = glob.indexOf("[:", from);
        int end = glob.indexOf(']', from == first ? first + 1 : from);
        if (named < 0 || named > end) {
          return end;
        }
        int namedEnd = glob.indexOf(":]", named + 2);
        if (namedEnd < 0) {
          return end;
        }
        from = namedEnd + 2;
      }
      return -1;
    }

    private void bracket(String content) {
      boolean isNegated = content.startsWith("!") || content.startsWith("^");
      String members = isNegated ? content.substring(1) : content;
      if (members.contains("[:")) {
        // A named class, for example [:alpha:]: its members depend on the locale.
        add(ONE);
        return;
      }
      StringBuilder ranges = new StringBuilder();
      for (int i = 0; i < members.length(); i++) {
        char first = members.charAt(i);
        boolean isRange = i + 2 < members.length() && members.charAt(i + 1) == '-';
        ranges.append(first).append(isRange ? members.charAt(i + 2) : first);
        i += isRange ? 2 : 0;
      }
      classes = classes.isEmpty() ? new ArrayList<>(2) : classes;
      classes.add(new CharClass(ranges.toString(), isNegated));
      add(CLASS - (classes.size() - 1));
    }

    /**
     * Returns the glob.
     *
     * @param sparesDotFiles true if a wildcard at its start does not match a dot, as in a shell
     */
    NameGlob build(boolean sparesDotFiles) {
      int[] all = Arrays.copyOf(tokens, size);
      boolean spares = sparesDotFiles && all.length > 0 && all[0] < 0;
      return new NameGlob(all, classes, spares);
    }
  }

  /** Returns the text with which every matching name begins. */
  String beginning() {
    int length = 0;
    while (length < tokens.length && tokens[length] >= 0) {
      length++;
    }
    return length == 0 ? "" : new String(tokens, 0, length);
  }

  /** Returns the text that every matching name has from its last dot on; empty if it is unknown. */
  String ending() {
    int from = tokens.length - 1;
    while (from >= 0 && tokens[from] >= 0 && tokens[from] != '.') {
      from--;
    }
    return from >= 0 && tokens[from] == '.' ? new String(tokens, from, tokens.length - from) : "";
  }

  /** Returns the text of a name from its last dot on; empty if it has no dot. */
  static String ending(String name) {
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(dot);
  }

  /** Returns true if the whole name matches. */
  boolean matches(String name) {
    if (sparesDotFiles && name.startsWith(".") || !mayMatch(name)) {
      return false;
    }
    int at = 0;
    int token = 0;
    int star = -1;
    int retry = 0;
    while (at < name.length()) {
      if (token < tokens.length && tokens[token] == STAR) {
        star = token++;
        retry = at;
      } else if (token < tokens.length && accepts(tokens[token], name.charAt(at))) {
        token++;
        at++;
      } else if (star >= 0) {
        token = star + 1;
        at = ++retry;
      } else {
        return false;
      }
    }
    while (token < tokens.length && tokens[token] == STAR) {
      token++;
    }
    return token == tokens.length;
  }

  /** Returns false for most names that do not match, after a comparison of two characters. */
  private boolean mayMatch(String name) {
    int last = tokens.length - 1;
    if (last < 0 || name.isEmpty()) {
      return true;
    }
    return (tokens[0] < 0 || tokens[0] == name.charAt(0))
        && (tokens[last] < 0 || tokens[last] == name.charAt(name.length() - 1));
  }

  private boolean accepts(int token, char c) {
    return token == c || token == ONE || token <= CLASS && classes.get(CLASS - token).has(c);
  }

  /** Returns true if every name matches. */
  boolean matchesAll() {
    return tokens.length == 1 && tokens[0] == STAR;
  }

  /** Returns true if it matches nearly everything in a directory, for example {@code .*}. */
  boolean isWide() {
    boolean hasStar = false;
    for (int token : tokens) {
      hasStar |= token == STAR;
      if (token >= 0 && token != '.') {
        return false;
      }
    }
    return hasStar;
  }

  /** Returns true if it has a star and begins with a wildcard, for example {@code *.yml}. */
  boolean isBroad() {
    boolean hasStar = false;
    for (int token : tokens) {
      hasStar |= token == STAR;
    }
    return hasStar && tokens[0] < 0;
  }

  /** Returns true if every name that matches the other glob certainly matches this one. */
  boolean covers(NameGlob other) {
    if (matchesAll()) {
      return true;
    }
    int last = tokens.length - 1;
    if (tokens.length > 1 && tokens[0] == STAR && isLiteral(1, last)) {
      return other.endsWith(tokens, 1);
    }
    if (tokens.length > 1 && tokens[last] == STAR && isLiteral(0, last - 1)) {
      return other.startsWith(tokens, last);
    }
    return isSame(other);
  }

  /** Returns true if both have the same text. */
  boolean isSame(NameGlob other) {
    return Arrays.equals(tokens, other.tokens) && classes.equals(other.classes);
  }

  private boolean isLiteral(int first, int last) {
    for (int i = first; i <= last; i++) {
      if (tokens[i] < 0) {
        return false;
      }
    }
    return true;
  }

  private boolean endsWith(int[] literal, int from) {
    int length = literal.length - from;
    return tokens.length >= length
        && Arrays.equals(
            tokens, tokens.length - length, tokens.length, literal, from, from + length);
  }

  private boolean startsWith(int[] literal, int length) {
    return tokens.length >= length && Arrays.equals(tokens, 0, length, literal, 0, length);
  }

  /** Returns true if there is a name that matches both. */
  boolean intersects(NameGlob other) {
    int width = other.tokens.length + 1;
    BitSet seen = new BitSet();
    int[] stack = new int[(tokens.length + 1) * width];
    int size = 0;
    if (sparesDotFiles && other.tokens.length > 0 && other.tokens[0] == '.'
        || other.sparesDotFiles && tokens.length > 0 && tokens[0] == '.') {
      return false;
    }
    stack[size++] = 0;
    seen.set(0);
    while (size > 0) {
      int state = stack[--size];
      int mine = state / width;
      int theirs = state % width;
      if (mine == tokens.length && theirs == other.tokens.length) {
        return true;
      }
      boolean isMyStar = mine < tokens.length && tokens[mine] == STAR;
      boolean isTheirStar = theirs < other.tokens.length && other.tokens[theirs] == STAR;
      if (isMyStar) {
        size = push(stack, size, seen, (mine + 1) * width + theirs);
        if (theirs < other.tokens.length) {
          size = push(stack, size, seen, mine * width + theirs + 1);
        }
      }
      if (isTheirStar) {
        size = push(stack, size, seen, mine * width + theirs + 1);
        if (mine < tokens.length) {
          size = push(stack, size, seen, (mine + 1) * width + theirs);
        }
      }
      if (!isMyStar
          && !isTheirStar
          && mine < tokens.length
          && theirs < other.tokens.length
          && mayBeEqual(tokens[mine], other, other.tokens[theirs])) {
        size = push(stack, size, seen, (mine + 1) * width + theirs + 1);
      }
    }
    return false;
  }

  private static int push(int[] stack, int size, BitSet seen, int state) {
    if (seen.get(state)) {
      return size;
    }
    seen.set(state);
    stack[size] = state;
    return size + 1;
  }

  private boolean mayBeEqual(int mine, NameGlob other, int theirs) {
    if (mine >= 0) {
      return other.accepts(theirs, (char) mine);
    }
    // Two wildcards or classes count as equal, without a check.
    return theirs < 0 || accepts(mine, (char) theirs);
  }
}
