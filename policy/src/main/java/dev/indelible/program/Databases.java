// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.Locale;
import java.util.Set;

/** Reads arguments of database clients. */
final class Databases {
  private static final Set<String> DESTROYING = Set.of("FLUSHALL", "FLUSHDB", "DROP", "SHUTDOWN");

  private Databases() {}

  /** Reads a database, which may be a URL. */
  static void url(Value argument, Template template, Scan scan) {
    if (argument.prefix().contains("://")) {
      scan.uses().add(Role.CONTACTS, argument);
    }
  }

  /** Adds the standard input, if no operand is SQL. */
  static void inputUnlessSql(Value argument, Template template, Scan scan) {
    if (scan.operands().size() < 2) {
      scan.uses().add(Role.RUNS_INPUT, "sql");
    }
  }

  /** Reads code of the mongo shell. */
  static void mongo(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    for (String call : new String[] {"dropDatabase(", ".drop(", "deleteMany({})", "remove({})"}) {
      if (text.contains(call)) {
        scan.uses().add(Role.DESTROYS, text);
        return;
      }
    }
  }

  /** Reads a command of redis or of an administration client. */
  static void redis(Value argument, Template template, Scan scan) {
    if (DESTROYING.contains(argument.prefix().toUpperCase(Locale.ROOT))) {
      scan.uses().add(Role.DESTROYS, argument.prefix());
    }
  }
}
