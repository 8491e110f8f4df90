// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.Checkpoints;
import dev.indelible.append.HeadGuard;
import dev.indelible.append.LedgerRun;
import dev.indelible.append.LedgerSink;
import dev.indelible.append.RowSigning;
import dev.indelible.append.Tallies;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.SigningKey;
import dev.indelible.health.AuditHealth;
import dev.indelible.ledger.RowQuery;
import dev.indelible.merkle.Hash;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.RowCheck;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The Merkle tree and its checkpoints: the rows that they cover, and the finding for each attack.
 */
@Tag("any-jdk")
class TreeTest {
  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() {
    log = TestLog.in(directory);
  }

  /**
   * A slow reference computes the expected root: the recursion of RFC 6962 over the records, which
   * are read with plain SQL.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 255, 256, 257, 700})
  void checkpointStatesTheRootOfTheRecords(int events) throws Exception {
    log.append(TestLog.refusals("agent:a", events));

    List<byte[]> records = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      ledger.forEachRow(
          RowQuery.all(),
          row -> {
            records.add(row.record());
            return true;
          });
    }
    Checkpoint checkpoint = lastCheckpoint();
    assertThat(checkpoint.size()).isEqualTo(events);
    assertThat(checkpoint.root()).isEqualTo(root(records));
    assertThat(checkpoint.origin()).isEqualTo("indelible/" + ledgerId());
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }

  /** Batches of many sizes, each with a checkpoint, build one tree. */
  @Test
  void checkpointsVerifyForBatchesOfEverySize() throws Exception {
    for (int size : new int[] {1, 1, 3, 250, 1, 256, 300, 2, 513}) {
      log.append(TestLog.refusals("agent:a", size));
    }

    VerificationReport report = log.verify();
    assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
    assertThat(finding(report, "checkpoints").message())
        .startsWith("9 checkpoints of indelible/")
        .endsWith("0 rows after the last");
    assertThat(finding(report, "tree").message()).isEqualTo("its tiles are those of 1327 rows");
  }

  @Test
  void twoWritersSignConsistentCheckpoints() throws Exception {
    TestLog other = new TestLog(log.file);
    try (LedgerSink one = often(log);
        LedgerSink two = often(other)) {
      for (int i = 0; i < 20; i++) {
        one.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:a", 1 + i))));
        one.maintain();
        two.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:b", 2))));
        two.maintain();
      }
    }
    assertThat(Sql.number(log.file, "SELECT count(*) FROM indelible_checkpoints")).isEqualTo(40);
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }

  /** A ledger of the previous version has no tree, and gets one with its next row. */
  @Test
  void ledgerWithoutATreeGetsOne() throws Exception {
    log.append(TestLog.refusals("agent:a", 5_000));
    Sql.run(
        log.file,
        "DROP TABLE indelible_tiles",
        "DROP TABLE indelible_tree",
        "DROP TABLE indelible_checkpoints",
        "DROP TABLE indelible_cosignatures",
        "UPDATE indelible_schema SET version = 1");
    VerificationReport before = log.verify();
    assertThat(before.verdict())
        .as("without a tree, a cut cannot be excluded")
        .isEqualTo(Verdict.UNKNOWN);
    assertThat(finding(before, "tree").status()).isEqualTo(Status.UNKNOWN);

    log.append(TestLog.refusals("agent:a", 1));

    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
    assertThat(lastCheckpoint().size()).isEqualTo(5_001);
  }

  /** Attacks on the tree or the checkpoints, and the check that reports each. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a tile with other hashes         | tree        | UPDATE indelible_tiles SET hashes ="
            + " zeroblob(length(hashes)) WHERE level = 0 AND tile = 0",
        "another tile at a higher level   | tree        | UPDATE indelible_tiles SET hashes ="
            + " zeroblob(length(hashes)) WHERE level = 1",
        "a tile that is gone              | tree        | DELETE FROM indelible_tiles WHERE tile = 1",
        "a truncated tile                 | tree        | UPDATE indelible_tiles SET hashes ="
            + " substr(hashes, 1, 32) WHERE level = 0 AND tile = 0",
        "a truncated last tile            | tree        | UPDATE indelible_tiles SET hashes ="
            + " substr(hashes, 1, 32) WHERE level = 0 AND tile = 2",
        "a tile with an extra hash        | tree        | UPDATE indelible_tiles SET hashes ="
            + " CAST(concat(hashes, zeroblob(32)) AS BLOB) WHERE level = 0 AND tile = 0",
        "a last tile with an extra hash   | tree        | UPDATE indelible_tiles SET hashes ="
            + " CAST(concat(hashes, zeroblob(32)) AS BLOB) WHERE level = 0 AND tile = 2",
        "a tile with half a hash more     | tree        | UPDATE indelible_tiles SET hashes ="
            + " CAST(concat(hashes, zeroblob(16)) AS BLOB) WHERE level = 1",
        "a tree that was rolled back      | tree        | UPDATE indelible_tree SET size = 300",
        "a tail cut                       | checkpoints | DELETE FROM signed_events WHERE"
            + " sequence > 590",
        "a checkpoint of another size     | checkpoints | UPDATE indelible_checkpoints SET size = 599",
        "a checkpoint with other bytes    | checkpoints | UPDATE indelible_checkpoints SET note ="
            + " replace(note, '600', '601')",
        "a checkpoint under no size       | checkpoints | UPDATE indelible_checkpoints SET size = -1",
        "a malformed note                 | checkpoints | UPDATE indelible_checkpoints SET note = 'x'",
      })
  void eachAttackIsReportedByItsCheck(String attack, String check, String sql) throws Exception {
    log.append(TestLog.refusals("agent:a", 600));
    Sql.run(log.file, sql.strip());

    VerificationReport report = log.verify();
    assertThat(report.verdict()).as(attack).isEqualTo(Verdict.BROKEN);
    assertThat(finding(report, check.strip()).status()).as(attack).isEqualTo(Status.BROKEN);
  }

  /** A chain without its tree: the rows link and are signed, but have no leaf. */
  @Test
  void rowsWithoutALeafAreNamed() throws Exception {
    log.append(TestLog.refusals("agent:a", 10));
    TestLog other = new TestLog(directory.resolve("other.db"));
    Files.copy(log.file, other.file);
    other.append(TestLog.refusals("agent:a", 2));
    Sql.run(
        log.file,
        "ATTACH '%s' AS other".formatted(other.file),
        "INSERT INTO signed_events SELECT * FROM other.signed_events WHERE sequence > 10");

    VerificationReport report = log.verify();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(finding(report, "tree"))
        .returns("it has 10 leaves, but the chain has 12 rows", Finding::message)
        .satisfies(found -> assertThat(found.sequence()).hasValue(11));
  }

  /** A tree without its chain: the leaves and checkpoints exist, but their rows are gone. */
  @Test
  void leavesWithoutARowAreNamed() throws Exception {
    log.append(TestLog.refusals("agent:a", 600));
    Sql.run(
        log.file,
        "DELETE FROM signed_events WHERE sequence > 590",
        "DELETE FROM indelible_checkpoints");

    VerificationReport report = log.verify();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(finding(report, "tree"))
        .returns("it has 600 leaves, but the chain has 590 rows", Finding::message)
        .satisfies(found -> assertThat(found.sequence()).hasValue(591));
  }

  /** A lowered schema version hides neither the tree nor the checkpoints. */
  @Test
  void loweredVersionHidesNothing() throws Exception {
    log.append(TestLog.refusals("agent:a", 600));
    Sql.run(
        log.file,
        "DELETE FROM signed_events WHERE sequence > 590",
        "UPDATE indelible_schema SET version = 1");

    VerificationReport report = log.verify();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(finding(report, "tree").status()).isEqualTo(Status.BROKEN);
    assertThat(finding(report, "checkpoints").status()).isEqualTo(Status.BROKEN);
  }

  /**
   * If a table is missing, the other tables are still checked: rows, and checkpoints against the
   * rows.
   */
  @ParameterizedTest
  @ValueSource(strings = {"indelible_tiles", "indelible_tree", "indelible_checkpoints"})
  void droppedTableHidesNoOther(String table) throws Exception {
    log.append(TestLog.refusals("agent:a", 1_100));
    Sql.run(
        log.file,
        "DROP TABLE " + table,
        "UPDATE signed_events SET agent_id = 'agent:b' WHERE sequence = 7");

    VerificationReport report = log.verify();
    assertThat(report.rows()).isEqualTo(1_100);
    assertThat(report.firstBroken()).hasValue(7);
    assertThat(finding(report, "tree").status()).isEqualTo(Status.BROKEN);
    assertThat(finding(report, "tree").message()).contains("no such table");
  }

  /** A whole chain rebuilt with the log's own key contradicts a checkpoint that was kept. */
  @Test
  void rebuiltChainContradictsAKeptCheckpoint() throws Exception {
    log.append(TestLog.refusals("agent:a", 10));
    TestLog rebuilt = new TestLog(directory.resolve("rebuilt.db"));
    rebuilt.append(TestLog.refusals("agent:b", 10));
    Sql.run(
        rebuilt.file,
        "ATTACH '%s' AS honest".formatted(log.file),
        "DELETE FROM indelible_checkpoints",
        "INSERT INTO indelible_checkpoints SELECT * FROM honest.indelible_checkpoints");

    VerificationReport report = rebuilt.verify();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(finding(report, "checkpoints").message())
        .isEqualTo("the checkpoint over 10 rows was signed over other rows than these");
  }

  /** A report with many faults stays small enough for a small heap. */
  @Test
  void brokenCheckpointsAreNamedUpToALimit() throws Exception {
    log.append(TestLog.refusals("agent:a", 1_500));
    Sql.run(
        log.file,
        "WITH RECURSIVE sizes(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM sizes WHERE n < 1499)"
            + " INSERT INTO indelible_checkpoints SELECT n, 'x' FROM sizes");

    VerificationReport report = log.verify();
    assertThat(report.faults()).isEqualTo(1_499);
    assertThat(report.findings())
        .filteredOn(found -> found.check().equals("checkpoints"))
        .hasSize(Finding.MAX_NAMED);
  }

  /** A checkpoint of an unknown key proves neither tampering nor integrity. */
  @Test
  void checkpointByAnUnknownKeyIsUnknown() throws Exception {
    log.append(TestLog.refusals("agent:a", 10));
    Checkpoint honest = lastCheckpoint();
    String foreign =
        SignedCheckpoint.sign(honest, NoteSigner.of(honest.origin(), SigningKey.generate()))
            .toString();
    Sql.run(log.file, "UPDATE indelible_checkpoints SET note = '" + foreign + "'");

    assertThat(log.verify().verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(finding(log.verify(), "checkpoints").status()).isEqualTo(Status.UNKNOWN);
  }

  /**
   * If the storage contradicts the last checkpoint, recording continues, signing stops, and health
   * states the cause.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "do not continue                  | UPDATE indelible_tiles SET hashes ="
            + " zeroblob(length(hashes))",
        "is damaged                       | UPDATE indelible_tiles SET hashes = x'00'",
        "is missing                       | DELETE FROM indelible_tiles",
        "the size of the tree is missing  | DELETE FROM indelible_tree",
        "a negative size or last row      | UPDATE indelible_tree SET size = -1",
        "is missing                       | UPDATE indelible_tree SET size = 9223372036854775807",
        "is not one of this log           | UPDATE indelible_checkpoints SET note = 'x'",
      })
  void contradictedCheckpointStopsSigning(String reason, String sql) throws Exception {
    log.append(TestLog.refusals("agent:a", 10));
    Sql.run(log.file, sql.strip());
    log.append(TestLog.refusals("agent:a", 10));

    assertThat(log.rows()).isEqualTo(20);
    assertThat(Sql.number(log.file, "SELECT count(*) FROM indelible_checkpoints")).isEqualTo(1);
    AuditHealth health = new DeferredAuditQueue(new MemoryStore(), log.counters).metrics().health();
    assertThat(health.state()).isEqualTo(AuditHealth.State.DEGRADED);
    assertThat(health.reason()).contains(reason.strip());
    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
  }

  /** Rows and tree are cut, but not the checkpoints. */
  @Test
  void treeShorterThanItsCheckpointIsNotSigned() throws Exception {
    log.append(TestLog.refusals("agent:a", 10));
    Sql.run(log.file, "CREATE TABLE kept AS SELECT * FROM indelible_checkpoints");
    log.cutTailWithItsTree(5);
    Sql.run(log.file, "INSERT INTO indelible_checkpoints SELECT * FROM kept");
    log.append(TestLog.refusals("agent:a", 1));

    assertThat(new DeferredAuditQueue(new MemoryStore(), log.counters).metrics().health().reason())
        .contains("it has 6 rows, and a checkpoint over 10 rows was signed")
        .contains("Restore the database");
  }

  /** A checkpoint stored under a wrong size does not prevent new checkpoints. */
  @Test
  void checkpointUnderAWrongSizeIsIgnored() throws Exception {
    log.append(TestLog.refusals("agent:a", 10));
    Sql.run(log.file, "UPDATE indelible_checkpoints SET size = 5000");
    log.append(TestLog.refusals("agent:a", 10));

    assertThat(Sql.number(log.file, "SELECT min(size) FROM indelible_checkpoints")).isEqualTo(20);
    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
  }

  /**
   * The file is restored to an older state while the log is running. The log remembers its last
   * checkpoint.
   */
  @Test
  void restoredLedgerIsNotSigned() throws Exception {
    log.append(TestLog.refusals("agent:a", 10));
    Path copy = directory.resolve("copy.db");
    Files.copy(log.file, copy);
    HeadGuard guard = new HeadGuard(new RowCheck(TestLog.KEYS));
    Checkpoints checkpoints =
        new Checkpoints(
            Checkpoints.Settings.of(TestLog.KEY).withInterval(Duration.ZERO), guard, log.counters);
    try (LedgerSink sink = sink(log, guard, checkpoints)) {
      sink.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:a", 5))));
    }
    Files.copy(copy, log.file, StandardCopyOption.REPLACE_EXISTING);
    try (LedgerSink sink = sink(log, guard, checkpoints)) {
      sink.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:a", 50))));
    }

    assertThat(lastCheckpoint().size()).isEqualTo(10);
    assertThat(new DeferredAuditQueue(new MemoryStore(), log.counters).metrics().health().reason())
        .contains("the database was rolled back or replaced");
  }

  /** A planted row that was noted has a leaf, so chain and tree stay equal in size. */
  @Test
  void notedRowHasALeaf() throws Exception {
    log.append(TestLog.refusals("agent:a", 3));
    Sql.run(
        log.file,
        "INSERT INTO signed_events SELECT 4, 'x', agent_id, event_type, payload_hash, signature,"
            + " attest_level, timestamp, prev_hash, key_id, payload FROM signed_events"
            + " WHERE sequence = 3");
    log.append(TestLog.refusals("agent:a", 1));

    assertThat(log.rows()).isEqualTo(6);
    assertThat(finding(log.verify(), "tree").status()).isEqualTo(Status.OK);
    assertThat(lastCheckpoint().size()).isEqualTo(6);
  }

  private static LedgerSink often(TestLog log) {
    HeadGuard guard = new HeadGuard(new RowCheck(TestLog.KEYS));
    return sink(
        log,
        guard,
        new Checkpoints(
            Checkpoints.Settings.of(TestLog.KEY).withInterval(Duration.ZERO), guard, log.counters));
  }

  private static LedgerSink sink(TestLog log, HeadGuard guard, Checkpoints checkpoints) {
    return new LedgerSink(
        new LedgerRun(
            SqliteWriter.drainer(log.file, null),
            RowSigning.everyRow(TestLog.KEY),
            guard,
            checkpoints,
            new Tallies(null, guard, new AuditCounters()),
            new AuditCounters()));
  }

  /** Returns the last checkpoint and verifies its signature. */
  private Checkpoint lastCheckpoint() throws Exception {
    byte[] note =
        Sql.text(log.file, "SELECT note FROM indelible_checkpoints ORDER BY size DESC LIMIT 1")
            .getBytes(StandardCharsets.UTF_8);
    SignedCheckpoint signed = SignedCheckpoint.parse(note);
    String origin = signed.unverified().origin();
    return signed.verify(
        new VerifierKey(origin, SignatureType.ED25519, TestLog.KEY.verificationKey()));
  }

  private String ledgerId() throws Exception {
    return Sql.text(log.file, "SELECT id FROM indelible_ledger");
  }

  /** Computes the root as RFC 6962 section 2.1 defines it. */
  private static Hash root(List<byte[]> entries) {
    if (entries.size() == 1) {
      return Hash.ofLeaf(entries.get(0));
    }
    int split = Integer.highestOneBit(entries.size() - 1);
    return Hash.ofNode(
        root(entries.subList(0, split)), root(entries.subList(split, entries.size())));
  }

  private static Finding finding(VerificationReport report, String check) {
    return report.findings().stream()
        .filter(finding -> finding.check().equals(check))
        .findFirst()
        .orElseThrow();
  }
}
