// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import com.sun.management.OperatingSystemMXBean;
import dev.indelible.append.AppendSettings;
import dev.indelible.append.LedgerAudit;
import dev.indelible.append.RowSealer;
import dev.indelible.check.Verifier;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DrainSettings;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteWriter;
import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.StoredLedger;
import dev.indelible.storage.VerifiableLedger;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Measures appends beside a plain binary COPY of as many rows into an equal table, and verification
 * beside SQLite's. Each pass measures all of them once, one after another, so that the ratios are
 * of one run on one machine. Reports rows per second, and the processor time of this process and of
 * the server for each row, which other work on the machine affects less. Not a test: run {@code
 * main} with the number of rows and of passes.
 */
final class PostgresSpeed {
  private static final int BATCH = PostgresWriter.MAX_BATCH;

  private final TestServer server;
  private final List<DeferredAuditEvent> events;
  private final List<ChainRow> rows;

  private PostgresSpeed(TestServer server, int count) {
    this.server = server;
    this.events = TestLog.refusals("agent:speed", count);
    this.rows = new RowSealer(TestLog.KEY).seal(Head.EMPTY, List.<AuditEvent>copyOf(events));
  }

  public static void main(String[] args) throws Exception {
    int count = Integer.parseInt(args[0]);
    int passes = Integer.parseInt(args[1]);
    try (TestServer server = TestServer.start()) {
      PostgresSpeed speed = new PostgresSpeed(server, count);
      double[] appends = new double[passes];
      double[] verifications = new double[passes];
      for (int pass = 0; pass < passes; pass++) {
        Path directory = Files.createTempDirectory("speed");
        TestLog log = TestLog.create(server);
        Path file = directory.resolve("indelible.db");
        Rate copy = speed.measure(speed::copy);
        Rate append = speed.measure(() -> speed.append(log.ledger().drainer(null)));
        Rate sqliteAppend = speed.measure(() -> speed.append(SqliteWriter.drainer(file, null)));
        Rate verify;
        Rate sqliteVerify;
        try (StoredLedger reader = log.ledger().open()) {
          verify = speed.measure(() -> speed.verify(reader));
        }
        try (SqliteLedger reader = SqliteLedger.open(file)) {
          sqliteVerify = speed.measure(() -> speed.verify(reader));
        }
        appends[pass] = append.perSecond() / copy.perSecond();
        verifications[pass] = verify.perSecond() / sqliteVerify.perSecond();
        System.out.printf(
            Locale.ROOT,
            "pass %d: copy %s; append %s; SQLite's %s; verify %s; SQLite's %s%n",
            pass,
            copy,
            append,
            sqliteAppend,
            verify,
            sqliteVerify);
      }
      System.out.printf(
          Locale.ROOT,
          "median ratio of append to copy %.2f, of verify to SQLite's %.2f%n",
          median(appends),
          median(verifications));
    }
  }

  /**
   * A measured rate.
   *
   * @param perSecond rows per second
   * @param micros processor time of this process for each row, in microseconds
   * @param serverMicros processor time of the server for each row, in microseconds
   */
  private record Rate(double perSecond, double micros, double serverMicros) {
    @Override
    public String toString() {
      return "%.0f/s (%.1f + %.1f us)".formatted(perSecond, micros, serverMicros);
    }
  }

  /** Work whose rate is measured; returns rows per second. */
  @FunctionalInterface
  private interface Work {
    double run() throws Exception;
  }

  private Rate measure(Work work) throws Exception {
    long own = own();
    Duration servers = server.processorTime();
    double perSecond = work.run();
    return new Rate(
        perSecond,
        (own() - own) / 1e3 / rows.size(),
        server.processorTime().minus(servers).toNanos() / 1e3 / rows.size());
  }

  private static long own() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Copies sealed rows in durable transactions, with no other statement. */
  private double copy() throws Exception {
    String schema = server.createLedger();
    String sql =
        "COPY %s.signed_events (%s) FROM STDIN (FORMAT BINARY)"
            .formatted(schema, PostgresRows.COLUMNS);
    try (Connection connection = server.connect()) {
      connection.setAutoCommit(false);
      long start = System.nanoTime();
      for (int from = 0; from < rows.size(); from += BATCH) {
        CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql);
        CopyFormat.Writer out = new CopyFormat.Writer(copy);
        for (ChainRow row : rows.subList(from, Math.min(rows.size(), from + BATCH))) {
          out.row(row);
        }
        out.end();
        connection.commit();
      }
      return perSecond(start);
    }
  }

  /** Submits events to a queue, and waits until the last is in the chain: signed, with a tree. */
  private double append(LedgerFactory ledger) {
    DeferredAudit audit =
        LedgerAudit.start(
            ledger,
            AppendSettings.of(TestLog.KEY, TestLog.KEYS),
            new MemoryStore(),
            DrainSettings.ofDefaults().withShutdownHook(false));
    long start = System.nanoTime();
    for (DeferredAuditEvent event : events) {
      if (!audit.queue().submit(event)) {
        throw new IllegalStateException("not accepted");
      }
    }
    if (!audit.queue().drainPending(TestLog.PATIENCE)) {
      throw new IllegalStateException("not drained");
    }
    double rate = perSecond(start);
    TestLog.close(audit);
    return rate;
  }

  private double verify(VerifiableLedger ledger) {
    long start = System.nanoTime();
    VerificationReport report = new Verifier(ledger, VerificationOptions.of(TestLog.KEYS)).verify();
    if (report.verdict() != VerificationReport.Verdict.INTACT) {
      throw new IllegalStateException(report.findings().toString());
    }
    return perSecond(start);
  }

  private double perSecond(long start) {
    return rows.size() / ((System.nanoTime() - start) / 1e9);
  }
}
