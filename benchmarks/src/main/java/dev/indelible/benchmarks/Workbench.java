// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.ChildJvm;
import dev.indelible.benchmarks.child.Facts;
import dev.indelible.benchmarks.child.Task;
import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.load.Scratch;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The environment of the measurements.
 *
 * @param work a directory on the disk to measure
 * @param sizes the sizes of the measurements
 * @param progress the stream for progress messages
 */
record Workbench(Path work, Sizes sizes, PrintStream progress) {
  /** Creates a task's parameters, given its directory. */
  @FunctionalInterface
  interface Orders {
    Facts in(Path directory) throws IOException;
  }

  void report(String message) {
    progress.println(message);
  }

  /** Runs a task in its own JVM and directory. */
  Facts run(Class<? extends Task> task, Orders orders) throws Exception {
    return run(task, ChildJvm.HEAP, Optional.empty(), orders);
  }

  /** Runs a task in its own JVM and directory, with the class path of the contender. */
  Facts run(Contender contender, Class<? extends Task> task, Orders orders) throws Exception {
    return run(task, ChildJvm.HEAP, contender.withoutJar(), orders);
  }

  /** Runs a task in its own JVM and directory, with this heap. */
  Facts run(String heap, Class<? extends Task> task, Orders orders) throws Exception {
    return run(task, heap, Optional.empty(), orders);
  }

  private Facts run(
      Class<? extends Task> task, String heap, Optional<String> withoutJar, Orders orders)
      throws Exception {
    try (Scratch scratch = Scratch.in(work)) {
      Path directory = scratch.path().resolve("data");
      return ChildJvm.run(scratch.path(), heap, withoutJar, task, orders.in(directory));
    }
  }
}
