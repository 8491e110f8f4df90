// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * How a database reads SQL: the quirks it has, and those it may have, by its settings or because
 * nothing is known of it.
 *
 * @param has quirks it has for certain
 * @param mayHave quirks that the session can switch, or that nobody knows about
 */
record Dialect(Set<Quirk> has, Set<Quirk> mayHave) {
  /** A database nothing is known of. */
  static final Dialect UNKNOWN =
      new Dialect(EnumSet.noneOf(Quirk.class), EnumSet.allOf(Quirk.class));

  private static final Dialect SQLITE =
      new Dialect(EnumSet.of(Quirk.BRACKET_NAMES), EnumSet.noneOf(Quirk.class));
  private static final Dialect SQL_SERVER =
      new Dialect(
          EnumSet.of(Quirk.BRACKET_NAMES, Quirk.NESTED_COMMENTS),
          EnumSet.of(Quirk.RETURN_ENDS_COMMENT));
  private static final Dialect POSTGRESQL =
      new Dialect(
          EnumSet.of(
              Quirk.E_STRING_ESCAPES,
              Quirk.DOLLAR_QUOTES,
              Quirk.NESTED_COMMENTS,
              Quirk.RETURN_ENDS_COMMENT),
          EnumSet.of(Quirk.STRING_ESCAPES));
  private static final Dialect MYSQL =
      new Dialect(
          EnumSet.of(Quirk.HASH_COMMENTS, Quirk.DASHES_NEED_SPACE),
          EnumSet.of(Quirk.STRING_ESCAPES, Quirk.DOUBLE_QUOTE_ESCAPES, Quirk.EXECUTABLE_COMMENTS));

  Dialect {
    has = Set.copyOf(has);
    mayHave = Set.copyOf(mayHave);
  }

  /** The dialect of a database, by the product name its driver reports. */
  static Dialect of(String product) {
    return switch (product) {
      case "SQLite" -> SQLITE;
      case "PostgreSQL" -> POSTGRESQL;
      case "MySQL", "MariaDB" -> MYSQL;
      case "Microsoft SQL Server" -> SQL_SERVER;
      default -> UNKNOWN;
    };
  }

  /** Every way in which this database may read the text; mostly one. */
  List<Set<Quirk>> readings(String sql) {
    List<Set<Quirk>> readings = new ArrayList<>();
    readings.add(has);
    for (Quirk quirk : mayHave) {
      if (quirk.matters(sql)) {
        for (Set<Quirk> reading : List.copyOf(readings)) {
          Set<Quirk> other = EnumSet.of(quirk);
          other.addAll(reading);
          readings.add(other);
        }
      }
    }
    return readings;
  }
}
