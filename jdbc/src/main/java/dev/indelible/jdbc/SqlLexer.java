// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Cuts SQL into tokens, as a database with these quirks does; comments and white space are left
 * out. Never fails: what is not closed runs to the end of the text.
 */
final class SqlLexer {
  enum Kind {
    WORD,
    QUOTED_NAME,
    STRING,
    NUMBER,
    SYMBOL
  }

  /**
   * A token.
   *
   * @param text words in lower case, names and strings without their quotes
   * @param raw as written, without quotes
   * @param start its first char in the SQL
   * @param end the char after its last
   */
  record Token(Kind kind, String text, String raw, int start, int end) {
    boolean isWord(String word) {
      return kind == Kind.WORD && text.equals(word);
    }

    boolean isWordOf(Set<String> words) {
      return kind == Kind.WORD && words.contains(text);
    }

    boolean isSymbol(char symbol) {
      return kind == Kind.SYMBOL && text.charAt(0) == symbol;
    }
  }

  private final String sql;
  private final Set<Quirk> quirks;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  private SqlLexer(String sql, Set<Quirk> quirks) {
    this.sql = sql;
    this.quirks = quirks;
  }

  static List<Token> tokens(String sql, Set<Quirk> quirks) {
    SqlLexer lexer = new SqlLexer(sql, quirks);
    while (lexer.at < sql.length()) {
      if (!lexer.skipBlank()) {
        lexer.take();
      }
    }
    return lexer.tokens;
  }

  private boolean skipBlank() {
    char c = sql.charAt(at);
    if (Character.isWhitespace(c) || Character.isSpaceChar(c)) {
      at++;
    } else if (startsLineComment()) {
      skipLine();
    } else if (sql.startsWith("/*", at)) {
      skipBlockOrOpenIt();
    } else if (sql.startsWith("*/", at) && quirks.contains(Quirk.EXECUTABLE_COMMENTS)) {
      at += 2;
    } else {
      return false;
    }
    return true;
  }

  private boolean startsLineComment() {
    if (sql.charAt(at) == '#') {
      return quirks.contains(Quirk.HASH_COMMENTS);
    }
    return sql.startsWith("--", at)
        && (!quirks.contains(Quirk.DASHES_NEED_SPACE)
            || at + 2 == sql.length()
            || sql.charAt(at + 2) <= ' '
            || sql.charAt(at + 2) == 0x7f);
  }

  private void skipLine() {
    boolean returnEnds = quirks.contains(Quirk.RETURN_ENDS_COMMENT);
    while (at < sql.length() && sql.charAt(at) != '\n' && !(returnEnds && sql.charAt(at) == '\r')) {
      at++;
    }
  }

  private void skipBlockOrOpenIt() {
    int mark = sql.startsWith("/*M!", at) ? 4 : sql.startsWith("/*!", at) ? 3 : 0;
    if (mark > 0 && quirks.contains(Quirk.EXECUTABLE_COMMENTS)) {
      at += mark;
      skipDigits();
    } else {
      skipBlock();
    }
  }

  private void skipBlock() {
    boolean nests = quirks.contains(Quirk.NESTED_COMMENTS);
    int depth = 0;
    do {
      if (sql.startsWith("/*", at) && (nests || depth == 0)) {
        depth++;
        at += 2;
      } else if (sql.startsWith("*/", at)) {
        depth--;
        at += 2;
      } else {
        at++;
      }
    } while (depth > 0 && at < sql.length());
  }

  private void take() {
    char c = sql.charAt(at);
    if (c == '\'') {
      takeQuoted(Kind.STRING, '\'', escapesInString());
    } else if (c == '"') {
      takeQuoted(Kind.QUOTED_NAME, '"', quirks.contains(Quirk.DOUBLE_QUOTE_ESCAPES));
    } else if (c == '`') {
      takeQuoted(Kind.QUOTED_NAME, '`', false);
    } else if (c == '[' && quirks.contains(Quirk.BRACKET_NAMES)) {
      takeQuoted(Kind.QUOTED_NAME, ']', false);
    } else if (c == '$' && quirks.contains(Quirk.DOLLAR_QUOTES) && dollarTagEnd() > 0) {
      takeDollarQuoted();
    } else if (isDigit(c)) {
      takeNumber();
    } else if (isWordStart(c)) {
      takeWord();
    } else {
      int start = at++;
      add(Kind.SYMBOL, sql.substring(start, at), start);
    }
  }

  private boolean escapesInString() {
    if (quirks.contains(Quirk.STRING_ESCAPES)) {
      return true;
    }
    return quirks.contains(Quirk.E_STRING_ESCAPES)
        && !tokens.isEmpty()
        && tokens.get(tokens.size() - 1).isWord("e")
        && tokens.get(tokens.size() - 1).end() == at;
  }

  /** Takes text up to a closing quote; a doubled one stands for itself. */
  private void takeQuoted(Kind kind, char close, boolean escapes) {
    int start = at++;
    StringBuilder text = new StringBuilder();
    while (at < sql.length()) {
      char c = sql.charAt(at++);
      boolean another = at < sql.length();
      if (c == '\\' && escapes && another) {
        c = sql.charAt(at++);
      } else if (c == close) {
        if (!another || sql.charAt(at) != close) {
          break;
        }
        at++;
      }
      text.append(c);
    }
    add(kind, text.toString(), start);
  }

  /** The char after the opening {@code $tag$}, or 0 if none opens here. */
  private int dollarTagEnd() {
    int end = at + 1;
    while (end < sql.length() && sql.charAt(end) != '$' && isWordPart(sql.charAt(end))) {
      end++;
    }
    boolean closed = end < sql.length() && sql.charAt(end) == '$';
    return closed && !isDigit(sql.charAt(at + 1)) ? end + 1 : 0;
  }

  private void takeDollarQuoted() {
    int start = at;
    int body = dollarTagEnd();
    String tag = sql.substring(start, body);
    int close = sql.indexOf(tag, body);
    int bodyEnd = close < 0 ? sql.length() : close;
    at = close < 0 ? sql.length() : close + tag.length();
    add(Kind.STRING, sql.substring(body, bodyEnd), start);
  }

  /** Digits only: {@code 1DELETE} is a number and a keyword to some. */
  private void takeNumber() {
    int start = at;
    skipDigits();
    if (at < sql.length() && sql.charAt(at) == '.') {
      at++;
      skipDigits();
    }
    add(Kind.NUMBER, sql.substring(start, at), start);
  }

  private void takeWord() {
    int start = at;
    while (at < sql.length() && isWordPart(sql.charAt(at))) {
      at++;
    }
    add(Kind.WORD, sql.substring(start, at), start);
  }

  private void add(Kind kind, String raw, int start) {
    String text = kind == Kind.WORD ? raw.toLowerCase(Locale.ROOT) : raw;
    tokens.add(new Token(kind, text, raw, start, at));
  }

  private void skipDigits() {
    while (at < sql.length() && isDigit(sql.charAt(at))) {
      at++;
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isWordStart(char c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c == '_'
        || c >= 0x80 && !Character.isSpaceChar(c) && !Character.isWhitespace(c);
  }

  private static boolean isWordPart(char c) {
    return isWordStart(c) || isDigit(c) || c == '$';
  }
}
