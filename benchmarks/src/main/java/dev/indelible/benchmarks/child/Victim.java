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
 * Submits events at a fixed pace until it is killed, and notes each accepted event at once, in a
 * file that survives the process.
 */
public final class Victim implements Task {
  /** The answer while it submits. */
  public static final String READY = "ready";

  /** Longer than any victim lives. */
  private static final Duration LIFE = Duration.ofMinutes(5);

  private static final int READY_AFTER_EVENTS = 100;

  /** The orders: contender, directory, file of notes, and rate. */
  public static Facts told(
      Contender contender, Path directory, Path notes, int producers, int eventsPerSecond) {
    return new Facts()
        .with("contender", contender.name())
        .with("directory", directory)
        .with("notes", notes)
        .with("producers", producers)
        .with("eventsPerSecond", eventsPerSecond);
  }

  @Override
  public Facts run(Facts told) throws Exception {
    Contender contender = Contenders.named(told.text("contender"));
    int producers = told.count("producers");
    AcceptedNotes notes = AcceptedNotes.open(told.path("notes"));
    Contender.Session session = contender.open(told.path("directory"));
    Producers.run(
        producers,
        producer -> {
          Handover handover =
              new Handover(session, new EventStream(producer, producers), Latencies.histogram());
          new Pace(producer, producers, told.count("eventsPerSecond"))
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
    throw new IllegalStateException("nobody killed it");
  }
}
