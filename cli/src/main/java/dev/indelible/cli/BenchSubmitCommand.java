// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.event.AuditEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.queue.Durability;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures {@code submit} into a journal while the drainer runs; the limit is a memory queue. */
@Command(
    name = "submit",
    description = "Measure how long a call of submit takes, from 1, 2, 4 and 8 threads.",
    footer = {
      "",
      "The threads call as fast as they can while the drainer appends their events as",
      "signed rows. Times are in microseconds and include two readings of the clock.",
      "The limit is a queue in memory, which loses its events when the process ends.",
      "With --durability power each call waits for the disk, so give fewer --events."
    })
final class BenchSubmitCommand extends BenchVerb {
  private static final List<Integer> THREADS = List.of(1, 2, 4, 8);

  @Option(
      names = "--durability",
      paramLabel = "memory|process|power",
      description = "what an accepted event survives (default: ${DEFAULT-VALUE})")
  Level durability = Level.process;

  BenchSubmitCommand() {
    super(200_000);
  }

  /** Faults that an accepted event survives. */
  enum Level {
    memory,
    process,
    power;

    Durability durability() {
      return Durability.valueOf(name().toUpperCase(Locale.ROOT));
    }
  }

  @Override
  void measure(TemporaryDirectory directory) throws Exception {
    submit(directory, "warm-up", 2, events / 4);
    inMemory(2, events / 4);
    List<Line> lines = new ArrayList<>();
    for (int threads : THREADS) {
      Calls calls = submit(directory, "threads-" + threads, threads, events);
      lines.add(new Line(threads, calls, inMemory(threads, events)));
    }
    print(out -> write(out, lines), () -> printText(lines));
  }

  private Calls submit(TemporaryDirectory directory, String name, int threads, int count)
      throws Exception {
    List<AuditEvent> made = make(count);
    Indelible indelible =
        Indelible.builder(directory.resolve(name))
            .durability(durability.durability())
            .index(false)
            .open();
    Calls calls = call(made, threads, indelible.queue()::submit);
    requireComplete(indelible.closeAndFlush(PATIENCE));
    if (indelible.metrics().appended() != count) {
      throw CommandFailure.failed("not every event was accepted: %s", indelible.metrics());
    }
    return calls;
  }

  private static Calls inMemory(int threads, int count) throws Exception {
    Queue<AuditEvent> queue = new ConcurrentLinkedQueue<>();
    return call(make(count), threads, queue::add);
  }

  /** Divides the events among threads, which start together and submit their part. */
  private static Calls call(List<AuditEvent> made, int threads, Predicate<AuditEvent> submit)
      throws Exception {
    long[] nanos = new long[made.size()];
    // Each thread reads the clock itself, because an observing thread may be scheduled late.
    long[] starts = new long[threads];
    long[] ends = new long[threads];
    CyclicBarrier together = new CyclicBarrier(threads);
    ExecutorService callers = Executors.newFixedThreadPool(threads);
    try {
      List<Callable<Void>> work = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int thread = i;
        int from = (int) ((long) made.size() * thread / threads);
        int to = (int) ((long) made.size() * (thread + 1) / threads);
        work.add(
            () -> {
              together.await();
              starts[thread] = System.nanoTime();
              for (int event = from; event < to; event++) {
                nanos[event] = time(submit, made.get(event));
              }
              ends[thread] = System.nanoTime();
              return null;
            });
      }
      for (Future<Void> caller : callers.invokeAll(work)) {
        caller.get();
      }
      long took =
          LongStream.of(ends).max().orElseThrow() - LongStream.of(starts).min().orElseThrow();
      Arrays.sort(nanos);
      return new Calls(perSecond(made.size(), took), nanos);
    } finally {
      callers.shutdownNow();
    }
  }

  private static long time(Predicate<AuditEvent> submit, AuditEvent event) {
    long before = System.nanoTime();
    submit.test(event);
    return System.nanoTime() - before;
  }

  private void printText(List<Line> lines) {
    Table table =
        new Table(
            "threads", "calls per second", "p50 µs", "p99 µs", "p99.9 µs", "max µs", "the limit");
    for (Line line : lines) {
      Calls calls = line.calls();
      table.row(
          "%7d".formatted(line.threads()),
          "%,14d".formatted(calls.perSecond()),
          micros(calls.percentile(0.5)),
          micros(calls.percentile(0.99)),
          micros(calls.percentile(0.999)),
          micros(calls.percentile(1)),
          "%,14d".formatted(line.limit().perSecond()));
    }
    table.print(console());
    console().line();
    line("durability %s; the limit: a queue in memory, calls per second", durability);
    machine();
  }

  private void write(CanonicalWriter out, List<Line> lines) {
    out.member("durability", durability.name())
        .member("events", events)
        .name("runs")
        .objects(lines, line -> write(out, line));
  }

  private static void write(CanonicalWriter out, Line line) {
    Calls calls = line.calls();
    out.member("calls_per_second", calls.perSecond())
        .member("max_nanos", calls.percentile(1))
        .member("memory_queue_calls_per_second", line.limit().perSecond())
        .member("p50_nanos", calls.percentile(0.5))
        .member("p999_nanos", calls.percentile(0.999))
        .member("p99_nanos", calls.percentile(0.99))
        .member("threads", line.threads());
  }

  private static String micros(long nanos) {
    return "%,10.2f".formatted(nanos / 1e3);
  }

  /**
   * Durations of calls.
   *
   * @param perSecond calls a second, of all threads together
   * @param nanos the duration of each call, in rising order
   */
  private record Calls(long perSecond, long[] nanos) {
    /** Returns the percentile of the durations (nearest rank); 1 returns the longest. */
    long percentile(double share) {
      return nanos[Math.max(0, (int) Math.ceil(share * nanos.length) - 1)];
    }
  }

  /**
   * One line of the table.
   *
   * @param threads the number of threads that called
   * @param calls the calls of {@code submit}
   * @param limit the calls of the memory queue
   */
  private record Line(int threads, Calls calls, Calls limit) {}
}
