// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.IndelibleContender;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.load.Producers;
import dev.indelible.check.Verifier;
import dev.indelible.directory.DataDirectory;
import dev.indelible.queue.Durability;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.storage.RowRanges;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measures how long verification of a log takes. Also measures only reading the rows with the same
 * number of threads, which is the lower bound. Each round reads once and verifies once. The first
 * round is a warm-up.
 */
public final class Verification implements Task {
  private static final int ROWS_AT_ONCE = 1_024;

  /**
   * Returns the task's parameters: directory, kind of signature, number of rows, number of rounds.
   */
  public static Facts orders(Path directory, RowSignatures signatures, long events, int rounds) {
    return new Facts()
        .with("directory", directory)
        .with("signatures", signatures)
        .with("events", events)
        .with("rounds", rounds);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    Path directory = orders.path("directory");
    fill(directory, RowSignatures.valueOf(orders.text("signatures")), orders.number("events"));
    DataDirectory data = new DataDirectory(directory);
    List<Long> read = new ArrayList<>();
    List<Long> verified = new ArrayList<>();
    long rows = 0;
    for (int round = 0; round <= orders.count("rounds"); round++) {
      try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
        rows = ledger.size();
        long reading = read(ledger, rows);
        long verifying = verify(ledger, data);
        if (round > 0) {
          read.add(reading);
          verified.add(verifying);
        }
      }
    }
    return new Facts()
        .with("rows", rows)
        .with("read", Latencies.median(read))
        .with("verified", Latencies.median(verified));
  }

  private static void fill(Path directory, RowSignatures signatures, long events) throws Exception {
    EventStream stream = new EventStream(0, 1);
    try (Contender.Session log =
        new IndelibleContender(Durability.PROCESS, signatures).open(directory)) {
      for (long event = 0; event < events; event++) {
        if (!log.submit(stream.next())) {
          throw new IllegalStateException("the log rejected event " + event);
        }
      }
      log.awaitArrival();
    }
  }

  private static long read(SqliteLedger ledger, long rows) throws Exception {
    long start = System.nanoTime();
    AtomicLong next = new AtomicLong(1);
    try (RowRanges ranges =
        ledger.ranges(Runtime.getRuntime().availableProcessors()).orElseThrow()) {
      Producers.run(
          ranges.readers(),
          reader -> {
            for (long from = next.getAndAdd(ROWS_AT_ONCE);
                from <= rows;
                from = next.getAndAdd(ROWS_AT_ONCE)) {
              ranges.forEachRow(from, from + ROWS_AT_ONCE - 1, row -> true);
            }
            return reader;
          });
    }
    return System.nanoTime() - start;
  }

  private static long verify(SqliteLedger ledger, DataDirectory data) throws Exception {
    long start = System.nanoTime();
    VerificationReport report =
        new Verifier(ledger, VerificationOptions.of(data.keys().accepted())).verify();
    long nanos = System.nanoTime() - start;
    if (report.verdict() != Verdict.INTACT) {
      throw new IllegalStateException("the log does not verify: " + report);
    }
    return nanos;
  }
}
