// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.LedgerSink;
import dev.indelible.check.Verifier;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.pending.EventBatch;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each reader sees the chain as of one moment while a writer appends, and that chain is intact. */
class ReadingWhileWritingTest {
  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() throws Exception {
    log = TestLog.in(directory).create();
  }

  /**
   * A growing chain is never reported as broken, and never reads as shorter than before (promise
   * D11).
   */
  @Test
  void growingChainIsNeverReportedAsBroken() throws Exception {
    DeferredAudit audit = log.start();
    AtomicBoolean writing = new AtomicBoolean(true);
    ExecutorService readers = Executors.newFixedThreadPool(2);
    List<Future<Integer>> reports = new ArrayList<>();
    for (int r = 0; r < 2; r++) {
      boolean reopens = r == 0;
      reports.add(readers.submit(() -> verifyWhile(writing, reopens)));
    }
    for (int round = 0; round < 150; round++) {
      TestLog.refusals("agent:a", 20).forEach(audit.queue()::submit);
      assertThat(audit.queue().drainPending(TestLog.PATIENCE)).isTrue();
    }
    writing.set(false);
    for (Future<Integer> reader : reports) {
      assertThat(reader.get(60, TimeUnit.SECONDS)).isGreaterThan(1);
    }
    readers.shutdown();
    assertThat(TestLog.close(audit).appended()).isEqualTo(3_000);
    assertThat(log.requireIntact()).hasSize(3_000);
  }

  /** A person who copies the file alone after the log was closed has all rows. */
  @Test
  void closedWriterLeavesAllRowsInTheFileDespiteReaders() throws Exception {
    DeferredAudit audit = log.start();
    TestLog.refusals("agent:a", 20).forEach(audit.queue()::submit);
    assertThat(audit.queue().drainPending(TestLog.PATIENCE)).isTrue();
    try (SqliteLedger reader = SqliteLedger.open(log.file)) {
      assertThat(reader.lastRow()).isPresent();
      TestLog.close(audit);

      Path copy = Files.copy(log.file, directory.resolve("copy.db"));

      assertThat(Sql.number(copy, "SELECT max(sequence) FROM signed_events"))
          .isEqualTo(reader.lastRow().orElseThrow().sequence());
    }
  }

  private int verifyWhile(AtomicBoolean writing, boolean reopens) throws LedgerException {
    int count = 0;
    long rows = 0;
    try (SqliteLedger kept = SqliteLedger.open(log.file)) {
      while (writing.get() || count < 2) {
        VerificationReport report =
            reopens
                ? log.verify()
                : new Verifier(kept, VerificationOptions.of(TestLog.KEYS)).verify();
        assertThat(report.verdict()).as(report::toString).isEqualTo(Verdict.INTACT);
        assertThat(report.rows()).isGreaterThanOrEqualTo(rows);
        rows = report.rows();
        count++;
      }
    }
    return count;
  }

  /**
   * A visitor sees the rows as of one moment, even if rows are appended between two of its calls.
   */
  @Test
  void visitorSeesOneMoment() throws Exception {
    log.append(TestLog.refusals("agent:a", 50));
    List<Long> seen = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(log.file);
        LedgerSink sink = log.sink()) {
      ledger.forEachRow(
          RowQuery.all(),
          row -> {
            seen.add(row.sequence());
            try {
              sink.append(EventBatch.of(List.of(TestLog.refusal("agent:b", "meanwhile"))));
            } catch (Exception e) {
              throw new AssertionError(e);
            }
            return true;
          });
      assertThat(seen).hasSize(50).last().isEqualTo(50L);
      assertThat(ledger.size()).isEqualTo(100);
    }
    log.requireIntact();
  }

  /** A visitor can stop the reading, and the ledger can be read again. */
  @Test
  void visitorMayStop() throws Exception {
    log.append(TestLog.refusals("agent:a", 10));
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      List<Long> seen = new ArrayList<>();
      ledger.forEachRow(
          RowQuery.from(3),
          row -> {
            seen.add(row.sequence());
            return seen.size() < 2;
          });
      assertThat(seen).containsExactly(3L, 4L);
      assertThat(ledger.size("governance.refusal")).isEqualTo(10);
      assertThat(ledger.size("governance.check")).isZero();
      assertThat(ledger.lastRow().orElseThrow().sequence()).isEqualTo(10);
      assertThat(ledger.row(4).orElseThrow().id()).isEqualTo(log.ids().get(3));
      assertThat(ledger.row(log.ids().get(6)).orElseThrow().sequence()).isEqualTo(7);
      assertThat(ledger.row(11)).isEmpty();
      assertThat(ledger.row("none")).isEmpty();
    }
  }
}
