// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.Contenders;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.load.Producers;
import dev.indelible.benchmarks.load.Tally;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Submits events as fast as they are accepted, and waits until all are stored. Measures the time
 * from the first call to the last stored event, and then counts the stored events.
 */
public final class Flood implements Task {
  /** Returns the task's parameters: contender, directory, number of events and time limit. */
  public static Facts orders(
      Contender contender,
      Path directory,
      int producers,
      long warmUp,
      long events,
      Duration limit) {
    return new Facts()
        .with("contender", contender.name())
        .with("directory", directory)
        .with("producers", producers)
        .with("warmUp", warmUp)
        .with("events", events)
        .with("limit", limit);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    Contender contender = Contenders.named(orders.text("contender"));
    int producers = orders.count("producers");
    Duration limit = orders.time("limit");
    Path directory = orders.path("directory");
    flood(contender, sub(directory, "warm-up"), producers, orders.number("warmUp"), limit);
    Path measured = sub(directory, "measured");
    Outcome outcome = flood(contender, measured, producers, orders.number("events"), limit);
    Tally tally = new Tally();
    contender.forEachEvent(measured, tally::see);
    return new Facts()
        .with("accepted", outcome.accepted())
        .with("rejected", outcome.rejected())
        .with("found", tally.found())
        .with("duplicated", tally.duplicated())
        .with("nanos", outcome.nanos())
        .with("call", outcome.call());
  }

  private static Outcome flood(
      Contender contender, Path directory, int producers, long events, Duration limit)
      throws Exception {
    try (Contender.Session session = contender.open(directory)) {
      Histogram calls = Latencies.histogram();
      long start = System.nanoTime();
      List<Handover> handovers =
          Producers.run(
              producers,
              producer -> {
                Histogram own = Latencies.histogram();
                Handover handover =
                    new Handover(session, new EventStream(producer, producers), own);
                while (handover.accepted() < events / producers
                    && System.nanoTime() - start < limit.toNanos()) {
                  handover.handOver();
                }
                synchronized (calls) {
                  calls.add(own);
                }
                return handover;
              });
      session.awaitArrival();
      return new Outcome(
          handovers.stream().mapToLong(Handover::accepted).sum(),
          handovers.stream().mapToLong(Handover::rejected).sum(),
          System.nanoTime() - start,
          Latencies.of(calls));
    }
  }

  private static Path sub(Path directory, String name) throws Exception {
    return Files.createDirectories(directory.resolve(name));
  }

  private record Outcome(long accepted, long rejected, long nanos, Latencies call) {}
}
