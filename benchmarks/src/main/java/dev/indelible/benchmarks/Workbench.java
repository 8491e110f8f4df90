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
 * Where measurements are made.
 *
 * @param work a directory on the disk to measure
 * @param sizes how much is measured
 * @param progress where to say what is going on
 */
record Workbench(Path work, Sizes sizes, PrintStream progress) {
  /** Makes a child's orders out of the directory it gets. */
  @FunctionalInterface
  interface Orders {
    Facts in(Path directory) throws IOException;
  }

  void say(String what) {
    progress.println(what);
  }

  /** Runs a task in a JVM and a directory of its own. */
  Facts run(Class<? extends Task> task, Orders orders) throws Exception {
    return run(task, ChildJvm.HEAP, Optional.empty(), orders);
  }

  /** As {@link #run(Class, Orders)}, in a JVM as the contender wants it. */
  Facts run(Contender contender, Class<? extends Task> task, Orders orders) throws Exception {
    return run(task, ChildJvm.HEAP, contender.withoutJar(), orders);
  }

  /** As {@link #run(Class, Orders)}, with another heap. */
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
