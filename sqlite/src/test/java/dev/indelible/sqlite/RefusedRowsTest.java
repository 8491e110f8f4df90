// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.append.LedgerSink;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.drain.SinkException;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.pending.EventBatch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * An event that the database refuses becomes a dead letter, and the other events become rows
 * (promises D3 and D6).
 */
class RefusedRowsTest {
  private static final String REFUSED_AGENT = "agent:refused";

  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() throws Exception {
    log = TestLog.in(directory).create();
  }

  /**
   * The refused event has no row in the chain, and exactly one dead letter with its payload and the
   * cause.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "BEFORE INSERT|RAISE(ABORT, 'the inspector objects')",
        "BEFORE INSERT|RAISE(FAIL, 'the inspector objects')",
        "BEFORE INSERT|RAISE(IGNORE)",
        "AFTER INSERT|RAISE(ABORT, 'the inspector objects')"
      })
  void refusedEventIsOneDeadLetterWithItsCause(String trigger) throws Exception {
    refuse(trigger.replace("|", " ON signed_events BEGIN SELECT ") + "; END");
    DeferredAuditEvent event = TestLog.refusal("agent:alice", "rm -rf /");
    DeferredAudit audit = log.start();
    Instant before = Instant.now().minusSeconds(1);
    audit.queue().submit(event);
    DeferredAuditMetrics metrics = TestLog.settle(audit);
    TestLog.close(audit);

    assertThat(metrics.dlqLanded()).isEqualTo(1);
    assertThat(metrics.appended()).isZero();
    assertThat(metrics.uniqueRaceRetries()).as("a refusal does not count as a lost race").isZero();
    assertThat(log.rows()).isZero();
    List<DeadLetter> letters = letters();
    assertThat(letters).hasSize(1);
    DeadLetter letter = letters.get(0);
    assertThat(letter.id()).isEqualTo(event.id().toString());
    assertThat(letter.agentId()).isEqualTo("agent:alice");
    assertThat(letter.eventType()).isEqualTo("governance.refusal");
    assertThat(letter.attempts()).as("one attempt and five retries").isEqualTo(6);
    assertThat(letter.replayedAs()).isEmpty();
    assertThat(letter.failureReason())
        .startsWith("constraint: ")
        .contains(trigger.contains("IGNORE") ? "suppressed by a trigger" : "the inspector objects");
    assertThat(Instant.parse(letter.failedAt())).isAfter(before);
    JsonNode payload = new ObjectMapper().readTree(letter.payload());
    assertThat(payload.get("id").stringValue()).isEqualTo(event.id().toString());
    assertThat(payload.get("action").get("command").stringValue()).isEqualTo("rm -rf /");
    assertThat(payload.get("decision").get("rule_id").stringValue()).isEqualTo("R001");
    assertThat(Sql.text(log.file, "SELECT lower(hex(payload_hash)) FROM signed_events_dlq"))
        .isEqualTo(
            HexFormat.of()
                .formatHex(PlainChain.sha256(letter.payload().getBytes(StandardCharsets.UTF_8))));
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      assertThat(ledger.dlqSize()).isEqualTo(1);
    }
  }

  /**
   * Only the log itself creates the system events that readers act on. A person who can write to a
   * journal but has no key cannot make the log sign one.
   */
  @Test
  void submittedSystemEventIsADeadLetter() throws Exception {
    DeferredAudit audit = log.start();
    List<String> reserved =
        List.of(
            SystemEvent.KEY_COMPROMISED,
            SystemEvent.KEY_ROTATED,
            SystemEvent.PAYLOAD_ERASED,
            SystemEvent.ROW_SIGNATURES,
            SystemEvent.TALLY,
            SystemEvent.TAMPER,
            SystemEvent.DEAD_LETTER_PURGED,
            SystemEvent.DEAD_LETTER_REPLAYED);
    audit.queue().submit(TestLog.refusal("agent:alice", "before"));
    for (String type : reserved) {
      audit.queue().submit(SystemEvent.of(type, new CanonicalWriter().beginObject().endObject()));
    }
    audit.queue().submit(TestLog.refusal("agent:alice", "behind"));
    TestLog.settle(audit);
    TestLog.close(audit);

    assertThat(log.rows()).isEqualTo(2);
    assertThat(letters()).extracting(DeadLetter::eventType).containsExactlyElementsOf(reserved);
    assertThat(letters())
        .allMatch(letter -> letter.failureReason().startsWith("only the log itself records "));
    log.requireIntact();
  }

  /**
   * RAISE(FAIL) after the insert reports an error but keeps the row (D2). The event is then only a
   * row, and not a dead letter.
   */
  @Test
  void errorThatKeepsTheRowAddsNoDeadLetter() throws Exception {
    refuse("AFTER INSERT ON signed_events BEGIN SELECT RAISE(FAIL, 'too late'); END");
    List<DeferredAuditEvent> events = TestLog.refusals("agent:a", 3);
    List<AppendOutcome> outcomes = log.append(events);
    List<String> everywhere = new ArrayList<>(log.ids());
    everywhere.addAll(log.letterIds());
    assertThat(everywhere).containsExactlyInAnyOrderElementsOf(ids(events));
    assertThat(outcomes.stream().filter(AppendOutcome.APPENDED::equals).count())
        .isEqualTo(log.rows());
    log.requireIntact();
  }

  /** The events before and after a refused event become rows, in order (D3, D6). */
  @ParameterizedTest
  @ValueSource(strings = {"RAISE(ABORT, 'no')", "RAISE(FAIL, 'no')", "RAISE(IGNORE)"})
  void eventsAroundARefusedOneStayInOrder(String raise) throws Exception {
    refuseAgent(REFUSED_AGENT, raise);
    List<DeferredAuditEvent> batch = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      boolean isRefused = i == 0 || i == 7 || i == 8 || i == 150 || i == 299;
      batch.add(TestLog.refusal(isRefused ? REFUSED_AGENT : "agent:good", "n" + i));
    }
    DeferredAudit audit = log.start();
    batch.forEach(audit.queue()::submit);
    DeferredAuditMetrics metrics = TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(metrics.dlqLanded()).isEqualTo(5);
    assertThat(metrics.appended()).isEqualTo(295);
    log.requireIntact();
    assertThat(log.ids()).isEqualTo(ids(of("agent:good", batch)));
    assertThat(log.letterIds()).isEqualTo(ids(of(REFUSED_AGENT, batch)));
  }

  /** If the database refuses every row, each event becomes a dead letter, in order (D3, D6). */
  @Test
  void refusedEventsAreDeadLettersInOrder() throws Exception {
    refuseAgent(REFUSED_AGENT, "RAISE(ABORT, 'no')");
    List<DeferredAuditEvent> events = TestLog.refusals(REFUSED_AGENT, 200);
    DeferredAudit audit = log.start();
    events.forEach(audit.queue()::submit);
    assertThat(TestLog.settle(audit).dlqLanded()).isEqualTo(200);
    TestLog.close(audit);
    assertThat(log.rows()).isZero();
    assertThat(log.letterIds()).isEqualTo(ids(events));
  }

  /** A ledger without dead letters reports 0 (D11). */
  @Test
  void newDatabaseHasNoDeadLetters() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      assertThat(ledger.dlqSize()).isZero();
    }
  }

  /** A missing table of dead letters is an error, and does not count as 0 (D11). */
  @Test
  void missingTableOfDeadLettersIsAnError() throws Exception {
    log.append(TestLog.refusal("agent:a", "x"));
    Sql.run(log.file, "DROP TABLE signed_events_dlq");
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      assertThatThrownBy(ledger::dlqSize)
          .isInstanceOf(LedgerException.class)
          .hasMessageContaining("signed_events_dlq");
    }
    assertThat(log.verify().verdict().name()).isEqualTo("BROKEN");
  }

  /**
   * An event that can become neither a row nor a dead letter waits, and is settled once either is
   * possible (D2).
   */
  @Test
  void eventThatCannotEvenBeADeadLetterWaits() throws Exception {
    refuseAgent(REFUSED_AGENT, "RAISE(ABORT, 'no')");
    Sql.run(
        log.file,
        "CREATE TRIGGER graves BEFORE INSERT ON signed_events_dlq"
            + " BEGIN SELECT RAISE(ABORT, 'no dead letters here'); END");
    List<DeferredAuditEvent> events =
        List.of(TestLog.refusal(REFUSED_AGENT, "x"), TestLog.refusal("agent:good", "y"));
    DeferredAudit audit = log.start();
    events.forEach(audit.queue()::submit);
    await().until(() -> audit.queue().metrics().appendFailures() > 2);
    assertThat(audit.queue().metrics().health().state()).isEqualTo(AuditHealth.State.DEGRADED);
    assertThat(audit.queue().metrics().health().reason()).contains("no dead letters here");
    assertThat(audit.queue().metrics().pending()).isEqualTo(2);
    assertThat(log.rows()).as("no later event is recorded first").isZero();

    Sql.run(log.file, "DROP TRIGGER graves");
    TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(log.letterIds()).containsExactly(events.get(0).id().toString());
    assertThat(log.ids()).containsExactly(events.get(1).id().toString());
  }

  /**
   * If a trigger rolls back the transaction, the writer does not continue without a transaction
   * (D2, D3, D11). No event is lost or overtaken, and the status states the cause. Once the trigger
   * is dropped, all events become rows of a valid chain, in order.
   */
  @Test
  void triggerThatRollsBackLosesNothing() throws Exception {
    refuseAgent(REFUSED_AGENT, "RAISE(ROLLBACK, 'rolled back by a trigger')");
    List<DeferredAuditEvent> batch =
        List.of(
            TestLog.refusal("agent:a", "one"),
            TestLog.refusal(REFUSED_AGENT, "two"),
            TestLog.refusal("agent:a", "three"));
    try (LedgerSink sink = log.sink()) {
      assertThatThrownBy(() -> sink.append(EventBatch.of(List.copyOf(batch))))
          .isInstanceOf(SinkException.class)
          .hasMessageContaining("rolled back by a trigger");
    }
    assertThat(log.rows()).as("rows of the rolled-back batch").isZero();
    assertThat(log.deadLetters()).as("dead letters of the rolled-back batch").isZero();

    DeferredAudit audit = log.start();
    batch.forEach(audit.queue()::submit);
    await().until(() -> audit.queue().metrics().appendFailures() > 1);
    assertThat(audit.queue().metrics().health().state()).isEqualTo(AuditHealth.State.DEGRADED);
    assertThat(audit.queue().metrics().health().reason()).contains("rolled back by a trigger");
    Sql.run(log.file, "DROP TRIGGER refusal");
    TestLog.settle(audit);
    TestLog.close(audit);
    log.requireIntact();
    assertThat(log.ids()).isEqualTo(ids(batch));
    assertThat(log.deadLetters()).isZero();
  }

  /** An application's trigger that copies each row to another table causes no fault (D6). */
  @Test
  void triggerThatCopiesRowsCausesNoFault() throws Exception {
    Sql.run(
        log.file,
        "CREATE TABLE copies (id TEXT)",
        "CREATE TRIGGER copy AFTER INSERT ON signed_events BEGIN"
            + " INSERT INTO copies VALUES (NEW.id); INSERT INTO copies VALUES (NEW.id); END");
    assertThat(log.append(TestLog.refusals("agent:a", 5))).containsOnly(AppendOutcome.APPENDED);
    assertThat(log.requireIntact()).hasSize(5);
    assertThat(Sql.number(log.file, "SELECT count(*) FROM copies")).isEqualTo(10);
    assertThat(log.deadLetters()).isZero();
  }

  /**
   * A violated UNIQUE constraint of an application's own table is neither a reused id nor a lost
   * race, whatever the name of the table (D4, D6).
   */
  @ParameterizedTest
  @ValueSource(strings = {"id", "sequence"})
  void applicationsUniqueConstraintIsPermanent(String column) throws Exception {
    Sql.run(
        log.file,
        "CREATE TABLE my_signed_events (" + column + " UNIQUE)",
        "INSERT INTO my_signed_events VALUES (7)",
        "CREATE TRIGGER copy AFTER INSERT ON signed_events WHEN NEW.agent_id = '"
            + REFUSED_AGENT
            + "' BEGIN INSERT INTO my_signed_events VALUES (7); END");
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal(REFUSED_AGENT, "x"));
    audit.queue().submit(TestLog.refusal("agent:good", "y"));
    DeferredAuditMetrics metrics = TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(metrics.dlqLanded()).isEqualTo(1);
    assertThat(metrics.appended()).isEqualTo(1);
    assertThat(metrics.uniqueRaceRetries()).isZero();
    assertThat(letters().get(0).failureReason()).contains("my_signed_events." + column);
  }

  /**
   * A trigger that violates UNIQUE on the id of the chain causes a permanent fault, and the dead
   * letter states the cause (D6).
   */
  @Test
  void triggerThatInsertsADuplicateIsPermanent() throws Exception {
    Sql.run(
        log.file,
        "CREATE TRIGGER twin AFTER INSERT ON signed_events WHEN NEW.sequence < 1000 BEGIN"
            + " INSERT INTO signed_events SELECT NEW.sequence + 1000, NEW.id, NEW.agent_id,"
            + " NEW.event_type, NEW.payload_hash, NULL, 'unsigned', NEW.timestamp, NEW.prev_hash,"
            + " NULL, NULL; END");
    assertThat(log.append(TestLog.refusal("agent:a", "x")))
        .containsExactly(AppendOutcome.DLQ_LANDED);
    assertThat(letters().get(0).failureReason()).contains("signed_events.id");
    assertThat(log.rows()).isZero();
  }

  private void refuse(String trigger) throws Exception {
    Sql.run(log.file, "CREATE TRIGGER refusal " + trigger);
  }

  private void refuseAgent(String agent, String raise) throws Exception {
    refuse(
        "BEFORE INSERT ON signed_events WHEN NEW.agent_id = '"
            + agent
            + "' BEGIN SELECT "
            + raise
            + "; END");
  }

  private List<DeadLetter> letters() throws LedgerException {
    List<DeadLetter> letters = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      ledger.forEachDeadLetter(letters::add);
    }
    return letters;
  }

  private static List<DeferredAuditEvent> of(String agent, List<DeferredAuditEvent> events) {
    return events.stream().filter(event -> event.agentId().equals(agent)).toList();
  }

  private static List<String> ids(List<DeferredAuditEvent> events) {
    return Arrays.asList(
        events.stream().map(event -> event.id().toString()).toArray(String[]::new));
  }
}
