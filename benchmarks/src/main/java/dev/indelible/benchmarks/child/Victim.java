// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.Contenders;
import dev.indelible.benchmarks.load.AcceptedNotes;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.load.Pace;
import dev.indelible.benchmarks.load.Producers;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Submits events at a fixed pace until it is killed. Notes each accepted event at once, in a file
 * that survives the process.
 */
public final class Victim implements Task {
  /** The name of the result that it prints once it is submitting. */
  public static final String READY = "ready";

  /** Longer than the time until any victim is killed. */
  private static final Duration LIFE = Duration.ofMinutes(5);

  private static final int READY_AFTER_EVENTS = 100;

  /** Returns the task's parameters: contender, directory, file of notes, and rate. */
  public static Facts orders(
      Contender contender, Path directory, Path notes, int producers, int eventsPerSecond) {
    return new Facts()
        .with("contender", contender.name())
        .with("directory", directory)
        .with("notes", notes)
        .with("producers", producers)
        .with("eventsPerSecond", eventsPerSecond);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    Contender contender = Contenders.named(orders.text("contender"));
    int producers = orders.count("producers");
    AcceptedNotes notes = AcceptedNotes.open(orders.path("notes"));
    Contender.Session session = contender.open(orders.path("directory"));
    Producers.run(
        producers,
        producer -> {
          Handover handover =
              new Handover(session, new EventStream(producer, producers), Latencies.histogram());
          new Pace(producer, producers, orders.count("eventsPerSecond"))
              .run(
                  LIFE,
                  due -> {
                    handover.handOver();
                    notes.note(producer, handover.accepted());
                    if (producer == 0 && handover.accepted() == READY_AFTER_EVENTS) {
                      Child.answer(READY, true);
                    }
                  });
          return true;
        });
    throw new IllegalStateException("the victim was not killed in time");
  }
}
