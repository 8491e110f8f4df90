// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.load.WorkOfAgents;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Counting;
import dev.indelible.ledger.EventQuery.Coverage;
import dev.indelible.ledger.EventQuery.Filter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;

/**
 * Measures the searches of the console over a large log: a page of 100 rows, and the counts for
 * histogram and facets. Each search is one call in the process that has the log open.
 */
public final class Search implements Task {
  private static final Duration PATIENCE = Duration.ofMinutes(30);
  private static final Duration INDEX_POLL_INTERVAL = Duration.ofMillis(100);
  private static final int BUCKETS = 60;

  /** The beginning of the name of a result, before the name of the filter. */
  public static final String PAGE = "page, ";

  /** The beginning of the name of a result, before the name of the filter. */
  public static final String COUNTS = "counts, ";

  /** Returns the task's parameters: directory, number of rows, number of each search. */
  public static Facts orders(Path directory, long rows, int times) {
    return new Facts().with("directory", directory).with("rows", rows).with("times", times);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    Path directory = orders.path("directory");
    long rows = orders.number("rows");
    int times = orders.count("times");
    try (Indelible log = Indelible.open(directory)) {
      record(log);
    }
    Instant end = Instant.now();
    FilledLedger.fill(directory, rows, new WorkOfAgents(rows, end)::next);
    Facts facts = new Facts();
    try (Indelible log = Indelible.open(directory)) {
      record(log);
      awaitIndex(log);
      for (Map.Entry<String, Filter> each : filters(end).entrySet()) {
        EventQuery page = EventQuery.newest(each.getValue());
        Counting counts = counting(each.getValue(), end);
        facts
            .with(PAGE + each.getKey(), measure(times, () -> log.log().find(page)))
            .with(COUNTS + each.getKey(), measure(times, () -> log.log().count(counts)));
      }
    }
    return facts;
  }

  /** Returns the filters of the searches by their names, in the order of the table. */
  public static Map<String, Filter> filters(Instant end) {
    Map<String, Filter> filters = new LinkedHashMap<>();
    filters.put("24 hours", lastDays(1, end));
    filters.put("7 days", lastDays(7, end));
    filters.put("30 days", lastDays(30, end));
    filters.put("30 days, one agent", lastDays(30, end).agent("agent:40"));
    filters.put("30 days, refused", lastDays(30, end).verdict("refuse"));
    return filters;
  }

  private static Filter lastDays(int days, Instant end) {
    return Filter.ALL.since(end.minus(Duration.ofDays(days))).verdict(EventQuery.ANY_VERDICT);
  }

  private static Counting counting(Filter filter, Instant end) {
    Duration range = Duration.between(filter.since().orElseThrow(), end);
    return Counting.of(filter).bucket(range.dividedBy(BUCKETS));
  }

  /** Measures a search. An equal number of searches before that are the warm-up. */
  private static Latencies measure(int times, Callable<?> search) throws Exception {
    Histogram measured = Latencies.histogram();
    for (int round = -times; round < times; round++) {
      long start = System.nanoTime();
      search.call();
      if (round >= 0) {
        measured.recordValue(System.nanoTime() - start);
      }
    }
    return Latencies.of(measured);
  }

  /** Records a decision and waits until it is in the ledger. */
  private static void record(Indelible log) {
    log.gate().check("agent:first", new Bash("ls"));
    if (!log.queue().drainPending(PATIENCE)) {
      throw new IllegalStateException("not drained: " + log.metrics());
    }
  }

  /** Waits until the index has every row. */
  private static void awaitIndex(Indelible log) throws Exception {
    EventQuery last = EventQuery.newest(Filter.ALL).limit(1);
    for (Coverage covered = log.log().find(last).coverage();
        covered.indexed() < covered.last();
        covered = log.log().find(last).coverage()) {
      Thread.sleep(INDEX_POLL_INTERVAL.toMillis());
    }
  }
}
