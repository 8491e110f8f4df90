// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.jmh;

import dev.indelible.Indelible;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.benchmarks.load.Scratch;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalSettings;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.queue.DeferredAuditQueue;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * Measures {@code submit} with durability {@code process}. Each thread is one producer that submits
 * as fast as it can. Every iteration opens a new log, so that the backlog stays bounded.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SubmitBenchmark {
  /** Measures submit while a drainer writes to SQLite. */
  public static final String RUNNING = "running";

  /** Measures submit into the journal alone, without a drainer. */
  public static final String NONE = "none";

  /** Submits an event. */
  @Benchmark
  public boolean submit(Log log, Producer producer) {
    return log.queue.submit(producer.event);
  }

  /** Creates an event without submitting it, so that its allocation can be subtracted. */
  @Benchmark
  public DeferredAuditEvent nothing(Producer producer) {
    return producer.event;
  }

  /** An open log. */
  @State(Scope.Benchmark)
  public static class Log {
    /** True if a drainer is running. */
    @Param({RUNNING, NONE})
    public String drainer;

    private Scratch scratch;
    private AutoCloseable open;
    private DeferredAuditQueue queue;

    /** Opens a new log. */
    @Setup(Level.Iteration)
    public void open() throws Exception {
      scratch = Scratch.in(Path.of(System.getProperty("java.io.tmpdir")));
      Path directory = scratch.path().resolve("log");
      if (drainer.equals(RUNNING)) {
        Indelible indelible = Indelible.open(directory);
        queue = indelible.queue();
        open = () -> indelible.closeAndFlush(Duration.ZERO);
      } else {
        Journal journal =
            Journal.open(directory, Optional.empty(), any -> 0, JournalSettings.ofDefaults());
        queue = new DeferredAuditQueue(journal, new AuditCounters());
        open = journal::close;
      }
    }

    /** Closes the log without draining, and deletes it. Rejected calls count as calls. */
    @TearDown(Level.Iteration)
    public void close() throws Exception {
      open.close();
      scratch.close();
    }
  }

  /** One producer and its next event. */
  @State(Scope.Thread)
  public static class Producer {
    private EventStream events;
    private DeferredAuditEvent event;

    /** Sets the number of this producer. */
    @Setup
    public void begin(ThreadParams threads) {
      events = new EventStream(threads.getThreadIndex(), threads.getThreadCount());
    }

    /** Creates the next event, outside of the timed call. */
    @Setup(Level.Invocation)
    public void next() {
      event = events.next();
    }
  }
}
