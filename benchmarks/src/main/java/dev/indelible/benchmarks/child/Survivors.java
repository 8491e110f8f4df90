// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.Contenders;
import dev.indelible.benchmarks.load.AcceptedNotes;
import dev.indelible.benchmarks.load.Tally;
import java.nio.file.Path;
import java.util.Arrays;

/** Compares the events that a killed {@link Victim} left with those that it noted as accepted. */
public final class Survivors implements Task {
  /** The orders: contender, directory, and file of notes. */
  public static Facts told(Contender contender, Path directory, Path notes) {
    return new Facts()
        .with("contender", contender.name())
        .with("directory", directory)
        .with("notes", notes);
  }

  @Override
  public Facts run(Facts told) throws Exception {
    long[] accepted = AcceptedNotes.open(told.path("notes")).counts();
    Tally tally = new Tally();
    Contenders.named(told.text("contender")).forEachEvent(told.path("directory"), tally::see);
    return new Facts()
        .with("accepted", Arrays.stream(accepted).sum())
        .with("found", tally.found())
        .with("lost", tally.missing(accepted))
        .with("duplicated", tally.duplicated());
  }
}
