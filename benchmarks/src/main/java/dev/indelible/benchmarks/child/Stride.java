// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.Contenders;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.load.Pace;
import dev.indelible.benchmarks.load.Producers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Submits events at a fixed pace. Times the call itself, and the response, which is the time from
 * when the event was due until the call returned.
 */
public final class Stride implements Task {
  /** Returns the task's parameters: contender, directory, producers, rate, warm-up and duration. */
  public static Facts orders(
      Contender contender,
      Path directory,
      int producers,
      int eventsPerSecond,
      Duration warmUp,
      Duration time) {
    return new Facts()
        .with("contender", contender.name())
        .with("directory", directory)
        .with("producers", producers)
        .with("eventsPerSecond", eventsPerSecond)
        .with("warmUp", warmUp)
        .with("time", time);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    Contender contender = Contenders.named(orders.text("contender"));
    int producers = orders.count("producers");
    int eventsPerSecond = orders.count("eventsPerSecond");
    try (Contender.Session session = contender.open(orders.path("directory"))) {
      List<Producer> all =
          Producers.run(
              producers,
              producer -> {
                EventStream events = new EventStream(producer, producers);
                Producer cold = new Producer(session, events);
                cold.stride(new Pace(producer, producers, eventsPerSecond), orders.time("warmUp"));
                Producer warm = new Producer(session, events);
                warm.stride(new Pace(producer, producers, eventsPerSecond), orders.time("time"));
                return warm;
              });
      Histogram calls = Latencies.histogram();
      Histogram responses = Latencies.histogram();
      all.forEach(each -> calls.add(each.calls));
      all.forEach(each -> responses.add(each.responses));
      session.awaitArrival();
      return new Facts()
          .with("events", calls.getTotalCount())
          .with("rejected", all.stream().mapToLong(each -> each.handover.rejected()).sum())
          .with("call", Latencies.of(calls))
          .with("response", Latencies.of(responses));
    }
  }

  /** A producer with its measurements. */
  private static final class Producer {
    private final Histogram calls = Latencies.histogram();
    private final Histogram responses = Latencies.histogram();
    private final Handover handover;

    Producer(Contender.Session session, EventStream events) {
      this.handover = new Handover(session, events, calls);
    }

    void stride(Pace pace, Duration time) throws Exception {
      pace.run(
          time,
          due -> {
            handover.handOver();
            responses.recordValue(System.nanoTime() - due);
          });
    }
  }
}
