// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables of SQL texts and the writes found in them. The class is long because the tables are. */
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
          PRAGMA journal_mode                                             | other
          EXPLAIN ANALYZE EXECUTE p                                       | call p
          EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1                      | ddl t
          EXPLAIN ANALYZE REFRESH MATERIALIZED VIEW v                     | other
          WITH x AS (UPDATE of SET a=1 RETURNING 1) SELECT * FROM x       | update of
          WITH x AS (DELETE FROM values RETURNING 1) SELECT * FROM x      | delete values
          WITH x AS (SELECT 3) UPDATE OR IGNORE T SET A = 77              | update T
          WITH x AS (SELECT 1) UPDATE 'T' SET A = A + 1                   | update T
          MERGE INTO a USING b ON 1 = 1 WHEN MATCHED THEN DO NOTHING      | merge a
          SELECT setval('s', 1)                                           | call setval
          SELECT "setval"('s', 1)                                         | call setval
          SELECT * FROM pg_catalog . lo_unlink (1)                        | call lo_unlink
          VALUES (dblink_exec('DELETE FROM t'))                           | call dblink_exec
          SELECT U&"\0073etval"('s', 1)                                  | other
          SELECT replace FROM t                                           | replace t
          SET role admin                                                  | other
          SET LOCAL session_replication_role = replica                    | other
          RESET session_replication_role                                  | other
          COMMIT PREPARED 'x'                                             | other
          DISCARD ALL                                                     | other
          USE app                                                         | other
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
        "SELECT replace(a, 'x', 'y'), insert(a, 1, 1, 'z'), count(*) FROM t WHERE a > 1.5e3",
        "SELECT a FROM t FOR UPDATE",
        "SELECT a FROM t FOR NO KEY UPDATE SKIP LOCKED",
        "WITH x AS (SELECT 1) SELECT * FROM x FOR UPDATE",
        "VALUES (1)",
        "TABLE t",
        "BEGIN",
        "begin immediate transaction;",
        "START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY",
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "COMMIT",
        "END TRANSACTION",
        "ROLLBACK TO SAVEPOINT s",
        "SAVEPOINT s",
        "RELEASE s",
        "SET SCHEMA app",
      })
  void readsAreNotWritesInAnyProduct(String sql) {
    for (String product :
        List.of(
            "SQLite",
            "H2",
            "HSQL Database Engine",
            "PostgreSQL",
            "MySQL",
            "MariaDB",
            "Microsoft SQL Server",
            "Oracle",
            "?")) {
      assertThat(writes(sql, Dialect.of(product))).as(product).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          SQLite               | EXPLAIN QUERY PLAN SELECT 1
          SQLite               | PRAGMA journal_mode
          SQLite               | PRAGMA main.user_version
          SQLite               | PRAGMA main.table_info(t)
          SQLite               | SELECT name FROM pragma_table_info('t')
          SQLite               | SELECT [delete], "update", `insert`, $a, :b, @c FROM t
          H2                   | EXPLAIN PLAN FOR SELECT 1
          H2                   | SET LOCK_TIMEOUT 1000
          H2                   | SET @X = 1
          H2                   | SET SCHEMA TO app
          H2                   | SHOW TABLES
          PostgreSQL           | EXPLAIN (ANALYZE, FORMAT JSON) SELECT 1
          PostgreSQL           | EXPLAIN ANALYZE VERBOSE WITH x AS (SELECT 1) TABLE x
          PostgreSQL           | SELECT a::numeric(10, 2), $1, call, copy FROM t
          PostgreSQL           | SET search_path TO app, public
          PostgreSQL           | SET LOCAL statement_timeout = '5s'
          PostgreSQL           | SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY
          PostgreSQL           | SET TIME ZONE 'UTC'
          PostgreSQL           | SET CONSTRAINTS ALL DEFERRED
          PostgreSQL           | SHOW search_path
          PostgreSQL           | RESET ALL
          MySQL                | SHOW CREATE TABLE t
          MySQL                | DESCRIBE t
          MySQL                | EXPLAIN FORMAT=JSON SELECT 1
          MySQL                | SET @@session.sql_mode = 'ANSI', autocommit = 1, @x := 5
          MySQL                | SET NAMES utf8mb4 COLLATE utf8mb4_bin
          MySQL                | USE app
          Microsoft SQL Server | SET NOCOUNT ON
          Microsoft SQL Server | SET TRANSACTION ISOLATION LEVEL SNAPSHOT
          Microsoft SQL Server | SELECT TOP (5) [add], a FROM t WITH (NOLOCK) ORDER BY a OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY
          Oracle               | SELECT q'[it's]' FROM dual
          Oracle               | SET TRANSACTION READ ONLY
          """)
  void productSpecificReadsAreNotWrites(String product, String sql) {
    assertThat(writes(sql, Dialect.of(product))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          Microsoft SQL Server | CREATE TABLE #t(a int) DELETE FROM accounts    | ddl #t, delete accounts
          Microsoft SQL Server | CREATE TABLE #t(a int) DELETE accounts         | ddl #t, delete accounts
          Microsoft SQL Server | ALTER TABLE t ADD x int DROP TABLE accounts    | ddl t, ddl accounts
          Microsoft SQL Server | ALTER TABLE t ADD x int EXEC pay               | ddl t, call pay
          Microsoft SQL Server | CREATE INDEX i ON t (a) UPDATE u SET a = 1     | ddl t, update u
          Microsoft SQL Server | DROP STATISTICS t.s SET NOCOUNT ON DELETE FROM accounts | ddl, delete accounts
          Microsoft SQL Server | DROP ASSEMBLY a DROP TABLE t                   | ddl, ddl t
          Microsoft SQL Server | GRANT INSERT ON t TO joe DELETE FROM accounts  | ddl t, delete accounts
          Microsoft SQL Server | GRANT CONTROL TO joe SET NOCOUNT ON DELETE FROM accounts | ddl, delete accounts
          Microsoft SQL Server | REVOKE DELETE ON t FROM joe MERGE u USING s ON 1 = 1 WHEN MATCHED THEN DELETE | ddl t, merge u
          Microsoft SQL Server | CREATE TABLE t (a int) ADD SIGNATURE TO p BY CERTIFICATE c | ddl t, other
          Microsoft SQL Server | CREATE TRIGGER r ON t AFTER INSERT, UPDATE AS DELETE FROM u | ddl t, delete u
          Microsoft SQL Server | SELECT 1 CREATE TABLE t (a int) DELETE FROM u  | ddl t, delete u
          PostgreSQL           | CREATE TABLE x AS WITH d AS (DELETE FROM accounts RETURNING *) SELECT * FROM d | ddl x, delete accounts
          PostgreSQL           | CREATE TABLE x AS WITH d AS (UPDATE of SET a = 1 RETURNING 1) SELECT * FROM d | ddl x, update of
          PostgreSQL           | CREATE SCHEMA s GRANT ALL ON accounts TO joe    | ddl s, ddl accounts
          PostgreSQL           | CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM u | ddl INSERT, delete u
          H2                   | CREATE TABLE x AS SELECT * FROM FINAL TABLE (DELETE FROM accounts) | ddl x, delete accounts
          MySQL                | ALTER EVENT e DO DROP TABLE accounts            | ddl, ddl accounts
          SQLite               | CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE OR IGNORE u SET a = 1 | ddl t, update u
          """)
  void definitionHidesNoOtherWrite(String product, String sql, String expected) {
    assertThat(writes(sql, Dialect.of(product))).isEqualTo(expected);
    assertThat(writes(sql, Dialect.UNKNOWN)).contains(expected.split(", "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          CREATE TABLE t (a int REFERENCES u ON DELETE SET NULL ON UPDATE NO ACTION) | ddl t
          CREATE TABLE t (a int REFERENCES u ON UPDATE RESTRICT ON DELETE SET DEFAULT) | ddl t
          CREATE TABLE t (a int UNIQUE ON CONFLICT REPLACE)                     | ddl t
          CREATE TRIGGER r BEFORE INSERT OR UPDATE OF a, b OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION f() | ddl t
          CREATE TRIGGER r DELETE ON t BEGIN SELECT 1                           | ddl t
          CREATE POLICY p ON t FOR DELETE USING (true)                          | ddl t
          CREATE POLICY p ON t FOR INSERT WITH CHECK (true)                     | ddl t
          CREATE OR REPLACE VIEW v AS SELECT replace(a, 'x', 'y') FROM t        | ddl v
          CREATE OR ALTER VIEW v AS SELECT 1                                    | ddl v
          ALTER TABLE t ADD a int                                               | ddl t
          ALTER TABLE t ADD COLUMN a int, DROP COLUMN b, ALTER COLUMN c DROP CONSTRAINT d | ddl t
          ALTER TABLE t RENAME COLUMN a TO b                                    | ddl t
          ALTER TABLE t RENAME TO u                                             | ddl t
          GRANT INSERT, UPDATE (a), DELETE ON t TO joe WITH GRANT OPTION        | ddl t
          REVOKE GRANT OPTION FOR INSERT ON TABLE t FROM joe                    | ddl t
          GRANT CREATE TABLE TO joe                                             | ddl
          """)
  void clausesOfADefinitionAreOneWrite(String sql, String expected) {
    for (String product : List.of("PostgreSQL", "Microsoft SQL Server", "?")) {
      assertThat(writes(sql, Dialect.of(product))).as(product).isEqualTo(expected);
    }
  }

  @Test
  void postgresqlReadsDollarQuotesAsAString() {
    String sql = "SELECT $$; DELETE FROM t$$, $a$ $$; DROP TABLE t; $$ $a$, $1";

    assertThat(writes(sql, Dialect.of("PostgreSQL"))).isEmpty();
  }

  /** Each database runs the DELETE. A scanner without the database's quirk would miss it. */
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
  void writeIsFoundWithAndWithoutKnownProduct(String product, String sql) {
    String text = sql.replace("~X~", "\n").replace("~R~", "\r");

    assertThat(writes(text, Dialect.of(product))).contains("delete t");
    assertThat(writes(text, Dialect.UNKNOWN)).contains("delete t");
  }

  /** Statements from the documentation of products that these tests do not run. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          HSQL Database Engine | SELECT 1 // '~X~; INSERT INTO T VALUES (3) -- ' | insert T
          HSQL Database Engine | SET DATABASE REFERENTIAL INTEGRITY FALSE        | other
          HSQL Database Engine | SET TABLE t READ ONLY                           | other
          HSQL Database Engine | SET TABLE t SOURCE 'f.csv'                      | other
          HSQL Database Engine | SET FILES LOG FALSE                             | other
          HSQL Database Engine | SET INITIAL SCHEMA s                            | other
          HSQL Database Engine | CALL NEXT VALUE FOR s                           | call NEXT, call nextval
          HSQL Database Engine | SELECT NEXT VALUE FOR s FROM t                  | call nextval
          Oracle               | SELECT q'[ ' ]' FROM dual; DELETE FROM t --'    | delete t
          Oracle               | SELECT nq'! ' !' FROM dual; DELETE FROM t --'   | delete t
          Oracle               | SELECT Q'{ ' }' FROM dual; DELETE FROM t --'    | delete t
          Oracle               | SELECT s.NEXTVAL FROM dual                      | call nextval
          Oracle               | SELECT dbms_xmlgen.getxml('x') FROM dual        | call dbms_xmlgen
          Oracle               | EXPLAIN PLAN FOR SELECT 1 FROM dual             | other
          Oracle               | WITH FUNCTION f RETURN NUMBER IS BEGIN RETURN 1 | other
          Oracle               | ALTER SESSION SET x = 1                         | ddl
          Microsoft SQL Server | SELECT 1 RESTORE DATABASE d FROM DISK = 'f'     | other
          Microsoft SQL Server | SELECT 1 BACKUP DATABASE d TO DISK = 'f'        | other
          Microsoft SQL Server | SELECT 1 KILL 53                                | other
          Microsoft SQL Server | SELECT 1 SHUTDOWN                               | other
          Microsoft SQL Server | SELECT 1 DENY SELECT ON t TO u                  | other
          Microsoft SQL Server | SELECT 1 DISABLE TRIGGER r ON t                 | other
          Microsoft SQL Server | SELECT 1 DBCC CHECKIDENT ('t', RESEED, 1)       | other
          Microsoft SQL Server | SELECT 1 WRITETEXT t.c @p 'x'                   | other
          Microsoft SQL Server | SELECT 1 RECONFIGURE                            | other
          Microsoft SQL Server | SELECT 1 SEND ON CONVERSATION @h                | other
          Microsoft SQL Server | SELECT 1 RECEIVE * FROM q                       | other
          Microsoft SQL Server | SELECT 1 END CONVERSATION @h                    | other
          Microsoft SQL Server | SELECT 1 BULK INSERT t FROM 'f'                 | other, insert t
          Microsoft SQL Server | SELECT 1 EXEC ('DELETE FROM t')                 | call
          Microsoft SQL Server | SELECT 0x1UPDATE t SET a = 1                    | update t
          Microsoft SQL Server | SELECT 1e5UPDATE t SET a = 1                    | update t
          Microsoft SQL Server | SELECT 1eUPDATE t SET a = 1                     | other
          Microsoft SQL Server | SELECT 1 AS do UPDATE set_ SET a = 1            | update set_
          Microsoft SQL Server | SELECT * FROM OPENQUERY(s, 'DELETE FROM t')     | call OPENQUERY
          Microsoft SQL Server | SELECT * FROM OPENROWSET('p', 'c', 'DELETE t')  | call OPENROWSET
          Microsoft SQL Server | SELECT * FROM [OPENROWSET]('p', 'c', 'q')       | call OPENROWSET
          Microsoft SQL Server | SET NOCOUNT ON DELETE FROM t                    | delete t
          Microsoft SQL Server | COMMIT DELETE FROM t                            | delete t
          Microsoft SQL Server | sp_rename 'a', 'b'                              | other
          MySQL                | INSERT INTO `app`.`t` VALUES (1)                | insert app.t
          MySQL                | SET GLOBAL x = 1                                | other
          MySQL                | SET autocommit = 1, PERSIST x = 2               | other
          MySQL                | SET @@global.sql_mode = ''                      | other
          MySQL                | SET @x = (SELECT f())                           | other
          MySQL                | SET PASSWORD = 'x'                              | other
          MySQL                | SELECT * FROM t INTO OUTFILE 'f'                | other OUTFILE
          MySQL                | WITH x AS (SELECT 1) DELETE FROM t              | delete t
          MariaDB              | BEGIN NOT ATOMIC DELETE FROM t                  | delete t
          MariaDB              | ANALYZE UPDATE t SET a = 1                      | update t
          SQLite               | SELECT $a('); DELETE FROM t; --')               | other
          SQLite               | WITH x AS (SELECT 1)~B~UPDATE t SET a = 1       | update t
          PostgreSQL           | SELECT $~N~$ ' $~N~$; DELETE FROM t; --'        | delete t
          PostgreSQL           | SELECT E'a'~X~'\\''; DELETE FROM t; --'         | delete t
          PostgreSQL           | SELECT 1 ` 2; DELETE FROM t; SELECT 1 ` 2       | delete t
          H2                   | SELECT * FROM FINAL TABLE (~I~NSERT INTO t VALUES (1)) | insert t
          ?                    | SHOW x                                          | other
          ?                    | EXPLAIN SELECT 1                                | other
          """)
  void productSpecificWritesAreFound(String product, String sql, String expected) {
    String text =
        sql.replace("~X~", "\n")
            .replace("~B~", "\ufeff")
            .replace("~N~", "\u00a0")
            .replace("~I~N", "\u0131N");

    assertThat(writes(text, Dialect.of(product))).isEqualTo(expected);
  }

  @Test
  void equalStatementsAreDistinguished() {
    String sql = "DELETE FROM t; DELETE FROM t";

    assertThat(SqlScanner.writes(sql, Dialect.UNKNOWN)).hasSize(2);
  }

  @Test
  void statementTextHasNoSurroundingComments() {
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

  /** A scanner that took quadratic time would need hours. */
  @Test
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void largeTextTakesLinearTime() {
    String sql = "INSERT INTO t VALUES " + "('it''s', \"b\", 1, [c]), ".repeat(10_000) + "('\\')";

    assertThat(writes(sql, Dialect.UNKNOWN)).isEqualTo("insert t");
  }

  private static String writes(String sql, Dialect dialect) {
    return String.join(
        ", ",
        SqlScanner.writes(sql, dialect).stream()
            .map(write -> (write.operation().label() + " " + write.namespace()).trim())
            .toList());
  }
}
