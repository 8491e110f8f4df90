// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.Indelible;
import dev.indelible.benchmarks.contender.IndelibleContender;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.queue.Durability;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Measures the time from a submit until the row is visible, on an idle system. Submits single
 * events at random moments, while a reader on another connection polls for each row.
 */
public final class Visibility implements Task {
  /** The reader's polling interval. A result is late by at most this interval and one query. */
  private static final Duration LOOK = Duration.ofNanos(100_000);

  private static final int LONGEST_PAUSE_MILLIS = 30;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Returns the task's parameters: the directory and the number of events. */
  public static Facts orders(Path directory, int warmUp, int events) {
    return new Facts().with("directory", directory).with("warmUp", warmUp).with("events", events);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    Path directory = orders.path("directory");
    EventStream stream = new EventStream(0, 1);
    Random random = new Random(1);
    try (Indelible log =
        new IndelibleContender(Durability.PROCESS, RowSignatures.CORRETTO).start(directory)) {
      log.queue().submit(stream.next());
      if (!log.queue().drainPending(PATIENCE)) {
        throw new IllegalStateException("not drained: " + log.metrics());
      }
      try (LedgerReader reader = SqliteLedger.open(new DataDirectory(directory).database())) {
        watch(log, reader, stream, random, orders.count("warmUp"));
        return new Facts()
            .with(
                "visible",
                Latencies.of(watch(log, reader, stream, random, orders.count("events"))));
      }
    }
  }

  /** Measures the time from the submission of an event to a reader that finds its row. */
  static Histogram watch(
      Indelible log, LedgerReader reader, EventStream stream, Random random, int events)
      throws Exception {
    Histogram times = Latencies.histogram();
    for (int i = 0; i < events; i++) {
      LockSupport.parkNanos(
          Duration.ofMillis(1).plusMillis(random.nextInt(LONGEST_PAUSE_MILLIS)).toNanos());
      DeferredAuditEvent event = stream.next();
      String id = event.id().toString();
      long start = System.nanoTime();
      log.queue().submit(event);
      while (reader.row(id).isEmpty()) {
        LockSupport.parkNanos(LOOK.toNanos());
      }
      times.recordValue(System.nanoTime() - start);
    }
    return times;
  }
}
