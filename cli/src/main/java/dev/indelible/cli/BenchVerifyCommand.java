// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.storage.RowRanges;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine.Command;

/** Measures the verifier on a new ledger; the limit reads the rows and does not check them. */
@Command(
    name = "verify",
    description = "Measure how fast a chain of signed rows is checked.",
    footer = {
      "",
      "For comparison, the run also measures the limit, which is to read these rows",
      "without checking them."
    })
final class BenchVerifyCommand extends BenchVerb {
  private static final int ROWS_AT_ONCE = 1_024;

  BenchVerifyCommand() {
    super(100_000);
  }

  @Override
  void measure(TemporaryDirectory directory) throws Exception {
    SigningKey key = SigningKey.generate();
    KeyRing keys = KeyRing.of(List.of(key.verificationKey()));
    Path warmUp = directory.resolve("warm-up.db");
    drain(make(events / 4), key, warmUp);
    verify(warmUp, keys, events / 4);
    read(warmUp);
    Path ledger = directory.resolve("verified.db");
    drain(make(events), key, ledger);
    long limit = perSecond(events, read(ledger));
    long verified = perSecond(events, verify(ledger, keys, events));
    print(
        out ->
            out.member("events", events)
                .member("raw_read_per_second", limit)
                .member("rows_per_second", verified),
        "rows per second",
        new Rate("Indelible: place, link, payload and signature of each", verified),
        new Rate("the limit: those rows read without checks", limit));
  }

  private static long verify(Path file, KeyRing keys, int rows) throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(file)) {
      long start = System.nanoTime();
      VerificationReport report = new Verifier(ledger, VerificationOptions.of(keys)).verify();
      long nanos = System.nanoTime() - start;
      if (report.verdict() != Verdict.INTACT || report.rows() != rows) {
        throw CommandFailure.failed("the generated chain does not verify: %s", report);
      }
      return nanos;
    }
  }

  /** Reads all rows with as many threads as the verifier; returns the nanoseconds it took. */
  private static long read(Path file) throws Exception {
    int cores = Runtime.getRuntime().availableProcessors();
    ExecutorService threads = Executors.newFixedThreadPool(cores);
    try (SqliteLedger ledger = SqliteLedger.open(file)) {
      long rows = ledger.size();
      long start = System.nanoTime();
      try (RowRanges ranges = ledger.ranges(cores).orElseThrow()) {
        List<Future<Long>> parts = new ArrayList<>();
        for (long from = 1; from <= rows; from += ROWS_AT_ONCE) {
          long first = from;
          parts.add(
              threads.submit(
                  () -> {
                    ranges.forEachRow(first, first + ROWS_AT_ONCE - 1, row -> true);
                    return first;
                  }));
        }
        for (Future<Long> part : parts) {
          part.get();
        }
      }
      return System.nanoTime() - start;
    } finally {
      threads.shutdownNow();
    }
  }
}
