// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.Indelible;
import dev.indelible.benchmarks.contender.IndelibleContender;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.directory.DataDirectory;
import dev.indelible.queue.Durability;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * Submits events in a small heap while another connection holds the database lock. Then releases
 * the lock and waits until all events are written.
 */
public final class Backlog implements Task {
  private static final Duration PATIENCE = Duration.ofHours(1);

  /** Returns the task's parameters: the directory and the number of events. */
  public static Facts orders(Path directory, long events) {
    return new Facts().with("directory", directory).with("events", events);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    Path directory = orders.path("directory");
    long events = orders.number("events");
    DataDirectory data = new DataDirectory(directory);
    EventStream stream = new EventStream(0, 1);
    try (Indelible log =
        new IndelibleContender(Durability.PROCESS, RowSignatures.CORRETTO).start(directory)) {
      submit(log, stream, 1);
      require(log.queue().drainPending(PATIENCE), log);
      Facts answers = new Facts();
      try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + data.database());
          Statement lock = other.createStatement()) {
        lock.execute("BEGIN EXCLUSIVE");
        submit(log, stream, events);
        System.gc();
        answers
            .with("waiting", log.metrics().pending())
            .with("heap", Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory())
            .with("journal", bytes(data.journal()));
        lock.execute("ROLLBACK");
      }
      long start = System.nanoTime();
      require(log.queue().drainPending(PATIENCE), log);
      return answers
          .with("nanos", System.nanoTime() - start)
          .with("appended", log.metrics().appended());
    }
  }

  private static void submit(Indelible log, EventStream stream, long events) {
    for (long event = 0; event < events; event++) {
      require(log.queue().submit(stream.next()), log);
    }
  }

  private static void require(boolean holds, Indelible log) {
    if (!holds) {
      throw new IllegalStateException("events were rejected or not drained: " + log.metrics());
    }
  }

  private static long bytes(Path directory) throws Exception {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(directory)) {
      files = walk.filter(Files::isRegularFile).toList();
    }
    long bytes = 0;
    for (Path file : files) {
      bytes += Files.size(file);
    }
    return bytes;
  }
}
