// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import dev.indelible.jdbc.SqlLexer.Kind;
import dev.indelible.jdbc.SqlLexer.Token;
import java.util.List;
import java.util.Set;

/**
 * The tokens of one statement. A position outside the statement has no token and matches nothing.
 */
record SqlStatement(List<Token> tokens) {
  /**
   * Words that cannot name a table. After a keyword they show that the keyword is a column name or
   * part of a clause.
   */
  private static final Set<String> NO_NAMES =
      words(
          "set of on or and values default select when where returning end as is in like order"
              + " group having union then else asc desc not null");

  /**
   * A name of one or more parts.
   *
   * @param text the name as written but without quotes; empty if there is none
   * @param end the position after the name
   */
  record Name(String text, int end) {}

  /** Returns the set of space-separated words in a text. */
  static Set<String> words(String words) {
    return Set.of(words.split(" "));
  }

  int size() {
    return tokens.size();
  }

  Token get(int at) {
    return tokens.get(at);
  }

  boolean has(int at) {
    return at >= 0 && at < tokens.size();
  }

  boolean isWord(int at, String word) {
    return has(at) && tokens.get(at).isWord(word);
  }

  boolean isWordOf(int at, Set<String> words) {
    return has(at) && tokens.get(at).isWordOf(words);
  }

  boolean isSymbol(int at, char symbol) {
    return has(at) && tokens.get(at).isSymbol(symbol);
  }

  boolean isOfKind(int at, Kind kind) {
    return has(at) && tokens.get(at).kind() == kind;
  }

  /** Returns true if an unquoted word or a quoted name is here. */
  boolean isIdentifier(int at) {
    return isOfKind(at, Kind.WORD) || isOfKind(at, Kind.QUOTED_NAME);
  }

  /** Returns true if the name of a table can begin here. */
  boolean startsName(int at) {
    return isOfKind(at, Kind.QUOTED_NAME) || isOfKind(at, Kind.WORD) && !isWordOf(at, NO_NAMES);
  }

  /** Returns the position of the first of these words, or {@code end}. */
  int indexOf(Set<String> words, int from, int end) {
    int at = from;
    while (at < end && !isWordOf(at, words)) {
      at++;
    }
    return at;
  }

  /** Returns the first position that is not an opening parenthesis. */
  int afterOpening(int from) {
    int at = from;
    while (isSymbol(at, '(')) {
      at++;
    }
    return at;
  }

  /** Returns the position after the matching closing parenthesis. */
  int afterParentheses(int open) {
    int depth = 0;
    int at = open;
    do {
      depth += isSymbol(at, '(') ? 1 : isSymbol(at, ')') ? -1 : 0;
      at++;
    } while (depth > 0 && at < tokens.size());
    return at;
  }

  /** Reads the name that begins here, with its schema if it has one. */
  Name name(int start) {
    StringBuilder name = new StringBuilder();
    int at = start;
    while (isSymbol(at, '@') || isSymbol(at, '#')) {
      name.append(tokens.get(at++).raw());
    }
    if (has(at) && tokens.get(at).isName()) {
      name.append(tokens.get(at++).raw());
      while (isSymbol(at, '.')) {
        name.append('.');
        at++;
        if (has(at) && !isOfKind(at, Kind.SYMBOL)) {
          name.append(tokens.get(at++).raw());
        }
      }
    }
    return new Name(name.toString(), Math.min(at, tokens.size()));
  }

  /** Returns the statement in the form that the patterns of {@link Dialect} expect. */
  String shape() {
    StringBuilder shape = new StringBuilder();
    for (Token token : tokens) {
      shape.append(shape.isEmpty() ? "" : " ");
      switch (token.kind()) {
        case QUOTED_NAME -> shape.append('"');
        case STRING -> shape.append('\'');
        case NUMBER -> shape.append('0');
        default -> shape.append(token.text());
      }
    }
    return shape.toString();
  }
}
