// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static dev.indelible.drain.AppendOutcome.APPENDED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.BatchAppend;
import dev.indelible.append.ChainEnd;
import dev.indelible.append.HeadGuard;
import dev.indelible.append.LedgerSink;
import dev.indelible.append.RowSealer;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.note.RowCheck;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.testkit.ChildJvm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several writers append to one file, and each event becomes one row (promise D6). */
class LostRaceTest {
  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() throws Exception {
    log = TestLog.in(directory).create();
  }

  /**
   * BEGIN IMMEDIATE makes a lost race impossible, so this batch runs without it. While the first
   * row is being signed, another writer takes its sequence number.
   */
  @Test
  void batchThatLosesARaceIsRetried() throws Exception {
    DeferredAuditEvent winner = TestLog.refusal("agent:winner", "first");
    List<AuditEvent> losers = List.copyOf(TestLog.refusals("agent:loser", 3));
    AtomicInteger calls = new AtomicInteger();
    List<AppendOutcome> outcomes =
        appendWithoutTransaction(
            losers,
            () -> {
              if (calls.getAndIncrement() == 0) {
                appendElsewhere(winner);
              }
            });
    assertThat(outcomes).containsExactly(APPENDED, APPENDED, APPENDED);
    List<String> order = new ArrayList<>(List.of(winner.id().toString()));
    losers.forEach(event -> order.add(event.id().toString()));
    assertThat(log.ids()).isEqualTo(order);
    assertThat(uniqueRaceRetries()).isEqualTo(1);
    assertThat(log.deadLetters()).isZero();
    log.requireIntact();
  }

  /** A batch may lose several races in a row. Each is counted. */
  @Test
  void batchThatLosesThreeRacesIsRetried() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    List<AppendOutcome> outcomes =
        appendWithoutTransaction(
            List.of(TestLog.refusal("agent:loser", "x")),
            () -> {
              if (calls.incrementAndGet() <= 3) {
                appendElsewhere(TestLog.refusal("agent:winner", "n" + calls.get()));
              }
            });
    assertThat(outcomes).containsExactly(APPENDED);
    assertThat(uniqueRaceRetries()).isEqualTo(3);
    assertThat(log.deadLetters()).isZero();
    assertThat(log.requireIntact()).hasSize(4);
  }

  /** Eight writers run in one process, each with its own connection. */
  @Test
  void writersInOneProcessShareTheChain() throws Exception {
    List<DeferredAudit> writers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      writers.add(log.start());
    }
    for (int n = 0; n < 25; n++) {
      for (int w = 0; w < writers.size(); w++) {
        writers.get(w).queue().submit(TestLog.refusal("writer:" + w, "n" + n));
      }
    }
    writers.forEach(TestLog::close);
    assertThat(log.requireIntact()).hasSize(200);
    assertThat(log.deadLetters()).isZero();
    for (int w = 0; w < writers.size(); w++) {
      requireOrder("writer:" + w, 25);
    }
  }

  /** Eight writers in two processes append 50 events each (D2, D3). */
  @Test
  void writersInTwoProcessesShareTheChain() throws Exception {
    // The file is new, so that the two processes also race to create it.
    TestLog fresh = new TestLog(directory.resolve("fresh.db"));
    List<ChildJvm> children = new ArrayList<>();
    for (int p = 0; p < 2; p++) {
      children.add(ChildJvm.running(WriterProcess.class).start(fresh.file, "p" + p, 4, 50));
    }
    for (ChildJvm child : children) {
      assertThat(child.readLine()).isEqualTo("ready");
    }
    children.forEach(child -> child.writeLine("go"));
    for (ChildJvm child : children) {
      assertThat(child.readLine()).isEqualTo("appended 200 dead 0 rejected 0 balanced true");
      assertThat(child.exitCode()).isZero();
    }
    log = fresh;
    List<PlainChain.Row> rows = log.requireIntact();
    assertThat(rows).hasSize(400);
    assertThat(new HashSet<>(log.ids())).hasSize(400);
    assertThat(log.deadLetters()).isZero();
    for (int p = 0; p < 2; p++) {
      for (int w = 0; w < 4; w++) {
        requireOrder("p" + p + ":" + w, 50);
      }
    }
  }

  private void requireOrder(String agent, int events) throws Exception {
    List<String> expected = new ArrayList<>();
    for (int n = 0; n < events; n++) {
      expected.add("n" + n);
    }
    assertThat(
            Sql.texts(
                log.file,
                "SELECT payload ->> '$.action.command' FROM signed_events WHERE agent_id = '"
                    + agent
                    + "' ORDER BY sequence"))
        .as(agent)
        .isEqualTo(expected);
  }

  private List<AppendOutcome> appendWithoutTransaction(
      List<AuditEvent> batch, Runnable beforeSigning) throws Exception {
    SqliteWriter writer = SqliteWriter.open(log.file);
    try {
      return new BatchAppend(
              new ChainEnd(writer, new HeadGuard(new RowCheck(TestLog.KEYS))),
              new RowSealer(new HookedSigner(TestLog.KEY, beforeSigning)),
              log.counters)
          .run(batch, List.of());
    } finally {
      writer.close();
    }
  }

  private void appendElsewhere(AuditEvent event) {
    try (LedgerSink other = log.sink()) {
      other.append(EventBatch.of(List.of(event)));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private long uniqueRaceRetries() {
    return new DeferredAuditQueue(new MemoryStore(), log.counters).metrics().uniqueRaceRetries();
  }

  /** A signer that runs an action before each signature. */
  private record HookedSigner(SigningKey key, Runnable before) implements Signer {
    @Override
    public VerificationKey verificationKey() {
      return key.verificationKey();
    }

    @Override
    public byte[] sign(byte[] message) {
      before.run();
      return key.sign(message);
    }
  }
}
