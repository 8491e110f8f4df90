// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.indelible.append.CheckpointFile;
import dev.indelible.append.DeadLetters;
import dev.indelible.append.Erasure;
import dev.indelible.append.Erasure.AlreadyErasedException;
import dev.indelible.append.LedgerSink;
import dev.indelible.append.RowSealer;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InclusionProof;
import dev.indelible.merkle.MerkleTree;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.note.ErasureNote;
import dev.indelible.pending.EventBatch;
import dev.indelible.storage.StoredTiles;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An erased payload is gone, the chain records the erasure, and everything still verifies. */
class ErasureTest {
  private static final String SECRET = "patient-7f3a-has-the-plague";

  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() {
    log = TestLog.in(directory);
  }

  /**
   * Erases payloads that fit into a page and payloads that need overflow pages, in the first, a
   * middle and the last row, while the writer is running.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 300, 20_000})
  void erasedPayloadIsGoneFromTheFiles(int times) throws Exception {
    DeferredAuditEvent first = secret(times);
    DeferredAuditEvent middle = secret(times);
    DeferredAuditEvent last = secret(times);
    try (LedgerSink writer = log.sink()) {
      writer.append(EventBatch.of(List.of(first)));
      writer.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:a", 200))));
      writer.append(EventBatch.of(List.of(middle)));
      writer.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:a", 200))));
      writer.append(EventBatch.of(List.of(last)));
      assertThat(filesHold(SECRET)).isTrue();

      for (DeferredAuditEvent event : List.of(last, first, middle)) {
        assertThat(erase(event).isGone()).isTrue();
      }

      assertThat(filesHold(SECRET)).isFalse();
      writer.append(EventBatch.of(List.of(TestLog.refusal("agent:a", "after"))));
    }
    assertThat(filesHold(SECRET)).isFalse();
    assertThat(payload()).isEqualTo("holds for 404 rows, 3 erased");
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }

  @Test
  void erasureIsRecordedWithItsReason() throws Exception {
    DeferredAuditEvent event = secret(1);
    log.append(TestLog.refusal("agent:a", "before"), event);
    ChainRow before = row(event);

    assertThat(erase(event).note()).isEqualTo(ErasureNote.read(lastRow()).orElseThrow());

    assertThat(row(event).payload()).isEmpty();
    assertThat(row(event).record()).isEqualTo(before.record());
    assertThat(lastRow().eventType()).isEqualTo(SystemEvent.PAYLOAD_ERASED);
    assertThat(new String(lastRow().payload().orElseThrow(), StandardCharsets.UTF_8))
        .contains(
            "\"by\":\"officer\"",
            "\"event_id\":\"" + event.id() + "\"",
            "\"payload_hash\":\"" + PlainChain.hex(before.payloadHash()) + "\"",
            "\"reason\":\"request 17\"",
            "\"sequence\":2");
  }

  /** Proofs of the row verify, whether they were made before or after the erasure. */
  @Test
  void proofsOfTheRowStayValid() throws Exception {
    DeferredAuditEvent event = secret(1);
    log.append(TestLog.refusal("agent:a", "before"), event, TestLog.refusal("agent:a", "after"));
    Hash leaf = Hash.of(row(event).recordHash());
    Hash root = tree(3).root();
    InclusionProof proof = tree(3).inclusionProof(1);

    erase(event);

    assertThat(Hash.of(row(event).recordHash())).isEqualTo(leaf);
    proof.verify(leaf, root);
    tree(3).inclusionProof(1).verify(leaf, root);
    tree(4).inclusionProof(1).verify(leaf, tree(4).root());
  }

  /** Neither the writer of the row nor the next writer reports the erased row as tampering. */
  @Test
  void erasedLastRowIsNotTampering() throws Exception {
    DeferredAudit audit = log.start();
    DeferredAuditEvent event = secret(1);
    audit.queue().submit(event);
    TestLog.settle(audit);

    erase(event);

    audit.queue().submit(TestLog.refusal("agent:a", "the same writer"));
    TestLog.settle(audit);
    TestLog.close(audit);
    log.append(TestLog.refusal("agent:a", "another writer"));
    assertThat(types()).doesNotContain(SystemEvent.TAMPER).hasSize(4);
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }

  /** Erasures while a log is writing lose no row and add no duplicate. */
  @Test
  void erasureWhileWritingLosesNothing() throws Exception {
    DeferredAudit audit = log.start();
    List<DeferredAuditEvent> events = TestLog.refusals("agent:a", 2_000);
    int submitted = 0;
    for (int i = 0; i < 20; i++) {
      for (int j = 0; j < 100; j++) {
        audit.queue().submit(events.get(submitted++));
      }
      DeferredAuditEvent event = events.get(i * 100);
      org.awaitility.Awaitility.await()
          .atMost(TestLog.PATIENCE)
          // The writer may not have created the tables yet.
          .ignoreExceptionsInstanceOf(SQLException.class)
          .until(() -> log.ids().contains(event.id().toString()));
      erase(event);
    }
    TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(log.ids()).hasSize(2_020).doesNotHaveDuplicates();
    assertThat(payload()).isEqualTo("holds for 2000 rows, 20 erased");
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }

  /**
   * An erased event that is submitted again matches its existing row, and its payload is not
   * restored (promise D4).
   */
  @Test
  void erasedEventSubmittedAgainIsOneRow() throws Exception {
    DeferredAuditEvent event = secret(1);
    log.append(event);
    erase(event);

    assertThat(log.append(event)).containsExactly(AppendOutcome.REPEATED);

    assertThat(log.ids()).hasSize(2);
    assertThat(log.deadLetters()).isZero();
    assertThat(filesHold(SECRET)).isFalse();
  }

  /** An event with the id of an erased row but different content is not a repetition of it (D4). */
  @Test
  void eventThatReusesAnErasedIdIsADeadLetter() throws Exception {
    DeferredAuditEvent event = secret(1);
    log.append(event);
    erase(event);
    DeferredAuditEvent other =
        new DeferredAuditEvent(
            event.id(),
            "agent:b",
            event.action(),
            event.decision(),
            event.policy(),
            event.timestamp());

    assertThat(log.append(other)).containsExactly(AppendOutcome.DLQ_LANDED);
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }

  /** A replayed dead letter has the payload of its row, so both are erased. */
  @Test
  void replayedDeadLetterIsErasedWithItsRow() throws Exception {
    log.create();
    Sql.run(
        log.file,
        "CREATE TRIGGER refuse BEFORE INSERT ON signed_events WHEN NEW.agent_id = 'agent:secret'"
            + " BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    DeferredAuditEvent event = secret(1);
    log.append(event);
    assertThatThrownBy(() -> erase(event)).hasMessageContaining("in the dead letters");
    Sql.run(log.file, "DROP TRIGGER refuse");
    replayLetters();

    assertThat(erase(event).note().deadLetters()).isEqualTo(1);

    assertThat(log.deadLetters()).isZero();
    assertThat(filesHold(SECRET)).isFalse();
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }

  @Test
  void failedErasureStatesItsReasonAndChangesNothing() throws Exception {
    DeferredAuditEvent event = secret(1);
    log.append(event, TestLog.refusal("agent:a", "b"));
    erase(event);
    String erasure = lastRow().id();
    Sql.run(
        log.file,
        "UPDATE signed_events SET payload = replace(payload, 'not', 'now') WHERE sequence = 2");

    assertThatThrownBy(() -> erase("0198c7e2-0000-7000-8000-000000000000"))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("no row of event 0198c7e2-0000-7000-8000-000000000000");
    assertThatThrownBy(() -> erase(event))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("row 1 no longer has a payload; it was erased already, as row 3");
    assertThatThrownBy(() -> erase(erasure))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("row 3 is an event of the log itself (payload.erased)");
    assertThatThrownBy(() -> erase(log.ids().get(1)))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("row 2 has a payload that was changed after it was recorded");
    assertThat(log.rows()).isEqualTo(3);
  }

  /** A missing payload is broken unless a later valid event records its erasure. */
  @Test
  void missingPayloadWithoutAnErasureIsBroken() throws Exception {
    List<DeferredAuditEvent> events = TestLog.refusals("agent:a", 5);
    log.append(events);
    erase(events.get(1));
    Sql.run(log.file, "UPDATE signed_events SET payload = NULL WHERE sequence = 3");
    assertThat(brokenPayloads()).containsExactly(3L);

    // Planted by an attacker: an erasure signed by another key, and one recorded before its row.
    ChainRow third = row(events.get(2));
    plant(ErasureNote.of(third, 0, "none", "mallory").toEvent());
    assertThat(brokenPayloads()).contains(3L);
  }

  /**
   * The payload matches the hash in its row, so the row is valid. The report states that the
   * payload is back.
   */
  @Test
  void payloadThatIsBackAfterErasureIsReported() throws Exception {
    List<DeferredAuditEvent> events = TestLog.refusals("agent:a", 2);
    log.append(events);
    Sql.run(log.file, "CREATE TABLE kept AS SELECT payload FROM signed_events WHERE sequence = 2");
    erase(events.get(1));
    Sql.run(
        log.file,
        "UPDATE signed_events SET payload = (SELECT payload FROM kept) WHERE sequence = 2",
        "DROP TABLE kept");

    assertThat(log.verify().findings())
        .anySatisfy(
            finding -> {
              assertThat(finding.sequence()).hasValue(2);
              assertThat(finding.message()).contains("row 3 states that its payload was erased");
              assertThat(finding.isFault()).isFalse();
            });
  }

  @Test
  void erasureExcusesOnlyTheRowThatItNames() throws Exception {
    List<DeferredAuditEvent> events = TestLog.refusals("agent:a", 3);
    log.append(events);
    ChainRow second = row(events.get(1));
    log.forge(
        TestLog.KEY,
        List.of(
            new ErasureNote(2, second.id(), "00".repeat(32), 0, "r", "b").toEvent(),
            new ErasureNote(3, second.id(), hash(second), 0, "r", "b").toEvent(),
            ErasureNote.of(row(events.get(0)), 0, "r", "b").toEvent(),
            // This erasure is recorded before the row that it names.
            new ErasureNote(8, "x", "y", 0, "r", "b").toEvent()));
    Sql.run(log.file, "UPDATE signed_events SET payload = NULL WHERE sequence < 4");

    assertThat(brokenPayloads()).containsExactly(2L, 3L);
  }

  /** A reader of an older state keeps the payload in the WAL, and the erasure reports this. */
  @Test
  void payloadHeldByAReaderIsReported() throws Exception {
    DeferredAuditEvent event = secret(1);
    try (LedgerSink writer = log.sink()) {
      writer.append(EventBatch.of(List.of(event)));
      try (Connection reader = Sql.connect(log.file)) {
        Sql.run(reader, "BEGIN");
        Sql.number(reader, "SELECT count(*) FROM signed_events");
        try (Erasure erasure =
            new Erasure(
                SqliteWriter.open(log.file),
                CheckpointFile.none(),
                TestLog.KEY,
                TestLog.KEYS,
                Duration.ofMillis(50))) {
          String id = event.id().toString();
          assertThat(erasure.erase(id, "r", "b").isGone()).isFalse();
          assertThat(remains(() -> erasure.erase(id, "r", "b"))).isTrue();
        }
        assertThat(filesHold(SECRET)).isTrue();
        Sql.run(reader, "COMMIT");
      }
      // A second erasure reports the first, and empties the WAL.
      assertThat(remains(() -> erase(event))).isFalse();
      assertThat(filesHold(SECRET)).isFalse();
    }
  }

  /** Requires that a repeated erasure is refused; returns true if it states that bytes remain. */
  private static boolean remains(ThrowingCallable repeated) {
    AlreadyErasedException refusal = catchThrowableOfType(AlreadyErasedException.class, repeated);
    assertThat(refusal).hasMessageContaining("erased already");
    return !refusal.isGone();
  }

  private Erasure.Erased erase(DeferredAuditEvent event) throws LedgerException {
    return erase(event.id().toString());
  }

  private Erasure.Erased erase(String id) throws LedgerException {
    try (Erasure erasure =
        new Erasure(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      return erasure.erase(id, "request 17", "officer");
    }
  }

  private static DeferredAuditEvent secret(int times) {
    return TestLog.refusal("agent:secret", (SECRET + " ").repeat(times));
  }

  private boolean filesHold(String text) throws IOException {
    for (String suffix : List.of("", "-wal")) {
      Path file = Path.of(log.file + suffix);
      if (Files.exists(file)
          && new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
        return true;
      }
    }
    return false;
  }

  private void replayLetters() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(log.file);
        DeadLetters letters =
            new DeadLetters(
                SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      List<dev.indelible.ledger.DeadLetter> waiting = new ArrayList<>();
      ledger.forEachDeadLetter(waiting::add);
      assertThat(letters.replay(waiting.get(0))).isEmpty();
    }
  }

  private void plant(SystemEvent event) throws Exception {
    ChainRow row = new RowSealer(TestLog.FOREIGN_KEY).seal(lastRow().head(), event);
    try (SqliteWriter writer = SqliteWriter.open(log.file)) {
      writer.insert(List.of(row));
    }
  }

  private MerkleTree<LedgerException> tree(long size) throws Exception {
    return TiledNodes.tree(new StoredTiles(SqliteLedger.open(log.file)), size);
  }

  private ChainRow row(DeferredAuditEvent event) throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      return ledger.row(event.id().toString()).orElseThrow();
    }
  }

  private ChainRow lastRow() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      return ledger.lastRow().orElseThrow();
    }
  }

  private List<String> types() throws Exception {
    return Sql.texts(log.file, "SELECT event_type FROM signed_events ORDER BY sequence");
  }

  private String payload() throws Exception {
    return log.verify().findings().stream()
        .filter(finding -> finding.check().equals("payload"))
        .map(Finding::message)
        .findFirst()
        .orElseThrow();
  }

  private List<Long> brokenPayloads() throws Exception {
    VerificationReport report = log.verify();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    return report.findings().stream()
        .filter(finding -> finding.check().equals("payload"))
        .map(finding -> finding.sequence().orElseThrow())
        .toList();
  }

  private static String hash(ChainRow row) {
    return PlainChain.hex(row.payloadHash());
  }
}
