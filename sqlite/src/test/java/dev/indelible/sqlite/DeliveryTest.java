// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.append.LedgerSink;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.drain.DeferredAuditSink;
import dev.indelible.drain.SinkException;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.pending.EventBatch;
import dev.indelible.queue.DrainReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Events reach their rows in a real file, in order and once each. */
class DeliveryTest {
  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() {
    log = TestLog.in(directory);
  }

  /** Submits 5,000 events (promises D3 and D10). */
  @Test
  void fiftyProducersLoseNothingAndKeepOrder() throws Exception {
    recordInOrderOfEachProducer(50, 100);
  }

  /** Submits 60,000 events (D3, D10). */
  @Test
  @Tag("full")
  void fiftyProducersLoseNoneOfSixtyThousandEvents() throws Exception {
    recordInOrderOfEachProducer(50, 1_200);
  }

  private void recordInOrderOfEachProducer(int producers, int events) throws Exception {
    DeferredAudit audit = log.start();
    CountDownLatch start = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(producers);
    List<Future<Integer>> accepted = new ArrayList<>();
    for (int p = 0; p < producers; p++) {
      String agent = "producer:" + p;
      accepted.add(
          threads.submit(
              () -> {
                start.await();
                int count = 0;
                for (int i = 0; i < events; i++) {
                  count += audit.queue().submit(TestLog.refusal(agent, "n" + i)) ? 1 : 0;
                }
                return count;
              }));
    }
    start.countDown();
    for (Future<Integer> producer : accepted) {
      assertThat(producer.get(60, TimeUnit.SECONDS)).isEqualTo(events);
    }
    threads.shutdown();
    DrainReport report = TestLog.close(audit);
    assertThat(report.submitted()).isEqualTo((long) producers * events);
    assertThat(report.appended()).isEqualTo((long) producers * events);

    assertThat(log.requireIntact()).hasSize(producers * events);
    for (int p = 0; p < producers; p++) {
      List<String> commands =
          Sql.texts(
              log.file,
              "SELECT payload ->> '$.action.command' FROM signed_events WHERE agent_id = 'producer:"
                  + p
                  + "' ORDER BY sequence");
      assertThat(commands).hasSize(events);
      for (int i = 0; i < events; i++) {
        assertThat(commands.get(i)).isEqualTo("n" + i);
      }
    }
  }

  /** A ledger that needs a millisecond per event records a whole burst. */
  @Test
  void slowLedgerRecordsAWholeBurst() throws Exception {
    DeferredAudit audit =
        log.start(
            () -> before(log.sink(), n -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(n))));
    for (DeferredAuditEvent event : TestLog.refusals("agent:burst", 200)) {
      assertThat(audit.queue().submit(event)).isTrue();
    }
    DrainReport report = TestLog.close(audit);
    assertThat(report.rejected()).isZero();
    assertThat(report.appended()).isEqualTo(200);
    assertThat(log.requireIntact()).hasSize(200);
  }

  /** If only the answer is lost after a commit, the event is not committed again (D2). */
  @Test
  void failureAfterCommitAddsNoSecondRow() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    DeferredAudit audit =
        log.start(
            () ->
                after(
                    log.sink(),
                    () -> {
                      if (calls.getAndIncrement() == 0) {
                        throw new IllegalStateException("failed after the commit");
                      }
                    }));
    DeferredAuditEvent first = TestLog.refusal("agent:a", "one");
    DeferredAuditEvent second = TestLog.refusal("agent:a", "two");
    audit.queue().submit(first);
    audit.queue().submit(second);
    DeferredAuditMetrics metrics = TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(metrics.drainerPanics()).isEqualTo(1);
    assertThat(metrics.appended()).isEqualTo(2);
    log.requireIntact();
    assertThat(log.ids()).containsExactly(first.id().toString(), second.id().toString());
  }

  /** An older event with equal content is not mistaken for the submitted one (D4). */
  @Test
  void failureBeforeCommitKeepsEqualContentsApart() throws Exception {
    DeferredAuditEvent older = TestLog.refusal("agent:a", "equal");
    log.append(older);
    AtomicInteger calls = new AtomicInteger();
    DeferredAudit audit =
        log.start(
            () ->
                before(
                    log.sink(),
                    n -> {
                      if (calls.getAndIncrement() == 0) {
                        throw new IllegalStateException("failed before the commit");
                      }
                    }));
    DeferredAuditEvent newer = TestLog.refusal("agent:a", "equal");
    audit.queue().submit(newer);
    TestLog.settle(audit);
    TestLog.close(audit);
    log.requireIntact();
    assertThat(log.ids()).containsExactly(older.id().toString(), newer.id().toString());
  }

  /** The sink opens and creates no file before the first append. */
  @Test
  void newSinkOpensNoFile() throws Exception {
    try (LedgerSink sink = log.sink()) {
      assertThat(directory).isEmptyDirectory();
      sink.append(EventBatch.of(List.of(TestLog.refusal("agent:a", "x"))));
      assertThat(log.file).isRegularFile();
    }
  }

  /** A queue creates no file when it starts, nor when it closes unused. */
  @Test
  void unusedQueueCreatesNoFile() throws Exception {
    TestLog.close(log.start());
    assertThat(directory).isEmptyDirectory();
  }

  /** The sink does not write inside a transaction that the application has open. */
  @Test
  void sinkUsesASeparateConnection() throws Exception {
    log.append(TestLog.refusal("agent:a", "first"));
    try (Connection callers = Sql.connect(log.file)) {
      callers.setAutoCommit(false);
      assertThat(Sql.number(callers, "SELECT count(*) FROM signed_events")).isEqualTo(1);
      log.append(TestLog.refusal("agent:a", "second"));
      assertThat(Sql.number(callers, "SELECT count(*) FROM signed_events"))
          .as("rows that the caller's open transaction sees")
          .isEqualTo(1);
      callers.rollback();
    }
    assertThat(log.requireIntact()).hasSize(2);
  }

  /** A closed sink keeps no file open, so the database is a single file again. */
  @Test
  void closedSinkKeepsNoFileOpen() throws Exception {
    log.append(TestLog.refusal("agent:a", "x"));
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(log.file);
    }
  }

  /** A refusal is one row, whose signature an independent reader verifies. */
  @Test
  void refusalIsOneSignedRow() throws Exception {
    DeferredAudit audit = log.start();
    assertThat(
            audit
                .queue()
                .submitRefusal(
                    "agent:alice", new Bash("rm -rf /"), new Refuse("R001", "no \"root\"")))
        .isTrue();
    TestLog.close(audit);

    List<PlainChain.Row> rows = PlainChain.read(log.file);
    assertThat(rows).hasSize(1);
    PlainChain.Row row = rows.get(0);
    assertThat(row.eventType()).isEqualTo("governance.refusal");
    assertThat(row.agentId()).isEqualTo("agent:alice");
    assertThat(row.attestLevel()).isEqualTo("self_signed");
    assertThat(row.signature()).hasSize(64);
    assertThat(row.isSignedBy(TestLog.KEY.verificationKey().raw())).isTrue();
    assertThat(row.isSignedBy(TestLog.FOREIGN_KEY.verificationKey().raw())).isFalse();

    JsonNode payload = new ObjectMapper().readTree(row.payload());
    assertThat(payload.get("action").toString())
        .isEqualTo("{\"command\":\"rm -rf /\",\"kind\":\"bash\"}");
    assertThat(payload.get("decision").toString())
        .isEqualTo("{\"decision\":\"refuse\",\"reason\":\"no \\\"root\\\"\",\"rule_id\":\"R001\"}");
    assertThat(payload.get("agent_id").stringValue()).isEqualTo(row.agentId());
    assertThat(payload.get("id").stringValue()).isEqualTo(row.id());
    assertThat(payload.get("timestamp").stringValue()).isEqualTo(row.timestamp());
    assertThat(payload.get("nonce").stringValue()).hasSize(22);
  }

  /** Refusals and escalations are recorded as blocked, permissions and warnings as permitted. */
  @Test
  void eachCheckLeavesOneRowOfItsType() throws Exception {
    DeferredAudit audit = log.start();
    Bash action = new Bash("ls");
    audit.queue().submit(TestLog.event("agent:a", action, new Refuse("R1", "no")));
    audit.queue().submit(TestLog.event("agent:a", action, new Escalate("R2", "ask")));
    audit.queue().submit(TestLog.event("agent:a", action, new Allow()));
    audit.queue().submit(TestLog.event("agent:a", action, new Warn("R3", "hm")));
    TestLog.close(audit);
    assertThat(Sql.texts(log.file, "SELECT event_type FROM signed_events ORDER BY sequence"))
        .containsExactly(
            "governance.refusal", "governance.refusal", "governance.check", "governance.check");
  }

  /** The first row links to 32 zero bytes, and each later row to the previous row. */
  @Test
  void firstRowLinksToZeros() throws Exception {
    log.append(TestLog.mixed(10));
    log.append(TestLog.mixed(10));
    List<PlainChain.Row> rows = PlainChain.read(log.file);
    assertThat(rows.get(0).sequence()).isEqualTo(1);
    assertThat(rows.get(0).prevHash()).isEqualTo(new byte[32]);
    for (int i = 1; i < rows.size(); i++) {
      assertThat(rows.get(i).prevHash()).isEqualTo(rows.get(i - 1).recordHash());
    }
    assertThat(log.requireIntact()).hasSize(20);
  }

  /** The stored payload is canonical, and plain SQL can query it. */
  @Test
  void payloadIsTextThatSqlCanQuery() throws Exception {
    log.append(TestLog.mixed(7));
    assertThat(Sql.texts(log.file, "SELECT DISTINCT typeof(payload) FROM signed_events"))
        .containsExactly("text");
    assertThat(
            Sql.text(
                log.file,
                "SELECT payload ->> '$.action.path' FROM signed_events"
                    + " WHERE payload ->> '$.action.kind' = 'filesystem_write'"))
        .isEqualTo("/etc/pässwörd");
  }

  /** A payload over the limit is recorded with the size and the digest of its action. */
  @Test
  void oversizePayloadIsRecordedByItsDigest() throws Exception {
    log.append(TestLog.refusal("agent:a", "x".repeat(2 * 1024 * 1024)));
    log.append(TestLog.refusal("agent:a", "y".repeat(1024 * 1024 - 1024)));
    assertThat(log.requireIntact()).hasSize(2);
    assertThat(
            Sql.texts(
                log.file,
                "SELECT payload -> '$.action.oversize' IS NOT NULL FROM signed_events"
                    + " ORDER BY sequence"))
        .containsExactly("1", "0");
  }

  /** A dead letter counts as settled, like a row of the chain (D9). */
  @Test
  void drainPendingCountsDeadLettersAsSettled() throws Exception {
    DeferredAuditEvent event = TestLog.refusal("agent:a", "x");
    log.append(event);
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.withCommand(event, "other"));
    assertThat(audit.queue().drainPending(Duration.ofSeconds(30))).isTrue();
    DeferredAuditMetrics metrics = TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(metrics.dlqLanded()).isEqualTo(1);
  }

  private static DeferredAuditSink before(DeferredAuditSink sink, BatchHook hook) {
    return new DeferredAuditSink() {
      @Override
      public List<AppendOutcome> append(EventBatch batch) throws SinkException {
        hook.run(batch.events().size());
        return sink.append(batch);
      }

      @Override
      public void close() {
        sink.close();
      }
    };
  }

  private static DeferredAuditSink after(DeferredAuditSink sink, Runnable hook) {
    return new DeferredAuditSink() {
      @Override
      public List<AppendOutcome> append(EventBatch batch) throws SinkException {
        List<AppendOutcome> outcomes = sink.append(batch);
        hook.run();
        return outcomes;
      }

      @Override
      public void close() {
        sink.close();
      }
    };
  }

  @FunctionalInterface
  private interface BatchHook {
    void run(int events);
  }
}
