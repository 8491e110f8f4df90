// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads arguments of database clients. */
final class Databases {
  private static final Set<String> DESTROYING = Set.of("FLUSHALL", "FLUSHDB", "DROP", "SHUTDOWN");

  /** Tasks of migration programs and frameworks that drop the database, or all of its rows. */
  private static final Set<String> TASKS =
      Set.of(
          "db:drop",
          "db:drop:all",
          "db:migrate:reset",
          "db:migrate:undo:all",
          "db:purge",
          "db:reset",
          "db:schema:load",
          "db:truncate_all",
          "db:wipe",
          "doctrine:database:drop",
          "doctrine:schema:drop",
          "drop-all",
          "dropall",
          "ecto.drop",
          "ecto.reset",
          "flush",
          "flyway:clean",
          "flywayclean",
          "liquibase:dropall",
          "migrate:fresh",
          "migrate:refresh",
          "migrate:reset",
          "orm:schema-tool:drop",
          "reset_db",
          "reset_schema",
          "schema:drop",
          "sqlflush");

  private static final Pattern FLUSHES =
      Pattern.compile("flush(?:all|db)", Pattern.CASE_INSENSITIVE);

  private static final Pattern FOR_TESTS =
      Pattern.compile("(?:.*[_-])?(?:tests?|ci|tmp|temp)(?:[_-].*)?", Pattern.CASE_INSENSITIVE);

  private Databases() {}

  /** Reads an operand that may be a task of a framework. */
  static void task(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    boolean isAll =
        text.equals("base")
                && scan.operands().stream().anyMatch(word -> Values.is(word, "downgrade"))
            || text.equals("migrate:rollback") && scan.has("--all");
    if (Values.isKnown(argument) && (isAll || TASKS.contains(text.toLowerCase(Locale.ROOT)))) {
      scan.uses().add(Role.DESTROYS, "the database");
    }
  }

  /**
   * Reads SQL for a database in a file; a database in memory has nothing to lose, but its SQL may
   * read and write files.
   */
  static void sqlOfFile(Value argument, Template template, Scan scan) {
    boolean isCommand = argument.prefix().stripLeading().startsWith(".");
    if (isCommand || !Values.is(scan.operands().get(0), ":memory:")) {
      scan.uses().add(Role.RUNS_SQL, argument);
    } else {
      for (Use use : SqlScanner.scan(argument)) {
        if (use.role() != Role.DESTROYS) {
          scan.uses().list().add(use);
        }
      }
    }
  }

  /**
   * Reads a database to be removed; one for tests does not count, because tests create it again.
   */
  static void testDatabase(Value argument, Template template, Scan scan) {
    if (!Values.isKnown(argument) || !isForTests(argument.prefix())) {
      scan.uses().add(Role.DESTROYS, argument, "database");
    }
  }

  /** Returns true if the name of a database says that it is for tests. */
  static boolean isForTests(String name) {
    return FOR_TESTS.matcher(name).matches();
  }

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
    mongo(argument, scan.uses());
  }

  static void mongo(Value code, Uses uses) {
    String text = code.prefix();
    for (String call : new String[] {"dropDatabase(", ".drop(", "deleteMany({})", "remove({})"}) {
      if (text.contains(call)) {
        uses.add(Role.DESTROYS, text);
        return;
      }
    }
  }

  /** Reads a command of redis or of an administration client. */
  static void redis(Value argument, Template template, Scan scan) {
    List<Value> words = scan.operands();
    if (words.size() > 1
        && argument.prefix().equalsIgnoreCase("eval")
        && FLUSHES.matcher(words.get(1).prefix()).find()) {
      scan.uses().add(Role.DESTROYS, "all keys");
    } else if (words.size() < 3 || !argument.prefix().equalsIgnoreCase("config")) {
      redis(argument, scan.uses());
    } else if (words.get(1).prefix().equalsIgnoreCase("get")) {
      Cloud.secretName(words.get(2), template, scan);
    } else if (words.get(2).prefix().equalsIgnoreCase("dir") && words.size() > 3) {
      // The server writes its files there.
      scan.uses().add(Role.WRITES, List.of(words.get(3)), "", true, false);
    }
  }

  static void redis(Value command, Uses uses) {
    String word = command.prefix().strip().split("\\s", 2)[0];
    if (DESTROYING.contains(word.toUpperCase(Locale.ROOT))) {
      uses.add(Role.DESTROYS, word);
    }
  }
}
