// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.Indelible;
import dev.indelible.benchmarks.contender.IndelibleContender;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.crypto.KeyRing;
import dev.indelible.directory.DataDirectory;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.proof.ProvenRow;
import dev.indelible.queue.Durability;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;

/**
 * Compares an append to a large ledger with an append to a small one. Fills both with valid rows
 * and opens them as a user does. In alternating rounds it times an equal number of events, from the
 * first call to the last row. Creates a new small ledger for each round.
 */
public final class Growth implements Task {
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  /**
   * Returns the task's parameters: directory, sizes of both ledgers, number of rounds, events per
   * round, and number of proofs to make from the large ledger at the end.
   */
  public static Facts orders(
      Path directory, long small, long large, int rounds, long warmUp, long events, int proofs) {
    return new Facts()
        .with("directory", directory)
        .with("small", small)
        .with("large", large)
        .with("rounds", rounds)
        .with("warmUp", warmUp)
        .with("events", events)
        .with("proofs", proofs);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    Path directory = orders.path("directory");
    long warmUp = orders.number("warmUp");
    long events = orders.number("events");
    Log.fill(directory.resolve("unmeasured"), orders.number("small")).append(warmUp, events);
    Log large = Log.fill(directory.resolve("large"), orders.number("large"));
    List<Long> smallNanos = new ArrayList<>();
    List<Long> largeNanos = new ArrayList<>();
    for (int round = 0; round < orders.count("rounds"); round++) {
      Log small = Log.fill(directory.resolve("small-" + round), orders.number("small"));
      smallNanos.add(small.append(warmUp, events));
      largeNanos.add(large.append(warmUp, events));
    }
    return new Facts()
        .with("small", Latencies.median(smallNanos))
        .with("large", Latencies.median(largeNanos))
        .with("proof", large.prove(orders.count("proofs")));
  }

  /**
   * A closed log, with the stream of its next events.
   *
   * @param directory the directory of the log
   * @param stream the stream of the next events
   */
  private record Log(Path directory, EventStream stream) {
    static Log fill(Path directory, long rows) throws Exception {
      Log log = new Log(directory, new EventStream(0, 1));
      log.append(1, 0);
      FilledLedger.fill(directory, rows, log.stream::next);
      return log;
    }

    /** Appends events and returns the time for those after the warm-up. */
    long append(long warmUp, long events) throws Exception {
      try (Indelible log =
          new IndelibleContender(Durability.PROCESS, RowSignatures.CORRETTO).start(directory)) {
        drain(log, warmUp);
        long start = System.nanoTime();
        drain(log, events);
        return System.nanoTime() - start;
      }
    }

    /** Measures the time to find an event by its id and to prove that it is in the log. */
    Latencies prove(int times) throws Exception {
      DataDirectory data = new DataDirectory(directory);
      KeyRing keys = data.keys().accepted();
      SplittableRandom random = new SplittableRandom(1);
      Histogram measured = Latencies.histogram();
      try (LedgerReader ledger = SqliteLedger.open(data.database())) {
        long rows = ledger.size();
        // The proofs with a negative number are the warm-up.
        for (int proof = -times; proof < times; proof++) {
          String id = ledger.row(1 + random.nextLong(rows)).orElseThrow().id();
          long start = System.nanoTime();
          ProvenRow.of(ledger, keys, List.of(), id);
          if (proof >= 0) {
            measured.recordValue(System.nanoTime() - start);
          }
        }
      }
      return Latencies.of(measured);
    }

    private void drain(Indelible log, long events) {
      for (long event = 0; event < events; event++) {
        if (!log.queue().submit(stream.next())) {
          throw new IllegalStateException("not accepted: " + log.metrics());
        }
      }
      if (!log.queue().drainPending(PATIENCE)) {
        throw new IllegalStateException("not drained: " + log.metrics());
      }
    }
  }
}
