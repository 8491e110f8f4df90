// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static dev.indelible.drain.AppendOutcome.APPENDED;
import static dev.indelible.drain.AppendOutcome.DLQ_LANDED;
import static dev.indelible.drain.AppendOutcome.DLQ_REPEATED;
import static dev.indelible.drain.AppendOutcome.REPEATED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.queue.DrainReport;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An event is identified by its id and settled once, as a row or as a dead letter (promises D2 and
 * D4).
 */
class IdentityTest {
  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() throws Exception {
    log = TestLog.in(directory).create();
  }

  /** Two submissions of equal content are two rows (D4). */
  @Test
  void equalContentTwiceIsTwoRows() throws Exception {
    log.append(TestLog.refusal("agent:a", "same"), TestLog.refusal("agent:a", "same"));
    assertThat(log.requireIntact()).hasSize(2);
  }

  /**
   * One event submitted twice, in one batch or in two, is one row, and the counters reconcile (D4).
   */
  @Test
  void eventSubmittedTwiceIsOneRow() throws Exception {
    DeferredAuditEvent event = TestLog.refusal("agent:a", "x");
    DeferredAudit audit = log.start();
    audit.queue().submit(event);
    audit.queue().submit(event);
    TestLog.settle(audit);
    audit.queue().submit(event);
    DrainReport report = TestLog.close(audit);
    assertThat(report.appended()).isEqualTo(3);
    assertThat(log.requireIntact()).hasSize(1);
    assertThat(log.deadLetters()).isZero();
  }

  /**
   * An event that reuses an id with different content is a dead letter with reason id_reused (D4).
   * The first row does not change.
   */
  @Test
  void eventWithReusedIdIsADeadLetter() throws Exception {
    DeferredAuditEvent first = TestLog.refusal("agent:a", "first");
    log.append(first);
    List<String> before = PlainChain.fingerprint(log.file);
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.withCommand(first, "second"));
    DrainReport report = TestLog.close(audit);
    assertThat(report.dead()).isEqualTo(1);
    assertThat(PlainChain.fingerprint(log.file)).isEqualTo(before);
    assertThat(Sql.text(log.file, "SELECT failure_reason FROM signed_events_dlq"))
        .isEqualTo("id_reused");
    assertThat(Sql.text(log.file, "SELECT payload ->> '$.action.command' FROM signed_events_dlq"))
        .isEqualTo("second");
  }

  /** An id reused within one batch does not affect the other events of the batch (D4). */
  @Test
  void reusedIdAffectsNoOtherEventOfItsBatch() throws Exception {
    DeferredAuditEvent first = TestLog.refusal("agent:a", "first");
    DeferredAuditEvent after = TestLog.refusal("agent:a", "after");
    assertThat(log.append(first, TestLog.withCommand(first, "second"), after))
        .containsExactly(APPENDED, DLQ_LANDED, APPENDED);
    assertThat(log.requireIntact()).hasSize(2);
    assertThat(log.ids()).containsExactly(first.id().toString(), after.id().toString());
  }

  /** After a crash a new sink gets the whole batch again, and changes nothing (D2, D4). */
  @Test
  void batchRecoveredAfterACrashChangesNothing() throws Exception {
    refuseRowsOfOneAgent();
    DeferredAuditEvent first = TestLog.refusal("agent:a", "first");
    List<DeferredAuditEvent> batch =
        List.of(
            first,
            TestLog.withCommand(first, "second"),
            TestLog.refusal("agent:refused", "never"),
            TestLog.withCommand(first, "third"),
            TestLog.refusal("agent:a", "last"));
    List<AppendOutcome> outcomes = log.append(batch);
    assertThat(outcomes).containsExactly(APPENDED, DLQ_LANDED, DLQ_LANDED, DLQ_LANDED, APPENDED);
    List<String> chain = PlainChain.fingerprint(log.file);
    List<String> letters = Sql.texts(log.file, "SELECT id || payload FROM signed_events_dlq");
    for (int crash = 0; crash < 3; crash++) {
      assertThat(log.append(batch))
          .containsExactly(REPEATED, DLQ_REPEATED, DLQ_REPEATED, DLQ_REPEATED, REPEATED);
    }
    assertThat(PlainChain.fingerprint(log.file)).isEqualTo(chain);
    assertThat(Sql.texts(log.file, "SELECT id || payload FROM signed_events_dlq"))
        .isEqualTo(letters);
    log.requireIntact();
  }

  /** A dead letter stays a dead letter, even if the chain would now accept its event (D2). */
  @Test
  void deadLetterSubmittedAgainStaysADeadLetter() throws Exception {
    refuseRowsOfOneAgent();
    DeferredAuditEvent event = TestLog.refusal("agent:refused", "x");
    assertThat(log.append(event)).containsExactly(DLQ_LANDED);
    Sql.run(log.file, "DROP TRIGGER refusal");
    DeferredAuditEvent fresh = TestLog.refusal("agent:refused", "y");
    assertThat(log.append(fresh, event, event))
        .containsExactly(APPENDED, DLQ_REPEATED, DLQ_REPEATED);
    assertThat(log.ids()).containsExactly(fresh.id().toString());
    assertThat(log.letterIds()).containsExactly(event.id().toString());
  }

  /**
   * A dead letter does not reserve its id: an event with that id but different content is a new
   * event (D4).
   */
  @Test
  void deadLetterDoesNotReserveItsId() throws Exception {
    refuseRowsOfOneAgent();
    DeferredAuditEvent event = TestLog.refusal("agent:refused", "x");
    log.append(event);
    Sql.run(log.file, "DROP TRIGGER refusal");
    DeferredAuditEvent other = TestLog.withCommand(event, "y");
    assertThat(log.append(other, event)).containsExactly(APPENDED, DLQ_REPEATED);
    assertThat(log.rows()).isEqualTo(1);
    assertThat(log.deadLetters()).isEqualTo(1);
  }

  /** An event whose payload was erased is recognized by the hash in its row (D4). */
  @Test
  void eventWithErasedPayloadIsRecognized() throws Exception {
    DeferredAuditEvent event = TestLog.refusal("agent:a", "x");
    log.append(event, TestLog.refusal("agent:a", "y"));
    Sql.run(log.file, "UPDATE signed_events SET payload = NULL WHERE sequence = 1");
    assertThat(log.append(event)).containsExactly(REPEATED);
    assertThat(log.deadLetters()).isZero();
    assertThat(log.rows()).isEqualTo(2);
  }

  /** Contents of equal length that differ in one character are different contents (D4). */
  @Test
  void contentsThatDifferInOneCharacterDiffer() throws Exception {
    DeferredAuditEvent event = TestLog.refusal("agent:a", "rm a");
    assertThat(log.append(event, TestLog.withCommand(event, "rm b")))
        .containsExactly(APPENDED, DLQ_LANDED);
  }

  private void refuseRowsOfOneAgent() throws Exception {
    Sql.run(
        log.file,
        "CREATE TRIGGER refusal BEFORE INSERT ON signed_events"
            + " WHEN NEW.agent_id = 'agent:refused' BEGIN SELECT RAISE(ABORT, 'no'); END");
  }
}
