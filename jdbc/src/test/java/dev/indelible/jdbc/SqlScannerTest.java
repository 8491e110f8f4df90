// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlScannerTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          INSERT INTO t VALUES (1)                                        | insert t
          insert into t values (1)                                        | insert t
          InSeRt OR REPLACE INTO t VALUES (1)                             | insert t
          INSERT IGNORE t VALUES (1)                                      | insert t
          INSERT INTO app.t (a, b) SELECT a, b FROM u                     | insert app.t
          INSERT INTO db..t VALUES (1)                                    | insert db..t
          INSERT INTO "my ""odd"" t" VALUES (1)                           | insert my "odd" t
          INSERT INTO `app`.`t` VALUES (1)                                | insert app.t
          INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2    | insert t
          INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 2          | insert t
          INSERT ALL INTO a VALUES (1) INTO b VALUES (2) SELECT * FROM c  | insert a, other b
          INSERT INTO a VALUES (1) DELETE FROM b                          | insert a, delete b
          INSERT TOP (5) INTO #temp SELECT 1                              | insert #temp
          UPDATE t SET a = 1                                              | update t
          UPDATE OR IGNORE t SET a = REPLACE(a, 'x', 'y')                 | update t
          UPDATE ONLY t SET a = 1                                         | update t
          UPDATE ignore SET a = 1                                         | update ignore
          UPDATE a, b SET a.x = b.x                                       | update a, update b
          UPDATE 1 SET a = 1                                              | update
          DELETE FROM t                                                   | delete t
          DELETE FROM ONLY (t)                                            | delete t
          DELETE FROM 't'                                                 | delete t
          DELETE t FROM t JOIN u ON 1 = 1                                 | delete t
          DELETE a, b FROM a JOIN b                                       | delete a, delete b
          DELETE FROM quick q                                             | delete quick
          REPLACE INTO t VALUES (1)                                       | replace t
          MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1) | merge t
          MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE      | merge t
          TRUNCATE TABLE t                                                | truncate t
          TRUNCATE a, b                                                   | truncate a, truncate b
          CREATE TABLE IF NOT EXISTS app.t (a REFERENCES u ON DELETE CASCADE) | ddl app.t
          CREATE UNIQUE INDEX i ON t (a)                                  | ddl t
          CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1               | ddl t
          CREATE OR REPLACE VIEW v AS SELECT 1                            | ddl v
          ALTER TABLE t DROP COLUMN a                                     | ddl t
          DROP TABLE IF EXISTS a, b                                       | ddl a, ddl b
          DROP INDEX i                                                    | ddl i
          GRANT INSERT, DELETE ON t TO joe                                | ddl t
          CALL app.pay(1)                                                 | call app.pay
          {call pay(?)}                                                   | call pay
          {? = call pay(?)}                                               | call pay
          EXEC pay                                                        | call pay
          SELECT 1 EXEC ('DELETE FROM t')                                 | call
          COPY t FROM STDIN                                               | other t
          LOAD DATA INFILE 'f' INTO TABLE t                               | other t
          DO $$ BEGIN DELETE FROM t; END $$                               | other
          VACUUM                                                          | other
          ATTACH DATABASE 'f' AS f                                        | other
          FROBNICATE t                                                    | other
          (                                                               | other
          BEGIN DELETE FROM t                                             | delete t
          BEGIN some_procedure                                            | other
          PREPARE p AS DELETE FROM t                                      | delete t
          SET GLOBAL x = 1                                                | other
          SET a = 1, PERSIST b = 2                                        | other
          RESET MASTER                                                    | other
          SET NOCOUNT ON DELETE FROM t                                    | delete t
          PRAGMA journal_mode = WAL                                       | other
          PRAGMA journal_mode(WAL)                                        | other
          PRAGMA optimize                                                 | other
          WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x              | insert t
          WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d           | delete t
          WITH d AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM d | delete a, insert b
          EXPLAIN ANALYZE UPDATE t SET a = 1                              | update t
          EXPLAIN (ANALYZE, VERBOSE) DELETE FROM t                        | delete t
          SELECT * INTO t FROM u                                          | other t
          SELECT 1 DELETE FROM t                                          | delete t
          SELECT 1DELETE FROM t                                           | delete t
          SELECT 1.DELETE FROM t                                          | delete t
          SELECT 1 -- a comment ';'                                       | ~~
          -- first ' comment                                              | ~~
          SELECT 1; DELETE FROM t; SELECT 2; UPDATE u SET a = ';'         | delete t, update u
          """)
  void writesAreFound(String sql, String expected) {
    assertThat(writes(sql, Dialect.of("PostgreSQL"))).isEqualTo(expected == null ? "" : expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ; ; ",
        "SELECT * FROM t",
        "select delete_flag, updated, t.delete FROM t",
        "(SELECT 1) UNION (SELECT 2)",
        "SELECT 'DELETE FROM t; DROP TABLE t' AS \"insert into t;\"",
        "SELECT 'it''s; DELETE FROM t'",
        "SELECT 1 /* ; DELETE FROM t */ -- ; DELETE FROM t",
        "/* lead */ -- and\n SELECT 1",
        "SELECT replace(a, 'x', 'y'), insert(a, 1, 1, 'z') FROM t",
        "SELECT replace, call FROM t WHERE call IS NOT NULL ORDER BY call DESC",
        "SELECT a FROM t FOR UPDATE",
        "SELECT a FROM t FOR NO KEY UPDATE SKIP LOCKED",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "VALUES (1)",
        "TABLE t",
        "SHOW CREATE TABLE t",
        "DESCRIBE t",
        "EXPLAIN QUERY PLAN SELECT 1",
        "BEGIN",
        "begin immediate transaction;",
        "START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY",
        "COMMIT",
        "END TRANSACTION",
        "ROLLBACK TO SAVEPOINT s",
        "SAVEPOINT s",
        "RELEASE s",
        "SET search_path TO app",
        "RESET ALL",
        "USE app",
        "PRAGMA journal_mode",
        "PRAGMA main.user_version",
        "PRAGMA main.table_info(t)",
      })
  void readsAreNotWritesToAnyDatabase(String sql) {
    for (String product : List.of("SQLite", "PostgreSQL", "MySQL", "Microsoft SQL Server", "?")) {
      assertThat(writes(sql, Dialect.of(product))).as(product).isEmpty();
    }
  }

  @Test
  void dollarQuotedTextIsAStringToPostgresql() {
    String sql = "SELECT $$; DELETE FROM t$$, $a$ $$; DROP TABLE t; $$ $a$, $1";

    assertThat(writes(sql, Dialect.of("PostgreSQL"))).isEmpty();
  }

  /** In each, the database at hand runs the DELETE, and a reader without its quirk misses it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          MySQL                | SELECT '\\'' ; DELETE FROM t; -- '
          MySQL                | SELECT '\\\\'' ; ', 1; DELETE FROM t; -- '
          MySQL                | SELECT "\\"" ; DELETE FROM t; -- "
          MySQL                | SELECT 1 # '~X~; DELETE FROM t; # '
          MySQL                | SELECT 1--'1'; DELETE FROM t
          MySQL                | SELECT 1; /*!50000 DELETE FROM t */
          MariaDB              | SELECT 1; /*M! DELETE FROM t */
          MySQL                | /* /* */ DELETE FROM t
          PostgreSQL           | SELECT E'\\'' AS "\\"; DELETE FROM t; --"
          PostgreSQL           | SELECT $a$ ' $a$; DELETE FROM t; -- '
          PostgreSQL           | SELECT x @@$a$ ' $a$; DELETE FROM t; -- '
          PostgreSQL           | /* /* ' */ */ DELETE FROM t; -- '
          PostgreSQL           | SELECT 1 # 2; DELETE FROM t
          PostgreSQL           | SELECT 1 --~R~; DELETE FROM t
          PostgreSQL           | SELECT ARRAY['a']; DELETE FROM t --]
          SQLite               | SELECT [']; DELETE FROM t; --']
          SQLite               | SELECT 1 -- ~R~ ' ~X~; DELETE FROM t; -- '
          SQLite               | SELECT '\\'; DELETE FROM t; --'
          Microsoft SQL Server | SELECT [']; DELETE FROM t; --']
          """)
  void whatIsAWriteToTheDatabaseIsFoundWithAndWithoutKnowingIt(String product, String sql) {
    String text = sql.replace("~X~", "\n").replace("~R~", "\r");

    assertThat(writes(text, Dialect.of(product))).contains("delete t");
    assertThat(writes(text, Dialect.UNKNOWN)).contains("delete t");
  }

  @Test
  void equalStatementsAreToldApart() {
    String sql = "DELETE FROM t; DELETE FROM t";

    assertThat(SqlScanner.writes(sql, Dialect.UNKNOWN)).hasSize(2);
  }

  @Test
  void aStatementsTextIsItsOwnWithoutTheCommentsAroundIt() {
    String sql = "/* a */ SELECT 1; -- b\n DELETE /* c */ FROM t -- d";

    assertThat(SqlScanner.writes(sql, Dialect.UNKNOWN))
        .extracting(SqlWrite::sql)
        .containsExactly("DELETE /* c */ FROM t");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"'", "\"", "`", "[", "/*", "--", "$", "$$", "$a$", "E'\\", "/*!", "x.", "{", "#"})
  void unfinishedTextIsReadToItsEnd(String end) {
    assertThat(writes("DELETE FROM t;" + end, Dialect.UNKNOWN)).contains("delete t");
  }

  @Test
  void aLargeTextTakesTimeInProportion() {
    String sql = "INSERT INTO t VALUES " + "('it''s', \"b\", 1, [c]), ".repeat(10_000) + "('\\')";

    assertTimeout(
        Duration.ofSeconds(10),
        () -> assertThat(writes(sql, Dialect.UNKNOWN)).isEqualTo("insert t"));
  }

  private static String writes(String sql, Dialect dialect) {
    return String.join(
        ", ",
        SqlScanner.writes(sql, dialect).stream()
            .map(write -> (write.operation().label() + " " + write.namespace()).trim())
            .toList());
  }
}
