// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.append.LedgerSink;
import dev.indelible.append.RowSealer;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.pending.EventBatch;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Tampering with the end of the chain does not stop the log (promise D11). Each test changes the
 * file with plain SQL, and checks that recording continues, that the chain notes the change once,
 * and that the verifier names the row.
 */
@Tag("any-jdk")
class TamperedHeadTest {
  /** The number of rows in the chain before the tampering. */
  private static final int HONEST = 3;

  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() throws Exception {
    log = TestLog.in(directory);
    log.append(TestLog.refusals("agent:a", HONEST));
  }

  /** Rows are planted at the head without a key, in several ways. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        // wrong link; the signature of the last row
        "payload_hash, signature, attest_level, timestamp, prev_hash, key_id, payload",
        // no signature
        "payload_hash, NULL, attest_level, timestamp, prev_hash, key_id, payload",
        // no key id
        "payload_hash, signature, attest_level, timestamp, prev_hash, NULL, payload",
        // unsigned, with attest level "unsigned"
        "payload_hash, NULL, 'unsigned', timestamp, prev_hash, NULL, payload",
        // a signature of the wrong length
        "payload_hash, x'00', attest_level, timestamp, prev_hash, key_id, payload",
        // no payload
        "payload_hash, signature, attest_level, timestamp, prev_hash, key_id, NULL",
        // only the values that NOT NULL requires
        "x'', NULL, '', '', x'', NULL, NULL",
      })
  void plantedRowIsNotedOnceAndRecordingContinues(String columns) throws Exception {
    plant(HONEST + 1, columns);
    requireOneNoteWhileRecording(HONEST + 1, HONEST + 2);
  }

  /** The row has a correct link and a valid signature of a foreign key. */
  @Test
  void rowSignedByAForeignKeyIsNotedOnce() throws Exception {
    PlainChain.Row last = PlainChain.read(log.file).get(HONEST - 1);
    ChainRow foreign =
        new RowSealer(TestLog.FOREIGN_KEY)
            .seal(
                new Head(last.sequence(), last.recordHash()),
                List.of(TestLog.refusal("agent:mallory", "x")))
            .get(0);
    SqliteWriter writer = SqliteWriter.open(log.file);
    writer.insert(List.of(foreign));
    writer.close();
    assertThat(log.verify().verdict())
        .as("before the note: the tree has no leaf for the row")
        .isEqualTo(Verdict.BROKEN);
    requireOneNoteWhileRecording(HONEST + 1, HONEST + 2);
  }

  /** The log appends after a row planted beyond a small gap. The verifier reports the gap. */
  @Test
  void rowPlantedAfterAGapIsNotedOnce() throws Exception {
    plant(HONEST + 5);
    requireOneNoteWhileRecording(HONEST + 5, HONEST + 6);
  }

  /**
   * A row is planted so far beyond the head that no sequence number is left after it, or that its
   * number has no exact double in JSON. The log notes the row and continues at its own head.
   */
  @ParameterizedTest
  @ValueSource(
      longs = {
        HONEST + (1L << 21),
        (1L << 53) - 1,
        1L << 53,
        (1L << 53) + 1,
        Long.MAX_VALUE - 1,
        Long.MAX_VALUE
      })
  void rowPlantedFarBeyondTheHeadIsNoted(long sequence) throws Exception {
    plant(sequence);
    requireOneNoteWhileRecording(sequence, HONEST + 1);
  }

  /** Two adjacent rows far beyond the head are trusted no more than one such row. */
  @Test
  void rowsPlantedFarBeyondTheHeadAreNotExtended() throws Exception {
    for (int i = 5; i >= 1; i--) {
      plant(Long.MAX_VALUE - i);
    }
    requireOneNoteWhileRecording(Long.MAX_VALUE - 1, HONEST + 1);
  }

  /** Even with a row planted far beyond the head, the log notes tampering at its own head. */
  @Test
  void headIsWatchedBelowAFarPlantedRow() throws Exception {
    plant(Long.MAX_VALUE);
    log.append(TestLog.refusal("agent:a", "after"));
    plant(HONEST + 3);
    log.append(TestLog.refusal("agent:a", "later"));
    assertThat(notedSequences())
        .containsExactly(String.valueOf(Long.MAX_VALUE), String.valueOf(HONEST + 3));
  }

  /** A row with a sequence number below 1 does not start a chain. */
  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -5, 0})
  void rowPlantedBelowOneDoesNotStartAChain(long sequence) throws Exception {
    plant(sequence);
    Sql.run(log.file, "DELETE FROM signed_events WHERE sequence > 0");
    requireOneNoteWhileRecording(sequence, 1);
  }

  /** The log does not look below the head; the verifier finds the row. */
  @Test
  void rowPlantedBelowTheFirstIsNamedByVerifier() throws Exception {
    plant(-5);
    log.append(TestLog.refusal("agent:a", "after"));
    assertThat(brokenSequences()).contains(-5L);
  }

  /** A planted note does not suppress the genuine one. */
  @Test
  void forgedNoteDoesNotSuppressTheGenuineOne() throws Exception {
    plant(HONEST + 1);
    String hash = PlainChain.hex(PlainChain.read(log.file).get(HONEST).recordHash());
    Sql.run(
        log.file,
        "INSERT INTO signed_events SELECT 0, 'forged', 'indelible', 'audit.tamper', payload_hash,"
            + " signature, attest_level, timestamp, prev_hash, key_id,"
            + " '{\"details\":{\"cause\":\"nothing\",\"record_hash\":\""
            + hash
            + "\",\"sequence\":"
            + (HONEST + 1)
            + "}}' FROM signed_events WHERE sequence = 1");
    log.append(TestLog.refusal("agent:a", "after"));
    assertThat(
            Sql.texts(
                log.file,
                "SELECT sequence FROM signed_events WHERE event_type = 'audit.tamper'"
                    + " ORDER BY sequence"))
        .containsExactly("0", String.valueOf(HONEST + 2));
  }

  /** The last row of this writer is changed while the log is running. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "agent_id = 'agent:other'",
        "payload = replace(payload, 'refuse', 'permit')",
        "signature = NULL",
        "prev_hash = zeroblob(32)",
        "timestamp = '2000-01-01T00:00:00.000000Z'"
      })
  void headChangedWhileRunningIsNotedOnce(String change) throws Exception {
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("agent:a", "head"));
    TestLog.settle(audit);
    Sql.run(log.file, "UPDATE signed_events SET " + change + " WHERE sequence = " + (HONEST + 1));
    audit.queue().submit(TestLog.refusal("agent:a", "after"));
    TestLog.settle(audit);
    audit.queue().submit(TestLog.refusal("agent:a", "later"));
    TestLog.settle(audit);
    TestLog.close(audit);
    log.append(TestLog.refusal("agent:a", "after a restart"));
    assertOneNote(HONEST + 1, HONEST + 2);
    assertThat(log.rows()).isEqualTo(HONEST + 5);
    assertThat(brokenSequences()).containsAnyOf(HONEST + 1L, HONEST + 2L);
  }

  /**
   * The tail is cut while the log is running. The log notes it, although a verifier alone could not
   * find it.
   */
  @Test
  void tailCutWhileRunningIsNotedOnce() throws Exception {
    DeferredAudit audit = log.start();
    TestLog.refusals("agent:a", 5).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    Sql.run(log.file, "DELETE FROM signed_events WHERE sequence > " + (HONEST + 2));
    audit.queue().submit(TestLog.refusal("agent:a", "after"));
    TestLog.settle(audit);
    audit.queue().submit(TestLog.refusal("agent:a", "later"));
    TestLog.settle(audit);
    TestLog.close(audit);
    assertOneNote(HONEST + 2, HONEST + 3);
    assertThat(noteCauses().get(0)).contains("rows up to " + (HONEST + 5));
    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(log.rows()).isEqualTo(HONEST + 5);
  }

  /** Every row is deleted while the log is running. */
  @Test
  void tableEmptiedWhileRunningIsNotedOnce() throws Exception {
    DeferredAudit audit = log.start();
    TestLog.refusals("agent:a", 5).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    Sql.run(log.file, "DELETE FROM signed_events");
    audit.queue().submit(TestLog.refusal("agent:a", "after"));
    TestLog.settle(audit);
    audit.queue().submit(TestLog.refusal("agent:a", "later"));
    TestLog.settle(audit);
    TestLog.close(audit);
    assertOneNote(0, 1);
    assertThat(noteCauses().get(0)).contains("all 8 rows are gone");
    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(log.rows()).isEqualTo(3);
  }

  /**
   * The file is removed or moved away while the log has it open (D2, D11). Events accepted after
   * that are in the new file, after a note about the missing rows.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void movedFileGetsNoLaterEvent(boolean moved) throws Exception {
    DeferredAudit audit = log.start();
    TestLog.refusals("agent:a", 5).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    for (String suffix : List.of("", "-wal", "-shm")) {
      Path file = Path.of(log.file + suffix);
      if (moved) {
        Files.move(file, Path.of(directory + "/moved.db" + suffix));
      } else {
        Files.delete(file);
      }
    }
    DeferredAuditEvent after = TestLog.refusal("agent:a", "after");
    audit.queue().submit(after);
    assertThat(TestLog.settle(audit).appended()).isEqualTo(6);
    TestLog.close(audit);
    assertOneNote(0, 1);
    assertThat(noteCauses().get(0)).contains("all 8 rows are gone");
    assertThat(log.ids()).hasSize(2).last().isEqualTo(after.id().toString());
  }

  /**
   * The tail is cut under a lock, while the sink fails (D8). The new sink still knows the last row
   * of the failed one.
   */
  @Test
  void tailCutDuringAFailureIsNoted() throws Exception {
    DeferredAudit audit = log.start();
    TestLog.refusals("agent:a", 5).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    try (Connection mallory = Sql.connect(log.file)) {
      Sql.run(mallory, "BEGIN IMMEDIATE");
      audit.queue().submit(TestLog.refusal("agent:a", "after"));
      await()
          .atMost(TestLog.PATIENCE)
          .until(() -> audit.queue().metrics().health().state() == AuditHealth.State.DEGRADED);
      Sql.run(mallory, "DELETE FROM signed_events WHERE sequence > " + (HONEST + 2), "COMMIT");
    }
    TestLog.settle(audit);
    TestLog.close(audit);
    assertOneNote(HONEST + 2, HONEST + 3);
    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
  }

  /** A second honest writer causes no note, whichever writer wrote last. */
  @Test
  void secondHonestWriterIsNotNoted() throws Exception {
    try (LedgerSink one = log.sink();
        LedgerSink two = log.sink()) {
      for (int i = 0; i < 5; i++) {
        one.append(EventBatch.of(List.of(TestLog.refusal("agent:one", "n" + i))));
        two.append(EventBatch.of(List.of(TestLog.refusal("agent:two", "n" + i))));
      }
    }
    assertThat(log.requireIntact()).hasSize(HONEST + 10);
  }

  /** Two writers that both find the planted row write one note. */
  @Test
  void twoWritersNoteAPlantedRowOnce() throws Exception {
    try (LedgerSink one = log.sink();
        LedgerSink two = log.sink()) {
      one.append(EventBatch.of(List.of(TestLog.refusal("agent:one", "x"))));
      two.append(EventBatch.of(List.of(TestLog.refusal("agent:two", "x"))));
      plant(Long.MAX_VALUE);
      for (int i = 0; i < 3; i++) {
        one.append(EventBatch.of(List.of(TestLog.refusal("agent:one", "n" + i))));
        two.append(EventBatch.of(List.of(TestLog.refusal("agent:two", "n" + i))));
      }
    }
    assertThat(notedSequences()).containsExactly(String.valueOf(Long.MAX_VALUE));
  }

  private void requireOneNoteWhileRecording(long planted, long noteAt) throws Exception {
    long rows = log.rows();
    DeferredAudit audit = log.start();
    DeferredAuditEvent first = TestLog.refusal("agent:after", "one");
    audit.queue().submit(first);
    assertThat(TestLog.settle(audit).appended()).isEqualTo(1);
    audit.queue().submit(TestLog.refusal("agent:after", "two"));
    assertThat(TestLog.settle(audit).appended()).isEqualTo(2);
    TestLog.close(audit);
    for (int restart = 0; restart < 2; restart++) {
      assertThat(log.append(TestLog.refusal("agent:after", "restart " + restart)))
          .containsExactly(AppendOutcome.APPENDED);
    }
    assertThat(log.rows()).as("four events and one note").isEqualTo(rows + 5);
    assertThat(log.deadLetters()).isZero();
    assertOneNote(planted, noteAt);
    assertThat(
            Sql.texts(
                log.file,
                "SELECT sequence FROM signed_events WHERE agent_id = 'agent:after'"
                    + " ORDER BY sequence"))
        .containsExactly(
            String.valueOf(noteAt + 1),
            String.valueOf(noteAt + 2),
            String.valueOf(noteAt + 3),
            String.valueOf(noteAt + 4));
    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(log.verify().findings())
        .filteredOn(finding -> finding.status() != Finding.Status.OK)
        .extracting(Finding::sequence)
        .contains(OptionalLong.of(planted));
    assertThat(log.verify().findings())
        .filteredOn(finding -> finding.check().equals("tamper"))
        .singleElement()
        .matches(finding -> finding.message().contains("row " + planted + " "));
  }

  /**
   * Checks that the chain has one signed note, at sequence number {@code at}, about row {@code
   * about}.
   */
  private void assertOneNote(long about, long at) throws Exception {
    assertThat(notedSequences()).containsExactly(String.valueOf(about));
    PlainChain.Row note =
        PlainChain.read(log.file).stream()
            .filter(row -> row.eventType().equals("audit.tamper"))
            .findFirst()
            .orElseThrow();
    assertThat(note.sequence()).isEqualTo(at);
    assertThat(note.isSignedBy(TestLog.KEY.verificationKey().raw())).isTrue();
    assertThat(note.payloadHash()).isEqualTo(PlainChain.sha256(note.payload()));
    JsonNode payload = new ObjectMapper().readTree(note.payload());
    assertThat(payload.get("agent_id").stringValue()).isEqualTo("indelible");
    assertThat(payload.get("details").get("cause").stringValue()).isNotEmpty();
  }

  private List<String> notedSequences() throws Exception {
    return Sql.texts(
        log.file,
        "SELECT CAST(payload ->> '$.details.sequence' AS TEXT) FROM signed_events"
            + " WHERE event_type = 'audit.tamper' ORDER BY sequence");
  }

  private List<String> noteCauses() throws Exception {
    return Sql.texts(
        log.file,
        "SELECT payload ->> '$.details.cause' FROM signed_events"
            + " WHERE event_type = 'audit.tamper' ORDER BY sequence");
  }

  private List<Long> brokenSequences() throws Exception {
    VerificationReport report = log.verify();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    return report.findings().stream()
        .filter(finding -> finding.status() == Finding.Status.BROKEN)
        .map(Finding::sequence)
        .filter(OptionalLong::isPresent)
        .map(OptionalLong::getAsLong)
        .toList();
  }

  private void plant(long sequence) throws Exception {
    plant(sequence, "payload_hash, signature, attest_level, timestamp, prev_hash, key_id, payload");
  }

  /** Inserts a copy of row 1 with another sequence number, and with some columns replaced. */
  private void plant(long sequence, String columns) throws Exception {
    // SQLite has no literal for its smallest integer.
    String place = sequence == Long.MIN_VALUE ? "-9223372036854775807 - 1" : "" + sequence;
    Sql.run(
        log.file,
        "INSERT INTO signed_events SELECT "
            + place
            + ", 'planted at "
            + sequence
            + "', 'agent:mallory', event_type, "
            + columns
            + " FROM signed_events WHERE sequence = 1");
  }
}
