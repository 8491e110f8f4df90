// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.Contenders;
import dev.indelible.benchmarks.load.AcceptedNotes;
import dev.indelible.benchmarks.load.Tally;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Compares the events that survived a killed {@link Victim} with the events that the victim noted
 * as accepted.
 */
public final class Survivors implements Task {
  /** Returns the task's parameters: contender, directory, and file of notes. */
  public static Facts orders(Contender contender, Path directory, Path notes) {
    return new Facts()
        .with("contender", contender.name())
        .with("directory", directory)
        .with("notes", notes);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    long[] accepted = AcceptedNotes.open(orders.path("notes")).counts();
    Tally tally = new Tally();
    Contenders.named(orders.text("contender")).forEachEvent(orders.path("directory"), tally::see);
    return new Facts()
        .with("accepted", Arrays.stream(accepted).sum())
        .with("found", tally.found())
        .with("lost", tally.missing(accepted))
        .with("duplicated", tally.duplicated());
  }
}
