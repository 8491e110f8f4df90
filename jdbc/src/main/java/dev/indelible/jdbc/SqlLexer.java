// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits SQL into tokens as a database with these quirks does, and drops comments and white space.
 * Never fails: an open quote or comment extends to the end of the text and makes the reading
 * {@linkplain Reading#certain uncertain}.
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
   * @param text a word in lower case, or a name or string without its quotes
   * @param raw the text as written, without quotes
   * @param start the position of the first character in the SQL
   * @param end the position after the last character
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

    /** Returns true if this token can name a table or a function. In SQLite, a string can. */
    boolean isName() {
      return kind == Kind.WORD || kind == Kind.QUOTED_NAME || kind == Kind.STRING;
    }
  }

  /**
   * One database's reading of a text.
   *
   * @param certain false if the database may read a part of the text as longer, shorter or another
   *     name
   */
  record Reading(List<Token> tokens, boolean certain) {}

  private static final Pattern NUMBER =
      Pattern.compile("0[xX]\\p{XDigit}*+|[0-9]++(?:\\.[0-9]*+)?(?:[eE][-+]?[0-9]++)?");

  private static final char BYTE_ORDER_MARK = '\ufeff';

  private final String sql;
  private final Set<Quirk> quirks;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private boolean certain = true;

  /** True if the last token is a string with backslash escapes, which PostgreSQL can continue. */
  private boolean inEscapedString;

  private SqlLexer(String sql, Set<Quirk> quirks) {
    this.sql = sql;
    this.quirks = quirks;
  }

  static Reading read(String sql, Set<Quirk> quirks) {
    SqlLexer lexer = new SqlLexer(sql, quirks);
    while (lexer.at < sql.length()) {
      if (!lexer.skipBlank()) {
        lexer.readToken();
      }
    }
    // In some databases a NUL ends the text.
    return new Reading(lexer.tokens, lexer.certain && sql.indexOf('\0') < 0);
  }

  private boolean skipBlank() {
    char c = sql.charAt(at);
    if (isBlank(c) || c == BYTE_ORDER_MARK) {
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

  private boolean isBlank(char c) {
    return isSpace(c) && (c < 0x80 || quirks.contains(Quirk.UNICODE_SPACES));
  }

  static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c);
  }

  private boolean startsLineComment() {
    if (sql.charAt(at) == '#') {
      return quirks.contains(Quirk.HASH_COMMENTS);
    }
    if (sql.startsWith("//", at)) {
      return quirks.contains(Quirk.SLASH_COMMENTS);
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
    certain &= depth == 0;
  }

  private void readToken() {
    char c = sql.charAt(at);
    if (c == '\'' && follows(Set.of("q", "nq")) && quirks.contains(Quirk.Q_STRINGS)) {
      readQString();
    } else if (c == '\'') {
      boolean escapes = escapesInString();
      readQuoted(Kind.STRING, '\'', escapes);
      inEscapedString = escapes;
    } else if (c == '"') {
      certain &= !startsUnicodeName();
      readQuoted(Kind.QUOTED_NAME, '"', quirks.contains(Quirk.DOUBLE_QUOTE_ESCAPES));
    } else if (c == '`' && quirks.contains(Quirk.BACKTICK_NAMES)) {
      readQuoted(Kind.QUOTED_NAME, '`', false);
    } else if (c == '[' && quirks.contains(Quirk.BRACKET_NAMES)) {
      readQuoted(Kind.QUOTED_NAME, ']', false);
    } else if (c == '$' && dollarTagEnd() > 0) {
      readDollarQuoted();
    } else if (isDigit(c)) {
      readNumber();
    } else if (isWordStart(c)) {
      readWord();
    } else {
      certain &= !opensVariable();
      int start = at++;
      add(Kind.SYMBOL, sql.substring(start, at), start);
    }
  }

  /**
   * Returns true if the last token is one of these words and ends directly before this position.
   */
  private boolean follows(Set<String> words) {
    Token last = tokens.isEmpty() ? null : tokens.get(tokens.size() - 1);
    return last != null && last.end() == at && last.isWordOf(words);
  }

  private boolean escapesInString() {
    if (quirks.contains(Quirk.STRING_ESCAPES)) {
      return true;
    }
    return quirks.contains(Quirk.E_STRING_ESCAPES) && (follows(Set.of("e")) || inEscapedString);
  }

  /** Returns true at {@code U&"\0061"}: the real name differs from the text as written. */
  private boolean startsUnicodeName() {
    int size = tokens.size();
    return size >= 2
        && tokens.get(size - 1).isSymbol('&')
        && tokens.get(size - 1).end() == at
        && tokens.get(size - 2).isWord("u");
  }

  /** Reads text up to a closing quote. A doubled quote is a quote within the text. */
  private void readQuoted(Kind kind, char close, boolean escapes) {
    int start = at++;
    boolean closed = false;
    StringBuilder text = new StringBuilder();
    while (at < sql.length()) {
      char c = sql.charAt(at++);
      boolean another = at < sql.length();
      if (c == '\\' && escapes && another) {
        c = sql.charAt(at++);
      } else if (c == close) {
        if (!another || sql.charAt(at) != close) {
          closed = true;
          break;
        }
        at++;
      }
      text.append(c);
    }
    certain &= closed;
    add(kind, text.toString(), start);
  }

  /** Reads {@code '[..]'}, {@code '!..!'} and similar strings, after {@code q}. */
  private void readQString() {
    char open = at + 1 < sql.length() ? sql.charAt(at + 1) : '\'';
    int pair = "[({<".indexOf(open);
    readUpTo(at + 2, (pair < 0 ? open : "])}>".charAt(pair)) + "'");
  }

  private void readDollarQuoted() {
    int body = dollarTagEnd();
    readUpTo(body, sql.substring(at, body));
  }

  private void readUpTo(int body, String close) {
    int start = at;
    int end = sql.indexOf(close, body);
    certain &= end >= 0;
    at = end < 0 ? sql.length() : end + close.length();
    add(Kind.STRING, sql.substring(Math.min(body, at), end < 0 ? at : end), start);
  }

  /** Returns the position after an opening {@code $tag$}, or 0 if none is here. */
  private int dollarTagEnd() {
    if (!quirks.contains(Quirk.DOLLAR_QUOTES)) {
      boolean opens = quirks.contains(Quirk.DOUBLE_DOLLAR_QUOTES) && sql.startsWith("$$", at);
      return opens ? at + 2 : 0;
    }
    int end = at + 1;
    while (end < sql.length() && sql.charAt(end) != '$' && isWordPart(sql.charAt(end))) {
      end++;
    }
    boolean closed = end < sql.length() && sql.charAt(end) == '$';
    return closed && !isDigit(sql.charAt(at + 1)) ? end + 1 : 0;
  }

  /**
   * Reads {@code 12}, {@code 1.5e-3} or {@code 0xff}. Databases differ about a word that directly
   * follows a number.
   */
  private void readNumber() {
    int start = at;
    Matcher number = NUMBER.matcher(sql).region(at, sql.length());
    at = number.lookingAt() ? number.end() : at + 1;
    certain &= at == sql.length() || !isWordPart(sql.charAt(at));
    add(Kind.NUMBER, sql.substring(start, at), start);
  }

  private void readWord() {
    int start = at;
    while (at < sql.length() && isWordPart(sql.charAt(at))) {
      at++;
    }
    add(Kind.WORD, sql.substring(start, at), start);
  }

  /**
   * Returns true if SQLite reads {@code $name(..)} here as one variable, including any quotes in
   * it.
   */
  private boolean opensVariable() {
    int size = tokens.size();
    return quirks.contains(Quirk.VARIABLES_WITH_PARENTHESES)
        && sql.charAt(at) == '('
        && size >= 2
        && tokens.get(size - 1).end() == at
        && tokens.get(size - 1).start() == tokens.get(size - 2).end()
        && tokens.get(size - 2).kind() == Kind.SYMBOL
        && "$@:#".contains(tokens.get(size - 2).text());
  }

  private void add(Kind kind, String raw, int start) {
    tokens.add(new Token(kind, kind == Kind.WORD ? folded(raw) : raw, raw, start, at));
    inEscapedString = false;
  }

  /**
   * Folds case as databases do: first to upper case, then to lower case. Some non-ASCII letters
   * become ASCII.
   */
  static String folded(String word) {
    return word.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
  }

  private void skipDigits() {
    while (at < sql.length() && isDigit(sql.charAt(at))) {
      at++;
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private boolean isWordStart(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80 && !isBlank(c);
  }

  private boolean isWordPart(char c) {
    return isWordStart(c) || isDigit(c) || c == '$';
  }
}
