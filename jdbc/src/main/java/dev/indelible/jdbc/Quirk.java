// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

/**
 * A point on which databases read the same text differently, so that what is a comment or a string
 * to one is a statement to another.
 */
enum Quirk {
  /** {@code E'..\'..'} is one string (PostgreSQL). */
  E_STRING_ESCAPES("'", "\\"),
  /** {@code '..\'..'} is one string (MySQL, old PostgreSQL). */
  STRING_ESCAPES("'", "\\"),
  /** {@code "..\".."} is one string (MySQL). */
  DOUBLE_QUOTE_ESCAPES("\"", "\\"),
  /** {@code $tag$..$tag$} is a string (PostgreSQL, H2). */
  DOLLAR_QUOTES("$", "$"),
  /** {@code #} begins a comment (MySQL). */
  HASH_COMMENTS("#", ""),
  /** {@code --} begins a comment only before white space (MySQL). */
  DASHES_NEED_SPACE("--", ""),
  /** Block comments nest (PostgreSQL, SQL Server). */
  NESTED_COMMENTS("/*", "/*"),
  /** What stands in {@code /*! .. *}{@code /} is run (MySQL, MariaDB). */
  EXECUTABLE_COMMENTS("/*", "!"),
  /** {@code [name]} is a name (SQLite, SQL Server). */
  BRACKET_NAMES("[", ""),
  /** A carriage return ends a line comment (PostgreSQL). */
  RETURN_ENDS_COMMENT("\r", "");

  private final String first;
  private final String then;

  Quirk(String first, String then) {
    this.first = first;
    this.then = then;
  }

  /** Whether this text might be read differently because of it; seldom says so without need. */
  boolean matters(String sql) {
    int at = sql.indexOf(first);
    return at >= 0 && sql.lastIndexOf(then) > at;
  }
}
