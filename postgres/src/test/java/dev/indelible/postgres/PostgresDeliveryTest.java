// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static dev.indelible.drain.AppendOutcome.APPENDED;
import static dev.indelible.drain.AppendOutcome.DLQ_LANDED;
import static dev.indelible.drain.AppendOutcome.REPEATED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.append.LedgerSink;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.drain.SinkException;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.ledger.LedgerException;
import dev.indelible.pending.EventBatch;
import dev.indelible.storage.LedgerSchemaException;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Each event becomes one row or one dead letter, with several writers on one ledger (D2, D3, D6).
 */
class PostgresDeliveryTest {
  private static final String REFUSED = "agent:refused";

  private final TestServer server = TestServer.shared();

  /** Refused rows at the start, in the middle and at the end of a batch, alone and in series. */
  @Test
  void refusedEventsBecomeDeadLetters() throws Exception {
    TestLog log = TestLog.create(server);
    log.run(
        """
        CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'not this one'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON signed_events FOR EACH ROW
        WHEN (NEW.agent_id = '%s') EXECUTE FUNCTION refuse()"""
            .formatted(REFUSED));
    List<AuditEvent> batch = new ArrayList<>();
    List<AppendOutcome> expected = new ArrayList<>();
    for (int i = 0; i < 900; i++) {
      boolean refused = i == 0 || i == 899 || i >= 600 && i < 604 || i == 333;
      batch.add(TestLog.refusal(refused ? REFUSED : "agent:a", "n" + i));
      expected.add(refused ? DLQ_LANDED : APPENDED);
    }
    assertThat(log.append(batch)).isEqualTo(expected);
    assertThat(log.deadLetters()).isEqualTo(7);
    assertThat(log.ids()).hasSize(893);
    assertThat(
            server.text("SELECT min(failure_reason) FROM " + log.schema() + ".signed_events_dlq"))
        .isEqualTo("constraint: not this one (SQLSTATE P0001)");
    log.run("DROP TRIGGER refuse ON signed_events");
    log.requireIntact();
  }

  /** A trigger that drops rows silently loses nothing: the server reports fewer rows than sent. */
  @Test
  void suppressedRowsBecomeDeadLetters() throws Exception {
    TestLog log = TestLog.create(server);
    log.run(
        "CREATE FUNCTION f() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            + " CREATE TRIGGER g BEFORE INSERT ON signed_events FOR EACH ROW EXECUTE FUNCTION f()");
    assertThat(log.append(TestLog.refusals("agent:a", 3)))
        .containsExactly(DLQ_LANDED, DLQ_LANDED, DLQ_LANDED);
    assertThat(log.ids()).isEmpty();
    assertThat(log.deadLetters()).isEqualTo(3);
  }

  @Test
  void repeatedBatchIsOneRowEach() throws Exception {
    TestLog log = TestLog.create(server);
    List<DeferredAuditEvent> batch = TestLog.refusals("agent:a", 50);
    log.append(batch);
    assertThat(log.append(batch)).hasSize(50).containsOnly(REPEATED);
    List<DeferredAuditEvent> overlapping = new ArrayList<>(batch.subList(40, 50));
    overlapping.addAll(TestLog.refusals("agent:a", 5));
    assertThat(log.append(overlapping)).contains(REPEATED, APPENDED);
    assertThat(log.ids()).hasSize(55);
    log.requireIntact();
  }

  @Test
  void writersOfSeveralHostsShareTheChain() throws Exception {
    TestLog log = TestLog.create(server);
    List<DeferredAudit> audits = new ArrayList<>();
    for (int w = 0; w < 4; w++) {
      audits.add(log.start());
    }
    for (int n = 0; n < 150; n++) {
      for (int w = 0; w < audits.size(); w++) {
        assertThat(audits.get(w).queue().submit(TestLog.refusal("writer:" + w, "n" + n))).isTrue();
      }
    }
    audits.forEach(TestLog::close);
    for (int w = 0; w < audits.size(); w++) {
      assertThat(log.commands("writer:" + w)).isEqualTo(TestLog.numbers(150));
    }
    log.requireIntact();
  }

  /** The unique keys refuse a row that is written without the lock on the head. */
  @Test
  void writerWithoutTheLockDoesNotFork() throws Exception {
    TestLog log = TestLog.create(server);
    log.append(TestLog.refusals("agent:a", 3));
    assertThatThrownBy(
            () ->
                log.run(
                    "INSERT INTO signed_events SELECT 3, gen_random_uuid(), agent_id, event_type,"
                        + " payload_hash, signature, attest_level, timestamp, prev_hash, key_id,"
                        + " payload FROM signed_events WHERE sequence = 2"))
        .hasMessageContaining("signed_events_pkey");
    log.requireIntact();
  }

  /** After its session ended, a writer connects again by itself, so that a sink can finish. */
  @Test
  void writerConnectsAgain() throws Exception {
    TestLog log = TestLog.create(server);
    try (LedgerWriter writer = log.ledger().openWriter()) {
      writer.begin();
      server.texts(
          "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = '%s' AND query LIKE '%%%s%%'"
              .formatted(TestServer.WRITER, log.schema()));
      assertThatThrownBy(writer::lastRow).isInstanceOf(LedgerUnavailableException.class);
      rollback(writer);
      writer.begin();
      assertThat(writer.lastRow()).isEmpty();
      writer.rollback();
    }
  }

  /** A connection that replaces a lost one is used only after its ledger and rights are checked. */
  @Test
  void writerChecksItsRightsAgain() throws Exception {
    TestLog log = TestLog.create(server);
    try (LedgerWriter writer = log.ledger().openWriter()) {
      writer.begin();
      log.run("REVOKE INSERT ON signed_events FROM " + TestServer.WRITER);
      server.texts(
          "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = '%s' AND query LIKE '%%%s%%'"
              .formatted(TestServer.WRITER, log.schema()));
      assertThatThrownBy(writer::lastRow).isInstanceOf(LedgerUnavailableException.class);
      rollback(writer);
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(writer::begin)
            .isInstanceOf(LedgerSchemaException.class)
            .hasMessageContaining("lacks INSERT on signed_events");
      }
      log.run("GRANT INSERT ON signed_events TO " + TestServer.WRITER);
      writer.begin();
      writer.rollback();
    }
  }

  /** A wait for the batches of other gates is no fault, and keeps the connection. */
  @Test
  void waitForOtherWritersIsNoFailure() throws Exception {
    TestLog log = TestLog.create(server);
    DeferredAudit audit = log.start();
    try (LedgerWriter other = log.ledger().openWriter()) {
      other.begin();
      audit.queue().submit(TestLog.refusal("agent:a", "n0"));
      await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () ->
                  !server
                      .texts(
                          "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                              + " AND query LIKE '%%%s%%' AND query_start < now() - INTERVAL '1 s'"
                                  .formatted(log.schema()))
                      .isEmpty());
      assertThat(audit.queue().metrics().failures().drainerRestarts()).isZero();
      assertThat(audit.queue().metrics().health()).isEqualTo(AuditHealth.RECORDING);
      other.rollback();
    }
    assertThat(audit.queue().drainPending(Duration.ofMinutes(1))).isTrue();
    assertThat(audit.queue().metrics().failures().drainerRestarts()).isZero();
    audit.closeAndFlush();
    log.requireIntact();
  }

  private static void rollback(LedgerWriter writer) {
    try {
      writer.rollback();
    } catch (LedgerException e) {
      // The server rolled back by itself.
    }
  }

  /** The session keeps no lock and no setting between transactions, as a pool requires. */
  @Test
  void sessionKeepsNothing() throws Exception {
    TestLog log = TestLog.create(server);
    log.run("ALTER ROLE %s SET synchronous_commit = off".formatted(TestServer.WRITER));
    try (LedgerWriter writer = log.ledger().openWriter()) {
      writer.begin();
      writer.rollback();
      assertThat(
              server.text(
                  "SELECT count(*) FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) WHERE usename = '%s' AND query LIKE '%%%s%%' AND locktype <> 'virtualxid'"
                      .formatted(TestServer.WRITER, log.schema())))
          .isEqualTo("0");
      assertThat(writer.warning()).isEmpty();
    } finally {
      log.run("ALTER ROLE %s RESET synchronous_commit".formatted(TestServer.WRITER));
    }
  }

  @Test
  void closedSinkCommitsNothing() throws Exception {
    TestLog log = TestLog.create(server);
    LedgerSink sink = log.sink();
    sink.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:a", 3))));
    log.run("ALTER TABLE signed_events RENAME TO elsewhere");
    assertThatThrownBy(
            () -> sink.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:b", 3)))))
        .isInstanceOf(SinkException.class)
        .hasMessageContaining("does not exist");
    log.run("ALTER TABLE elsewhere RENAME TO signed_events");
    sink.close();
    assertThat(log.ids()).hasSize(3);
    log.requireIntact();
  }
}
