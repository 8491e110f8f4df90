// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

/**
 * A text and a position in it. Bash joins two lines at a backslash before a newline, except in
 * single quotes, so {@link #peek} skips both characters.
 */
final class Source {
  /** The end of the text. */
  static final int END = -1;

  final String text;
  final Budget budget;

  /** The offset of the next character. */
  int position;

  Source(String text, Budget budget) {
    this.text = text;
    this.budget = budget;
  }

  /** Returns the next character after joining lines, or {@link #END}. */
  int peek() {
    position = joined(position);
    return position < text.length() ? text.charAt(position) : END;
  }

  /** Returns the offset of the next character at or after an offset, after joining lines. */
  private int joined(int offset) {
    int at = offset;
    while (at < text.length() && text.charAt(at) == '\\' && text.startsWith("\n", at + 1)) {
      at += 2;
    }
    return at;
  }

  /** Returns the character {@code ahead} positions further after joining lines, or {@link #END}. */
  int peek(int ahead) {
    peek();
    int at = position;
    for (int i = 0; i < ahead; i++) {
      at = joined(at + 1);
    }
    return at < text.length() ? text.charAt(at) : END;
  }

  /** Skips {@code count} characters after joining lines. */
  void skip(int count) {
    for (int i = 0; i < count; i++) {
      peek();
      position++;
    }
  }

  /** Returns true if the text continues with these characters, after joining lines. */
  boolean isAt(String expected) {
    for (int i = 0; i < expected.length(); i++) {
      if (peek(i) != expected.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Skips these characters and returns true, if they come next. */
  boolean accept(String expected) {
    boolean found = isAt(expected);
    if (found) {
      skip(expected.length());
    }
    return found;
  }

  void expect(String expected) throws ShellSyntaxException {
    if (!accept(expected)) {
      throw unexpected("'" + expected + "' is expected");
    }
  }

  ShellSyntaxException unexpected(String expectation) {
    int next = peek();
    String found = next == END ? "the end of the text" : "'" + (char) next + "'";
    return error(
        next == '\n'
            ? expectation + " before the end of the line"
            : found + " found where " + expectation);
  }

  ShellSyntaxException error(String message) {
    long line =
        1
            + text.substring(0, Math.min(position, text.length()))
                .chars()
                .filter(c -> c == '\n')
                .count();
    return new ShellSyntaxException("line %s: %s".formatted(line, message), position, false);
  }

  /** The limits that all texts within one script share. */
  static final class Budget {
    private static final int MAX_DEPTH = 200;
    private static final int MAX_NODES = 50_000;

    private int depth;
    private int nodes;

    /** Counts a node of the tree. */
    void node(int position) throws ShellSyntaxException {
      if (++nodes > MAX_NODES) {
        throw new ShellSyntaxException("more than %s parts".formatted(MAX_NODES), position, true);
      }
    }

    /** Enters a nested construct. */
    void enter(int position) throws ShellSyntaxException {
      if (++depth > MAX_DEPTH) {
        throw new ShellSyntaxException(
            "nested more than %s levels deep".formatted(MAX_DEPTH), position, true);
      }
    }

    void leave() {
      depth--;
    }
  }
}
