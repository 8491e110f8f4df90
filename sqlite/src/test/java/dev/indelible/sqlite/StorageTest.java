// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.check.Verifier;
import dev.indelible.drain.SinkException;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.LedgerException;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A ledger is not intact if its schema, its indexes or the tables beside the chain were changed. It
 * is intact if an application only shares, moves or compacts its file.
 */
@Tag("any-jdk")
class StorageTest {
  private static final String COLUMNS =
      "id TEXT NOT NULL UNIQUE, agent_id TEXT NOT NULL, event_type TEXT NOT NULL,"
          + " payload_hash BLOB NOT NULL, signature BLOB, attest_level TEXT NOT NULL,"
          + " timestamp TEXT NOT NULL, prev_hash BLOB NOT NULL, key_id TEXT, payload TEXT";

  @TempDir static Path original;
  @TempDir Path directory;

  private static Path sound;
  private TestLog log;

  @BeforeAll
  static void record() throws Exception {
    sound = storage(original);
  }

  /** Creates a file with a ledger that has rows in each of its tables. */
  static Path storage(Path directory) throws Exception {
    TestLog log = TestLog.in(directory);
    for (int i = 0; i < 4; i++) {
      log.append(TestLog.mixed(30));
    }
    SqliteCosignatures cosignatures = new SqliteCosignatures(log.file);
    cosignatures.keep(60, "w+00000000", "\u2014 w AAAAAAAA");
    cosignatures.keep(90, "w+00000000", "\u2014 w AAAAAAAA");
    DeferredAuditEvent refused = TestLog.refusal("agent:dead", "rm -rf /");
    Sql.run(
        log.file,
        "CREATE TRIGGER refusing BEFORE INSERT ON signed_events WHEN new.agent_id = 'agent:dead'"
            + " BEGIN SELECT raise(ABORT, 'no'); END");
    log.append(refused);
    Sql.run(
        log.file,
        "DROP TRIGGER refusing",
        "INSERT INTO indelible_journals VALUES ('9a0a2d8e-2a52-4a55-9c3f-0d1f3b1f8a11', 4711)",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA journal_mode = DELETE");
    assertThat(log.deadLetters()).isEqualTo(1);
    return log.file;
  }

  @BeforeEach
  void copy() throws Exception {
    log = TestLog.in(directory);
    Files.copy(sound, log.file);
  }

  @Test
  void untouchedLedgerIsIntact() throws Exception {
    requireIntact();
    assertThat(storageFindings())
        .containsExactly(
            "the tables are those of schema version 3, and each index has the rows of its table");
  }

  static Stream<Arguments> recreatedTables() {
    return Stream.of(
        attack(
            "indelible_checkpoints: lacks STRICT",
            "size, note",
            "indelible_checkpoints",
            "INSERT INTO indelible_checkpoints VALUES ('x', 'y')"),
        attack(
            "indelible_checkpoints: 1 of its rows have a size of another type than integer",
            "size, note",
            "indelible_checkpoints",
            "INSERT INTO indelible_checkpoints VALUES (x'ff', 'y')"),
        attack(
            "signed_events: 1 of its rows have a sequence of another type than integer",
            "sequence INTEGER, " + COLUMNS,
            "signed_events",
            planted("NULL")),
        attack(
            "signed_events: lacks column sequence INTEGER PRIMARY KEY part 1",
            "sequence INT, " + COLUMNS,
            "signed_events",
            planted("NULL")),
        attack(
            "signed_events: 121 of its rows have a sequence of another type than integer",
            "sequence REAL, " + COLUMNS,
            "signed_events",
            planted("400.5")),
        attack(
            "signed_events: lacks a unique key (id)",
            "sequence INTEGER PRIMARY KEY, " + COLUMNS.replace(" UNIQUE", ""),
            "signed_events"),
        attack(
            "signed_events: has a unique key (id COLLATE NOCASE)",
            "sequence INTEGER PRIMARY KEY, " + COLUMNS.replace(" UNIQUE", " UNIQUE COLLATE NOCASE"),
            "signed_events"),
        attack(
            "signed_events: has a COLLATE clause",
            "sequence INTEGER PRIMARY KEY, "
                + COLUMNS.replace("key_id TEXT", "key_id TEXT COLLATE NOCASE"),
            "signed_events"),
        attack(
            "signed_events: has a CHECK constraint",
            "sequence INTEGER PRIMARY KEY, " + COLUMNS + ", CHECK (event_type <> 'refused')",
            "signed_events"),
        attack(
            "signed_events: has an ON CONFLICT clause",
            "sequence INTEGER PRIMARY KEY ON CONFLICT REPLACE, " + COLUMNS,
            "signed_events"),
        attack(
            "signed_events: has AUTOINCREMENT",
            "sequence INTEGER PRIMARY KEY AUTOINCREMENT, " + COLUMNS,
            "signed_events"),
        attack(
            "signed_events: has a foreign key to hosts",
            "sequence INTEGER PRIMARY KEY, "
                + COLUMNS.replace(
                    "agent_id TEXT", "agent_id TEXT REFERENCES hosts ON DELETE CASCADE"),
            "signed_events"),
        attack(
            "signed_events: has column payload TEXT DEFAULT '{}'",
            "sequence INTEGER PRIMARY KEY, " + COLUMNS + " DEFAULT '{}'",
            "signed_events"),
        attack(
            "signed_events: lacks index (event_type)",
            "sequence INTEGER PRIMARY KEY, " + COLUMNS,
            "signed_events"),
        attack(
            "indelible_tiles: lacks a unique key (level, tile)",
            "level INTEGER NOT NULL, tile INTEGER NOT NULL, hashes BLOB NOT NULL",
            "indelible_tiles"),
        attack(
            "indelible_journals: lacks STRICT",
            "journal TEXT PRIMARY KEY, position INTEGER NOT NULL",
            "indelible_journals",
            "INSERT INTO indelible_journals VALUES (NULL, 7)"),
        attack("indelible_ledger: lacks STRICT", "id TEXT NOT NULL", "indelible_ledger"),
        attack("indelible_schema: lacks STRICT", "version INTEGER NOT NULL", "indelible_schema"),
        attack(
            "indelible_cosignatures: lacks WITHOUT ROWID",
            "size INTEGER NOT NULL, witness TEXT NOT NULL, line TEXT NOT NULL,"
                + " PRIMARY KEY (size, witness)",
            "indelible_cosignatures"));
  }

  private static Arguments attack(String finding, String definition, String table, String... more) {
    return Arguments.of(finding, definition, table, List.of(more));
  }

  private static String planted(String sequence) {
    return "INSERT INTO signed_events SELECT "
        + sequence
        + ", 'planted', agent_id, event_type, payload_hash, signature, attest_level, timestamp,"
        + " prev_hash, key_id, payload FROM signed_events WHERE sequence = 7";
  }

  /**
   * A table is recreated with a different structure. Its rows are kept, and more rows are planted.
   */
  @ParameterizedTest
  @MethodSource("recreatedTables")
  void recreatedTableIsNamed(String finding, String definition, String table, List<String> more)
      throws Exception {
    List<String> sql =
        new ArrayList<>(
            List.of(
                "ALTER TABLE " + table + " RENAME TO kept",
                "CREATE TABLE " + table + " (" + definition + ")",
                "INSERT INTO " + table + " SELECT * FROM kept",
                "DROP TABLE kept"));
    sql.addAll(more);
    change(sql.toArray(String[]::new));
    requireNamed(finding);
  }

  /**
   * Readers and writers refuse a ledger in which a view shows other content than the table stores.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "signed_events",
        "signed_events_dlq",
        "indelible_tiles",
        "indelible_tree",
        "indelible_checkpoints",
        "indelible_cosignatures",
        "indelible_journals",
        "indelible_ledger",
        "indelible_schema"
      })
  void viewInPlaceOfATableIsRefused(String table) throws Exception {
    change(
        "ALTER TABLE " + table + " RENAME TO kept",
        "CREATE VIEW \"" + table.toUpperCase(Locale.ROOT) + "\" AS SELECT * FROM kept");
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOfSatisfying(LedgerException.class, e -> assertThat(e.isDamaged()).isTrue())
        .hasMessageStartingWith(log.file + ": ")
        .hasMessageContaining("is a view");
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "x")))
        .isInstanceOf(SinkException.class)
        .hasMessageContaining("is a view");
  }

  @Test
  void generatedColumnIsRefused() throws Exception {
    change(
        "ALTER TABLE signed_events RENAME COLUMN payload TO hidden",
        "ALTER TABLE signed_events ADD COLUMN payload TEXT AS (hidden || '')");
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("signed_events has a generated column");
  }

  @Test
  void virtualTableInPlaceOfATableIsRefused() throws Exception {
    change(
        "ALTER TABLE indelible_checkpoints RENAME TO kept",
        "CREATE VIRTUAL TABLE indelible_checkpoints USING fts5 (size, note)");
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("indelible_checkpoints is a virtual table");
  }

  @Test
  void ledgerWithoutItsVersionTableIsRefused() throws Exception {
    change("DROP TABLE indelible_schema");
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOfSatisfying(LedgerException.class, e -> assertThat(e.isDamaged()).isTrue())
        .hasMessageContaining("indelible_schema is missing");
  }

  static Stream<Arguments> changedTables() {
    return Stream.of(
        Arguments.of("indelible_schema: has no row", "DELETE FROM indelible_schema"),
        Arguments.of(
            "indelible_schema: has more than one row", "INSERT INTO indelible_schema VALUES (2)"),
        Arguments.of("indelible_schema: states a version", "UPDATE indelible_schema SET version=0"),
        Arguments.of("schema version 1 does not have", "UPDATE indelible_schema SET version = 1"),
        Arguments.of(
            "indelible_ledger: has more than one row", "INSERT INTO indelible_ledger VALUES ('x')"),
        Arguments.of("indelible_ledger: has no row", "DELETE FROM indelible_ledger"),
        Arguments.of(
            "indelible_tree: has more than one row",
            "INSERT INTO indelible_tree VALUES (120, 120)"),
        Arguments.of("indelible_tree: has no row", "DELETE FROM indelible_tree"),
        Arguments.of("but row 121 as its last", "UPDATE indelible_tree SET sequence = 121"),
        Arguments.of(
            "not tiles of the tree", "INSERT INTO indelible_tiles VALUES (0, 9, zeroblob(32))"),
        Arguments.of(
            "not tiles of the tree", "INSERT INTO indelible_tiles VALUES (1, 0, zeroblob(32))"),
        Arguments.of(
            "not tiles of the tree", "INSERT INTO indelible_tiles VALUES (9, 0, zeroblob(32))"),
        Arguments.of("not tiles of the tree", "INSERT INTO indelible_tiles VALUES (-1, 0, x'00')"),
        Arguments.of("are over no rows", "INSERT INTO indelible_checkpoints VALUES (0, 'x')"),
        Arguments.of("are over no rows", "INSERT INTO indelible_checkpoints VALUES (-7, 'x')"),
        Arguments.of(
            "are of a checkpoint that is missing",
            "INSERT INTO indelible_cosignatures VALUES (61, 'w', 'x')"),
        Arguments.of(
            "indelible_journals: has a row", "UPDATE indelible_journals SET position = -1"),
        Arguments.of(
            "indelible_journals: has a row", "UPDATE indelible_journals SET journal = 'x'"),
        Arguments.of(
            "state that they were replayed", "UPDATE signed_events_dlq SET replayed_as = id"),
        Arguments.of(
            "more signature lines than the log's",
            "UPDATE indelible_checkpoints SET note = note || char(8212) || ' x AAAAAAAA' || char(10)"),
        Arguments.of(
            "not one signature line of the witness",
            "UPDATE indelible_cosignatures SET witness = 'x'"),
        Arguments.of(
            "not one signature line of the witness",
            "UPDATE indelible_cosignatures SET line = line || char(10)"),
        Arguments.of("no dead letter has", "UPDATE signed_events_dlq SET letter = -1"),
        Arguments.of("no dead letter has", "UPDATE signed_events_dlq SET attempts = 1 << 40"),
        Arguments.of(
            "has text in failed_at that no writer stores",
            "UPDATE signed_events_dlq SET failed_at = 'x'"),
        Arguments.of(
            "has text in failure_reason that no writer stores",
            "UPDATE signed_events_dlq SET failure_reason = char(27) || '[2J'"),
        Arguments.of(
            "has text in failure_reason that no writer stores",
            "UPDATE signed_events_dlq SET failure_reason = failure_reason || char(0) || 'x'"),
        Arguments.of(
            "has text in payload that no writer stores",
            "UPDATE signed_events_dlq SET payload = CAST(CAST(payload AS BLOB) || x'ff' AS TEXT)"),
        Arguments.of(
            "has text in agent_id that no writer stores",
            "UPDATE signed_events_dlq SET agent_id = CAST(x'ff' AS TEXT)"),
        Arguments.of(
            "wait more than once",
            "INSERT INTO signed_events_dlq SELECT 7, id, agent_id, event_type, payload_hash,"
                + " timestamp, payload, failure_reason, failed_at, attempts, NULL"
                + " FROM signed_events_dlq"),
        Arguments.of(
            "more bytes than a dead letter can have",
            "UPDATE signed_events_dlq SET payload = CAST(zeroblob(5000000) AS TEXT)"),
        Arguments.of("lacks index (event_type)", "DROP INDEX signed_events_type"),
        Arguments.of(
            "has a unique key (agent_id, sequence)",
            "CREATE UNIQUE INDEX refusing ON signed_events (agent_id, sequence)"),
        Arguments.of(
            "has column remark TEXT", "ALTER TABLE signed_events_dlq ADD COLUMN remark TEXT"),
        Arguments.of(
            "trigger dropping: is on a table of the ledger",
            "CREATE TRIGGER dropping BEFORE INSERT ON \"SIGNED_EVENTS\" WHEN new.event_type ="
                + " 'x' BEGIN SELECT raise(IGNORE); END"),
        Arguments.of("indelible_tiles: the table is missing", "DROP TABLE indelible_tiles"));
  }

  /** Each table of the ledger gets values that no writer stores in it. */
  @ParameterizedTest
  @MethodSource("changedTables")
  void impossibleValuesAreNamed(String finding, String sql) throws Exception {
    change(sql);
    requireNamed(finding);
  }

  /** An index lacks the entries of the refusals. */
  @Test
  void indexThatLacksRowsIsNamed() throws Exception {
    long refusals =
        Sql.number(
            log.file,
            "SELECT count(*) FROM signed_events WHERE event_type = '"
                + DeferredAuditEvent.REFUSAL
                + "'");
    assertThat(refusals).isPositive();
    redefine("signed_events_type", " WHERE event_type <> '" + DeferredAuditEvent.REFUSAL + "'");
    change("REINDEX signed_events_type");
    redefine("signed_events_type", "");
    assertThat(
            Sql.number(
                log.file,
                "SELECT count(*) FROM signed_events WHERE event_type = '"
                    + DeferredAuditEvent.REFUSAL
                    + "'"))
        .as("number that SQLite returns from the index")
        .isZero();
    requireNamed("missing from index signed_events_type");
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      assertThat(ledger.size(DeferredAuditEvent.REFUSAL)).isEqualTo(refusals);
    }
  }

  /** The value has a type that STRICT forbids; it was stored while the definition was changed. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE signed_events_dlq SET failure_reason = x'00'",
        "UPDATE signed_events_dlq SET attempts = 'many'",
        "UPDATE indelible_checkpoints SET note = CAST(note AS BLOB)",
        "UPDATE indelible_tiles SET hashes = CAST(hashes AS TEXT)",
        "UPDATE indelible_tiles SET level = 0.5",
        "UPDATE indelible_cosignatures SET line = CAST(line AS BLOB)",
        "UPDATE indelible_ledger SET id = CAST(id AS BLOB)",
        "UPDATE indelible_tree SET size = '120'",
      })
  void valueOfAnotherTypeIsNamed(String sql) throws Exception {
    String strict = "PRAGMA writable_schema = ON";
    change(
        strict,
        "CREATE TABLE definitions AS SELECT rowid AS at, sql FROM sqlite_schema",
        "UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'STRICT, ', ''), ' STRICT', ''),"
            + " ' INTEGER', '') WHERE type = 'table' AND (name LIKE 'indelible%' OR name LIKE '%dlq')");
    change(sql);
    change(
        strict,
        "UPDATE sqlite_schema SET sql = (SELECT sql FROM definitions WHERE at = sqlite_schema.rowid)"
            + " WHERE rowid IN (SELECT at FROM definitions)",
        "DROP TABLE definitions");
    VerificationReport report = log.verify();
    assertThat(report.verdict()).as(report::toString).isEqualTo(Verdict.BROKEN);
    assertThat(report.findings())
        .anyMatch(f -> f.check().equals("storage") && f.status() == Status.BROKEN);
  }

  /**
   * Objects of an application, in the file and on the ledger's tables, are reported and harmless.
   */
  @Test
  void objectsOfAnApplicationAreReportedAndIntact() throws Exception {
    change(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT CHECK (what <> ''), event TEXT"
            + " REFERENCES signed_events (id) ON DELETE CASCADE, price REAL AS (2.5))",
        "CREATE INDEX orders_what ON orders (what COLLATE NOCASE)",
        "CREATE VIEW refused AS SELECT * FROM signed_events WHERE event_type = '"
            + DeferredAuditEvent.REFUSAL
            + "'",
        "CREATE TRIGGER orders_log AFTER INSERT ON orders BEGIN DELETE FROM orders WHERE id < 0; END",
        "CREATE INDEX by_time ON signed_events (timestamp DESC)",
        "CREATE VIRTUAL TABLE search USING fts5 (what)",
        "INSERT INTO orders (what) VALUES ('tea')",
        "ANALYZE");
    requireIntact();
    assertThat(storageFindings())
        .anyMatch(message -> message.contains("table orders") && message.contains("view refused"))
        .anyMatch(message -> message.contains("signed_events: has index (timestamp DESC)"));
    log.append(TestLog.refusals("agent:a", 3));
    requireIntact();
  }

  /** A table in the file replaces one of SQLite's table-valued pragmas in a query. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pragma_table_list",
        "pragma_table_xinfo",
        "pragma_table_info",
        "pragma_index_list",
        "pragma_index_xinfo",
        "pragma_foreign_key_list"
      })
  void plantedPragmaTableDoesNotHideATable(String pragma) throws Exception {
    change(
        "CREATE VIRTUAL TABLE " + pragma + " USING fts5(strict, wr, schema, type, name)",
        "INSERT INTO " + pragma + " VALUES (1, 0, 'main', 'table', 'indelible_checkpoints')",
        "ALTER TABLE indelible_checkpoints RENAME TO kept",
        "CREATE TABLE indelible_checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL)",
        "INSERT INTO indelible_checkpoints SELECT * FROM kept",
        "DROP TABLE kept");
    requireNamed("indelible_checkpoints: lacks STRICT");
  }

  @Test
  void plantedPragmaTableDoesNotHideAColumn() throws Exception {
    change(
        "CREATE VIRTUAL TABLE pragma_table_xinfo USING fts5(hidden)",
        "ALTER TABLE signed_events RENAME COLUMN payload TO hidden",
        "ALTER TABLE signed_events ADD COLUMN payload TEXT AS (hidden || '')");
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("signed_events has a generated column");
  }

  /**
   * An application's table with the name of a pragma is reported, and does not stop verification.
   */
  @Test
  void tablesNamedLikePragmasAreHarmless() throws Exception {
    for (String pragma :
        List.of("table_list", "table_info", "table_xinfo", "index_list", "index_xinfo")) {
      change("CREATE TABLE pragma_" + pragma + " (remark TEXT)");
    }
    change("CREATE VIEW \"PRAGMA_foreign_key_list\" AS SELECT 1 AS remark");
    log.append(TestLog.refusals("agent:a", 3));
    requireIntact();
    assertThat(storageFindings())
        .anyMatch(
            message ->
                message.startsWith("the file has tables or views with the names")
                    && message.contains("view PRAGMA_foreign_key_list")
                    && message.contains("table pragma_table_xinfo"));
  }

  /** A non-ASCII letter whose lower case is an ASCII letter makes a different name. */
  @Test
  void columnNamedWithALookalikeIsNamed() throws Exception {
    change("ALTER TABLE signed_events RENAME COLUMN key_id TO \"\u212aey_id\"");
    requireNamed("signed_events: lacks column key_id TEXT");
  }

  @Test
  void wrongLedgerIdIsNamed() throws Exception {
    change("UPDATE indelible_ledger SET id = '1b4222eb-7b49-408f-85ff-4617ef4ddd0c'");
    assertThat(log.verify().findings())
        .anyMatch(found -> found.check().equals("ledger") && found.status() == Status.BROKEN);
  }

  static Stream<Arguments> changedEntries() {
    return Stream.of(
        Arguments.of("that SQLite does not write", "UPDATE sqlite_schema SET type = 'TABLE'", ""),
        Arguments.of(
            "named signed_events_dlq that SQLite does not write",
            "UPDATE sqlite_schema SET sql = replace(sql, 'TABLE ', 'TABLE IF NOT EXISTS ')",
            " WHERE name = 'signed_events_dlq'"),
        Arguments.of(
            "named signed_events_dlq that SQLite does not write",
            "UPDATE sqlite_schema SET sql = replace(sql, 'signed_events_dlq', 'SIGNED_events_dlq')",
            " WHERE name = 'signed_events_dlq'"),
        Arguments.of(
            "lacks the column order letter, id",
            "UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'failed_at', 'x'),"
                + " 'failure_reason', 'failed_at'), 'x TEXT', 'failure_reason TEXT')",
            " WHERE name = 'signed_events_dlq'"));
  }

  /** Catalogue entries that SQLite reads but never writes. */
  @ParameterizedTest
  @MethodSource("changedEntries")
  void impossibleCatalogueEntryIsNamed(String finding, String sql, String where) throws Exception {
    change(
        "PRAGMA writable_schema = ON",
        sql + (where.isEmpty() ? " WHERE name = 'signed_events_dlq'" : where));
    requireNamed(finding);
  }

  @Test
  void applicationTableNamedLikeSqlitesOwnIsNamed() throws Exception {
    change(
        "CREATE TABLE mine (x)",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET name = 'sqlite_mine', tbl_name = 'sqlite_mine',"
            + " sql = 'CREATE TABLE sqlite_mine (x)' WHERE name = 'mine'");
    requireNamed("named sqlite_mine that SQLite does not write");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE INDEX mine ON signed_events (abs(sequence))",
        "CREATE INDEX mine ON signed_events_dlq (attempts) WHERE abs(attempts) > 3"
      })
  void indexThatCanStopRecordingIsNamed(String sql) throws Exception {
    change(sql);
    requireNamed("can stop recording");
  }

  @Test
  void binaryCollationIsHarmless() throws Exception {
    change(
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'agent_id TEXT', 'agent_id TEXT COLLATE BINARY')"
            + " WHERE name = 'signed_events_dlq'");
    requireIntact();
  }

  @Test
  void unwritableFileVersionIsNamed() throws Exception {
    try (RandomAccessFile bytes = new RandomAccessFile(log.file.toFile(), "rw")) {
      bytes.seek(18);
      bytes.write(3);
    }
    requireNamed("write version 3");
  }

  /** If this SQLite cannot check an index, it is unknown whether the index is complete. */
  @Test
  void indexThatCannotBeCheckedIsUnknown() throws Exception {
    change("CREATE INDEX own ON signed_events (abs(sequence))");
    redefine("own", "CREATE INDEX own ON signed_events (their_function(sequence))", "");
    VerificationReport report = log.verify();
    assertThat(report.verdict()).as(report::toString).isNotEqualTo(Verdict.INTACT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "VACUUM",
        "PRAGMA page_size = 512; VACUUM",
        "PRAGMA page_size = 65536; VACUUM",
        "PRAGMA auto_vacuum = FULL; VACUUM",
        "PRAGMA auto_vacuum = INCREMENTAL; VACUUM",
        "PRAGMA journal_mode = WAL",
        "REINDEX",
        "ANALYZE",
        "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000)); DROP TABLE t",
        "CREATE TABLE t (x) ; ALTER TABLE t RENAME TO u ; ALTER TABLE u ADD COLUMN y"
      })
  void compactedOrConvertedLedgerIsIntact(String sql) throws Exception {
    change(sql.split(";"));
    requireIntact();
    log.append(TestLog.refusals("agent:a", 3));
    requireIntact();
  }

  /** Other spellings of the definitions, as tools that copy databases write them. */
  @Test
  void respelledDefinitionsAreIntact() throws Exception {
    change(
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(replace(sql, 'agent_id', '\"agent_id\" /* CHECK */'),"
            + " 'TEXT NOT NULL', 'text not null') WHERE type = 'table' AND name LIKE 'signed%'");
    requireIntact();
  }

  /** A ledger of an earlier version, before and after its migration. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void ledgerOfAnEarlierVersionIsIntact(int version) throws Exception {
    change(
        "DROP TABLE indelible_cosignatures",
        version == 1 ? "DROP TABLE indelible_tiles" : "SELECT 1",
        version == 1 ? "DROP TABLE indelible_tree" : "SELECT 1",
        version == 1 ? "DROP TABLE indelible_checkpoints" : "SELECT 1",
        "UPDATE indelible_schema SET version = " + version);
    assertThat(storageFindings())
        .containsExactly(
            "the tables are those of schema version %d, and each index has the rows of its table"
                .formatted(version));
    log.append(TestLog.refusals("agent:a", 3));
    requireIntact();
  }

  /**
   * A check that starts at a later row does not read the indexes of the chain, and reports this.
   */
  @Test
  void laterStartReportsWhatItDoesNotCompare() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      VerificationReport report =
          new Verifier(ledger, VerificationOptions.of(TestLog.KEYS).since(100)).verify();
      assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
      assertThat(report.findings())
          .anyMatch(f -> f.message().contains("not compared with their indexes"));
    }
    change("INSERT INTO indelible_tree VALUES (1, 1)");
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      assertThat(
              new Verifier(ledger, VerificationOptions.of(TestLog.KEYS).since(100))
                  .verify()
                  .verdict())
          .isEqualTo(Verdict.BROKEN);
    }
  }

  /** The tables that a name search finds are those that the migrations create. */
  @Test
  void tablesOfEveryVersionAreListed() throws Exception {
    assertThat(
            SqliteSchema.structure(SqliteSchema.VERSION).keySet().stream().map(t -> "'" + t + "'"))
        .containsExactlyInAnyOrder(SqliteSchema.TABLES.split(", "));
  }

  private void change(String... sql) throws SQLException {
    Sql.run(log.file, sql);
  }

  /** Changes the condition of one of the ledger's indexes, but none of its entries. */
  private void redefine(String index, String where) throws SQLException {
    redefine(index, "CREATE INDEX signed_events_type ON signed_events (event_type)", where);
  }

  private void redefine(String index, String definition, String where) throws SQLException {
    change(
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = '%s' WHERE name = '%s'"
            .formatted((definition + where).replace("'", "''"), index));
  }

  private void requireIntact() throws LedgerException {
    VerificationReport report = log.verify();
    assertThat(report.verdict()).as(report::toString).isEqualTo(Verdict.INTACT);
  }

  private List<String> storageFindings() throws LedgerException {
    return log.verify().findings().stream()
        .filter(finding -> finding.check().equals("storage"))
        .map(Finding::message)
        .toList();
  }

  private void requireNamed(String message) throws LedgerException {
    VerificationReport report = log.verify();
    assertThat(report.verdict()).as(report::toString).isEqualTo(Verdict.BROKEN);
    assertThat(report.findings())
        .as(report::toString)
        .anyMatch(
            finding ->
                finding.check().equals("storage")
                    && finding.status() == Status.BROKEN
                    && finding.message().contains(message));
  }
}
