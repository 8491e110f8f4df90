// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Random SQL near the border between reads and writes: writes after reads, in common table
 * expressions, after EXPLAIN, and after text that databases parse differently; also random words.
 * The class is long because the grammar is one table.
 */
final class SqlGrammar {
  private static final List<String> WRITES =
      List.of(
          "UPDATE t SET a = a + 77",
          "DELETE FROM t",
          "INSERT INTO t VALUES (9, 'x')",
          "INSERT INTO \"of\" SELECT 5",
          "UPDATE \"of\" SET a = a + 77",
          "CREATE TABLE u (a INTEGER)",
          "CREATE TABLE u AS SELECT 1 AS a",
          "CREATE VIEW v AS SELECT 1 AS a",
          "DROP TABLE t",
          "ALTER TABLE t ADD COLUMN c INTEGER");

  private static final Map<TestDatabase, List<String>> OWN_WRITES =
      Map.of(
          TestDatabase.SQLITE,
          List.of(
              "UPDATE OR IGNORE t SET a = a + 77",
              "UPDATE OR REPLACE t SET a = a + 77",
              "UPDATE OR ROLLBACK 't' SET a = a + 77",
              "UPDATE 't' SET a = a + 77",
              "UPDATE main.t SET a = a + 77",
              "DELETE FROM [t]",
              "DELETE FROM 't' RETURNING a",
              "INSERT OR REPLACE INTO t VALUES (9, 'x')",
              "REPLACE INTO t VALUES (9, 'x')",
              "PRAGMA user_version = 7",
              "PRAGMA application_id(7)",
              "PRAGMA main.journal_mode = WAL",
              "SELECT * FROM pragma_optimize(65538)",
              "SELECT * FROM 'pragma_optimize'(65538)",
              "SELECT * FROM main.pragma_optimize WHERE arg = 65538",
              "ANALYZE",
              "PRAGMA optimize(65538)"),
          TestDatabase.H2,
          List.of(
              "MERGE INTO t KEY (a) VALUES (1, 'm')",
              "MERGE INTO t USING (SELECT 1 x) u ON t.a = x WHEN MATCHED THEN DELETE",
              "TRUNCATE TABLE t",
              "SELECT NEXT VALUE FOR s",
              "SELECT nextval('s')",
              "SELECT s.NEXTVAL",
              "CALL NEXT VALUE FOR s",
              "COMMENT ON TABLE t IS 'x'",
              "GRANT SELECT ON t TO PUBLIC",
              "EXECUTE IMMEDIATE 'DELETE FROM t'",
              "SET SALT '00' HASH '00'",
              "SET PASSWORD 'x'",
              "SET REFERENTIAL_INTEGRITY FALSE",
              "SET MODE PostgreSQL",
              "SET ALLOW_LITERALS NUMBERS",
              "SET DEFAULT_LOCK_TIMEOUT 7",
              "SET IGNORECASE TRUE",
              "SET WRITE_DELAY 7",
              "SELECT * FROM OLD TABLE (DELETE FROM t)",
              "SELECT * FROM FINAL TABLE (INSERT INTO t VALUES (9, 'x'))",
              "SELECT * FROM NEW TABLE (UPDATE t SET a = a + 77)",
              "\u0131NSERT \u0131NTO t VALUES (9, 'x')",
              "SELECT * FROM FINAL TABLE (\u0131n\u017fert into t values (9, 'x'))"),
          TestDatabase.POSTGRESQL,
          List.of(
              "UPDATE of SET a = a + 77 RETURNING a",
              "UPDATE ONLY t SET a = a + 77",
              "UPDATE t AS x SET a = a + 77 RETURNING a",
              "DELETE FROM values RETURNING a",
              "INSERT INTO values VALUES (5) RETURNING a",
              "SELECT * INTO u FROM t",
              "MERGE INTO t USING (SELECT 1 x) u ON t.a = x WHEN MATCHED THEN DELETE",
              "TRUNCATE t",
              "SELECT setval('s', 99)",
              "SELECT \"setval\"('s', 99)",
              "SELECT U&\"set\\0076al\"('s', 99)",
              "SELECT pg_catalog.nextval('s')",
              "VALUES (nextval('s'))",
              "SELECT * FROM nextval('s')",
              "SELECT lo_unlink(4711)",
              "SELECT lo_create(0)",
              "SELECT lo_from_bytea(0, 'x')",
              "SELECT lo_put(4711, 0, 'x')",
              "SELECT query_to_xml('SELECT setval(''s'', 98)', true, true, '')",
              "SELECT * FROM ts_stat('SELECT to_tsvector(lo_create(0)::text)')",
              "COMMENT ON TABLE t IS 'x'",
              "GRANT SELECT ON t TO PUBLIC",
              "DO $$ BEGIN DELETE FROM t; END $$",
              "COPY t FROM PROGRAM 'echo 5'",
              "ALTER ROLE postgres SET work_mem = '5MB'",
              "CREATE TABLE u AS EXECUTE p",
              "PREPARE p AS DELETE FROM t",
              "EXECUTE p",
              "PREPARE TRANSACTION 'x'",
              "COMMIT PREPARED 'x'"));

  private static final List<String> READS =
      List.of(
          "SELECT 1",
          "SELECT * FROM t",
          "SELECT a, b FROM t WHERE a > 1 ORDER BY a",
          "SELECT count(*) FROM t",
          "VALUES (1)",
          "(SELECT 1)",
          "SELECT 'x', \"a\" FROM \"of\"",
          "SELECT replace('a', 'b', 'c')",
          "SAVEPOINT p");

  private static final Map<TestDatabase, List<String>> OWN_READS =
      Map.of(
          TestDatabase.SQLITE,
          List.of(
              "PRAGMA user_version",
              "PRAGMA table_info(t)",
              "SELECT * FROM pragma_table_info('t')",
              "BEGIN IMMEDIATE",
              "COMMIT"),
          TestDatabase.H2,
          List.of(
              "TABLE t",
              "SELECT * FROM t FOR UPDATE",
              "SHOW TABLES",
              "SET @x = 1",
              "SET SCHEMA PUBLIC",
              "SET LOCK_TIMEOUT 100",
              "COMMIT"),
          TestDatabase.POSTGRESQL,
          List.of(
              "TABLE t",
              "SELECT * FROM t FOR NO KEY UPDATE",
              "SHOW search_path",
              "SET search_path TO public",
              "SET LOCAL statement_timeout = '5s'",
              "RESET ALL",
              "START TRANSACTION",
              "COMMIT"));

  /** Text after which some databases are inside a string or comment, and others are not. */
  private static final List<String> AMBIGUOUS =
      List.of(
          "'\\'",
          "'\\''",
          "E'\\''",
          "E'a'\n'\\''",
          "e'\\\\'",
          "\"\\\"",
          "\"'\"",
          "$$ ' $$",
          "$a$ ' $a$",
          "$a$ $$ ' $a$",
          "$1$a$ ' $a$",
          "$\u00a0$ ' $\u00a0$",
          "q'[ ' ]'",
          "q'! ' !'",
          "`'`",
          "[']",
          "$x(')",
          ":x(')",
          "@x(')",
          "#x(')",
          "$x::y(')",
          "$1(')",
          "-- '\n",
          "-- '\r",
          "// '\n",
          "# '\n",
          "--'\n",
          "/* ' */",
          "/* /* ' */",
          "/* /* ' */ */",
          "/*! ' */",
          "/*/ ' */",
          "U&'\\'",
          "U&\"\\\"",
          "N''''",
          "X''",
          "B''",
          "''''",
          "'--'",
          "'/*'",
          "'*/'",
          "\"--\"",
          "\"/*\"",
          "1e",
          "1.e",
          "0x1",
          "1_",
          "1",
          "?",
          "$1",
          "{d '2020-01-01'}",
          "{fn now()}",
          "{'",
          "\ufeff",
          "\u0000",
          "\u00a0",
          "\u2028",
          "::",
          "->>'a'",
          "@-- '\n",
          "*/",
          "%",
          "\\");

  private static final List<String> BLANKS =
      List.of(
          " ",
          " ",
          " ",
          "\n",
          "\t",
          "\r",
          "\f",
          "\u000b",
          "\r\n",
          "/**/",
          "/* x */",
          "/* ' */",
          "/* /* */ */",
          "-- x\n",
          "-- '\n",
          "-- \r",
          "// x\n",
          "// '\n",
          "# x\n",
          "\u00a0",
          "\ufeff",
          "\u3000",
          "\u0085");

  private static final List<String> CLOSERS =
      List.of(
          "", "", "--", "--'", "-- \"", "*/", "/*", "'", "\"", "`", "]", "$$", "// '", "# '", ")");

  private static final List<String> EXPLAINS =
      List.of(
          "EXPLAIN",
          "EXPLAIN ANALYZE",
          "EXPLAIN (ANALYZE)",
          "EXPLAIN (ANALYZE, VERBOSE)",
          "EXPLAIN QUERY PLAN",
          "EXPLAIN PLAN FOR",
          "EXPLAIN ANALYZE VERBOSE",
          "DESCRIBE",
          "DESC",
          "EXPLAIN FORMAT=JSON");

  private static final List<String> WORDS =
      List.of(
          "SELECT",
          "WITH",
          "x",
          "AS",
          "(",
          ")",
          "UPDATE",
          "OR",
          "IGNORE",
          "REPLACE",
          "t",
          "\"of\"",
          "SET",
          "a",
          "=",
          "1",
          "INSERT",
          "INTO",
          "VALUES",
          "DELETE",
          "FROM",
          ";",
          ",",
          "FOR",
          "DO",
          "THEN",
          "TABLE",
          "OLD",
          "FINAL",
          "RETURNING",
          "EXPLAIN",
          "ANALYZE",
          "'t'",
          "*",
          "of",
          "MERGE",
          "USING",
          "ON",
          "CALL",
          "NOT",
          "MATERIALIZED",
          "RECURSIVE",
          ".",
          "main",
          "public",
          "WHERE",
          "UNION",
          "ALL",
          "EXISTS",
          "{",
          "}",
          "?",
          "$",
          ":",
          "@",
          "#");

  private final TestDatabase database;
  private final Random random;

  SqlGrammar(TestDatabase database, long seed) {
    this.database = database;
    this.random = new Random(seed);
  }

  String next() {
    String text =
        switch (random.nextInt(12)) {
          case 0 -> write();
          case 1 -> commonTable();
          case 2 -> pick(EXPLAINS) + " " + statement();
          case 3 ->
              "SELECT * FROM "
                  + pick(List.of("OLD", "NEW", "FINAL", ""))
                  + " TABLE ("
                  + write()
                  + ")";
          case 4 -> words();
          case 5 -> read() + " " + write();
          default -> hidden();
        };
    String spaced = random.nextInt(3) == 0 ? respaced(text) : text;
    String bracketed = random.nextInt(12) == 0 ? "(" + spaced + ")" : spaced;
    return random.nextInt(6) == 0 ? mutated(bracketed) : bracketed;
  }

  private String write() {
    return pick(random.nextInt(3) == 0 ? WRITES : OWN_WRITES.get(database));
  }

  private String read() {
    return pick(random.nextBoolean() ? READS : OWN_READS.get(database));
  }

  private String statement() {
    return random.nextInt(3) == 0 ? commonTable() : random.nextBoolean() ? write() : read();
  }

  /**
   * Returns a write after ambiguous text, and then the closing quote or comment for databases that
   * need it.
   */
  private String hidden() {
    String first = random.nextBoolean() ? "SELECT " : read() + " ";
    String between = pick(List.of(";", " ;", "\n;", " AS x;", ",1;", " ", "\n", ")"));
    return first
        + pick(AMBIGUOUS)
        + between
        + " "
        + statement()
        + pick(List.of(";", " ", " ;"))
        + pick(CLOSERS);
  }

  private String commonTable() {
    String materialized = pick(List.of("", "", "MATERIALIZED ", "NOT MATERIALIZED "));
    String inner = random.nextInt(3) == 0 ? write() : read();
    String ambiguous = random.nextInt(4) == 0 ? pick(AMBIGUOUS) + " " : "";
    return pick(List.of("WITH ", "WITH RECURSIVE "))
        + pick(List.of("x", "\"x\"", "'x'", "of", "x(a)"))
        + " AS "
        + materialized
        + "("
        + inner
        + ") "
        + ambiguous
        + (random.nextInt(3) == 0 ? "SELECT * FROM x" : write());
  }

  private String words() {
    StringBuilder words = new StringBuilder();
    for (int i = random.nextInt(14) + 2; i > 0; i--) {
      words.append(pick(WORDS)).append(' ');
    }
    return words.toString();
  }

  private String respaced(String text) {
    StringBuilder spaced = new StringBuilder();
    for (char c : text.toCharArray()) {
      spaced.append(c == ' ' && random.nextInt(4) == 0 ? pick(BLANKS) : String.valueOf(c));
    }
    return spaced.toString();
  }

  private String mutated(String text) {
    StringBuilder mutated = new StringBuilder(text);
    for (int i = random.nextInt(3); i >= 0; i--) {
      int at = random.nextInt(mutated.length() + 1);
      switch (random.nextInt(5)) {
        case 0 -> mutated.insert(at, pick(AMBIGUOUS));
        case 1 -> mutated.insert(at, pick(BLANKS));
        case 2 -> mutated.insert(at, pick(WORDS));
        case 3 -> mutated.delete(at, Math.min(mutated.length(), at + 1 + random.nextInt(3)));
        default ->
            mutated.insert(at, pick(List.of("'", "\"", ";", "--", "/*", "*/", "\n", "$", "\\")));
      }
    }
    return mutated.toString();
  }

  private String pick(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
