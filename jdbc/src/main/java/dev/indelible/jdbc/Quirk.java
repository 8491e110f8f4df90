// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.util.Locale;
import java.util.function.Predicate;

/**
 * A difference between databases in how they parse SQL. A comment or string in one database may be
 * a statement in another.
 */
enum Quirk {
  /** {@code E'..\'..'} is one string (PostgreSQL). */
  E_STRING_ESCAPES(has("'", "\\")),
  /** {@code '..\'..'} is one string (MySQL, old PostgreSQL). */
  STRING_ESCAPES(has("'", "\\")),
  /** {@code "..\".."} is one string (MySQL). */
  DOUBLE_QUOTE_ESCAPES(has("\"", "\\")),
  /** {@code q'[..]'} is a string (Oracle). */
  Q_STRINGS(has("q'", "'")),
  /** {@code $tag$..$tag$} is a string (PostgreSQL). */
  DOLLAR_QUOTES(has("$", "$")),
  /** {@code $$..$$} is a string, but {@code $tag$} is not (H2). */
  DOUBLE_DOLLAR_QUOTES(has("$$", "")),
  /** {@code `name`} is a name (MySQL, SQLite, H2). */
  BACKTICK_NAMES(has("`", "")),
  /** {@code [name]} is a name (SQLite, SQL Server). */
  BRACKET_NAMES(has("[", "")),
  /** {@code #} begins a comment (MySQL). */
  HASH_COMMENTS(has("#", "")),
  /** {@code //} begins a comment (H2, HSQLDB). */
  SLASH_COMMENTS(has("//", "")),
  /** {@code --} begins a comment only if white space follows (MySQL). */
  DASHES_NEED_SPACE(has("--", "")),
  /** Block comments nest (PostgreSQL, H2, SQL Server). */
  NESTED_COMMENTS(has("/*", "/*")),
  /** The text in {@code /*! .. *}{@code /} is run (MySQL, MariaDB). */
  EXECUTABLE_COMMENTS(has("/*", "!")),
  /** A carriage return ends a line comment (PostgreSQL, H2). */
  RETURN_ENDS_COMMENT(has("\r", "")),
  /** {@code $name(..)} is a variable, with any text between the parentheses (SQLite). */
  VARIABLES_WITH_PARENTHESES(
      sql -> sql.indexOf('(') >= 0 && sql.chars().anyMatch(c -> "$@:#".indexOf(c) >= 0)),
  /** Spaces outside ASCII separate words (H2, SQL Server); other databases read them as letters. */
  UNICODE_SPACES(sql -> sql.chars().anyMatch(c -> c >= 0x80 && SqlLexer.isSpace(c)));

  private final Predicate<String> condition;

  Quirk(Predicate<String> condition) {
    this.condition = condition;
  }

  private static Predicate<String> has(String first, String then) {
    return sql -> {
      int at = sql.indexOf(first);
      return at >= 0 && sql.lastIndexOf(then) > at;
    };
  }

  /** Returns true if this quirk may change how a text is parsed. Returns true if in doubt. */
  boolean matters(String sql) {
    return condition.test(sql.toLowerCase(Locale.ROOT));
  }
}
