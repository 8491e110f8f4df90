// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Counting;
import dev.indelible.ledger.EventQuery.Counts;
import dev.indelible.ledger.EventQuery.Counts.Bucket;
import dev.indelible.ledger.EventQuery.Counts.Named;
import dev.indelible.ledger.EventQuery.Counts.Top;
import dev.indelible.ledger.EventQuery.Counts.Verdicts;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.LedgerException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One count over the index. Adds up the summaries of the blocks. Reads the rows of a block only if
 * an edge of the time range or of a bucket is within it, or if the filter has a session or a text.
 * Used once, by one thread.
 */
final class IndexCount {
  /**
   * Maximum number of buckets if the caller chooses their length; the rows of a block are read for
   * each edge of a bucket.
   */
  private static final int MAX_BUCKETS = 500;

  /** Maximum number of buckets if this class chooses their length; as many as a person can read. */
  private static final int USUAL_BUCKETS = 60;

  /**
   * Maximum number of agents that are counted by name; further ones are counted only in the sums,
   * and the result says so.
   */
  private static final int MAX_AGENTS = 100_000;

  private static final List<Duration> LENGTHS =
      List.of(
          Duration.ofMinutes(1),
          Duration.ofMinutes(5),
          Duration.ofMinutes(15),
          Duration.ofHours(1),
          Duration.ofHours(6),
          Duration.ofDays(1),
          Duration.ofDays(7),
          Duration.ofDays(28),
          Duration.ofDays(364),
          Duration.ofDays(36_400),
          Duration.ofDays(3_640_000));

  /** Index of decisions without a known verdict. */
  private static final int UNKNOWN = EventQuery.VERDICTS.size();

  /** Index of rows that record no decision. */
  private static final int NO_DECISION = UNKNOWN + 1;

  private final SqliteIndex index;
  private final Filter filter;
  private final Optional<Duration> given;
  private final int top;
  private final int maxAgents;
  private final long deadline;
  private final @Nullable Predicate<ChainRow> text;

  /** Counts, indexed by the number of a combination of facets; null for an unused number. */
  private @Nullable Counted[] byFacets = {};

  /** Counts by verdict, keyed by the number of an agent. */
  private final Map<Integer, long[]> byAgent = new HashMap<>();

  /**
   * The agent that was counted last, and its counts: most often the next row has the same agent.
   */
  private int lastAgent = -1;

  private long[] ofLastAgent = {};

  /** True if an agent was counted only in the sums. */
  private boolean isCut;

  /** Counts by verdict, keyed by the number of a bucket. */
  private final Map<Long, long[]> byBucket = new TreeMap<>();

  /** Facets, and the number of their rows. */
  private static final class Counted {
    private final int verdict;
    private final String rule;
    private final String kind;
    private long rows;

    Counted(int verdict, String rule, String kind) {
      this.verdict = verdict;
      this.rule = rule;
      this.kind = kind;
    }
  }

  IndexCount(SqliteIndex index, Counting counting) {
    this(index, counting, MAX_AGENTS);
  }

  IndexCount(SqliteIndex index, Counting counting, int maxAgents) {
    this.index = index;
    this.maxAgents = maxAgents;
    this.filter = counting.filter();
    this.given = counting.bucket();
    this.top = counting.top();
    this.deadline = System.nanoTime() + counting.atMost().toNanos();
    this.text = filter.text().isPresent() ? filter.predicate() : null;
  }

  /** Returns the counts. */
  Counts counts() throws SQLException, LedgerException {
    readFacets();
    Optional<IndexSelection> selection = IndexSelection.of(filter, index.connection());
    Duration bucket = bucket();
    Optional<Long> from =
        selection.isEmpty() ? Optional.empty() : count(selection.get(), micros(bucket));
    long rows = 0;
    long[] all = new long[NO_DECISION + 1];
    List<Bucket> buckets = new ArrayList<>();
    for (Map.Entry<Long, long[]> each : byBucket.entrySet()) {
      Verdicts counted = verdicts(each.getValue());
      rows += counted.total() + each.getValue()[NO_DECISION];
      add(all, each.getValue());
      if (counted.total() > 0) {
        long start = each.getKey() * micros(bucket);
        buckets.add(new Bucket(Instant.EPOCH.plus(start, ChronoUnit.MICROS), counted));
      }
    }
    return new Counts(
        rows,
        verdicts(all),
        first(named(each -> each.rule)),
        agents(),
        sorted(named(each -> each.kind)),
        bucket,
        buckets,
        from,
        index.coverage());
  }

  private static void add(long[] sum, long[] more) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += more[i];
    }
  }

  private void readFacets() throws SQLException {
    byFacets = new Counted[IndexSchema.largestFacets(index.connection()) + 1];
    Statements.forEach(
        index.connection(),
        "SELECT f.id, t.name, v.name, r.name, k.name FROM facets AS f"
            + " JOIN names AS t ON t.id = f.type JOIN names AS v ON v.id = f.verdict"
            + " JOIN names AS r ON r.id = f.rule JOIN names AS k ON k.id = f.kind",
        row -> {
          int known = EventQuery.VERDICTS.indexOf(row.getString(3));
          int verdict =
              !DeferredAuditEvent.isDecision(row.getString(2))
                  ? NO_DECISION
                  : known < 0 ? UNKNOWN : known;
          byFacets[row.getInt(1)] = new Counted(verdict, row.getString(4), row.getString(5));
          return true;
        });
  }

  /** Returns the length of a bucket. */
  private Duration bucket() throws SQLException {
    long[] range = {Long.MAX_VALUE, Long.MIN_VALUE};
    Statements.forEach(
        index.connection(),
        "SELECT min(low), max(high) FROM blocks WHERE high >= ? AND low < ?",
        row -> {
          if (row.getObject(1) != null) {
            range[0] = Math.max(row.getLong(1), filter.fromMicros());
            range[1] = Math.min(row.getLong(2), filter.toMicros() - 1);
          }
          return false;
        },
        filter.fromMicros(),
        filter.toMicros());
    if (given.isPresent()) {
      require(given.get(), range);
      return given.get();
    }
    return LENGTHS.stream()
        .filter(length -> buckets(length, range) <= USUAL_BUCKETS)
        .findFirst()
        .orElse(LENGTHS.get(LENGTHS.size() - 1));
  }

  private static void require(Duration length, long[] range) {
    if (buckets(length, range) > MAX_BUCKETS) {
      throw new IllegalArgumentException(
          "the rows would be in %s buckets; at most %s: choose a longer bucket or a shorter time"
              .formatted(buckets(length, range), MAX_BUCKETS));
    }
  }

  private static long buckets(Duration length, long[] range) {
    return range[0] > range[1]
        ? 0
        : Math.floorDiv(range[1], micros(length)) - Math.floorDiv(range[0], micros(length)) + 1;
  }

  /** Returns a length in microseconds; the maximum of a long if it is longer than that. */
  private static long micros(Duration length) {
    return TimeUnit.MICROSECONDS.convert(length);
  }

  /**
   * Counts the selected rows, newest block first. If the time limit is reached, returns the first
   * row of the last block that was counted.
   */
  private Optional<Long> count(IndexSelection selection, long bucket)
      throws SQLException, LedgerException {
    Optional<Long> reached = Optional.empty();
    try (IndexSelection.Blocks blocks = selection.blocks(Long.MIN_VALUE, Long.MAX_VALUE, true)) {
      for (IndexSelection.Block block = blocks.next(); block != null; block = blocks.next()) {
        if (reached.isPresent() && isLate()) {
          return reached;
        }
        long number = Math.floorDiv(block.low(), bucket);
        if (text == null
            && selection.isSummedUpBy(block)
            && number == Math.floorDiv(block.high(), bucket)) {
          addSummary(selection, block, number);
        } else if (block.mayHave(selection)) {
          if (text == null) {
            addRows(selection, block, bucket);
          } else {
            Optional<Long> stopped = addRowsWith(text, selection, block, bucket);
            if (stopped.isPresent()) {
              return stopped;
            }
          }
        }
        reached = Optional.of(block.first());
      }
    }
    return Optional.empty();
  }

  private void addSummary(IndexSelection selection, IndexSelection.Block block, long bucket)
      throws SQLException {
    IndexBlock.Content stored = new IndexBlock.Content(block.content());
    long[] counted = cell(byBucket, bucket);
    while (stored.nextAgent()) {
      while (selection.hasAgent(stored.agent()) && stored.nextCell()) {
        if (selection.hasFacets(stored.facets())) {
          add(stored.agent(), stored.facets(), counted, stored.rows());
        }
      }
    }
  }

  private void addRows(IndexSelection selection, IndexSelection.Block block, long bucket)
      throws SQLException {
    selection.forEachRow(
        block,
        row -> {
          long[] counted = cell(byBucket, Math.floorDiv(row.getLong(2), bucket));
          add(row.getInt(3), row.getInt(4), counted, 1);
          return true;
        });
  }

  /**
   * Counts the rows of a block whose payloads have the text, the newest first; returns the first
   * one examined if the time was over before the others.
   */
  private Optional<Long> addRowsWith(
      Predicate<ChainRow> wanted, IndexSelection selection, IndexSelection.Block block, long bucket)
      throws SQLException, LedgerException {
    NavigableMap<Long, long[]> selected = new TreeMap<>();
    selection.forEachRow(
        block,
        row -> {
          selected.put(row.getLong(1), new long[] {row.getInt(3), row.getInt(4), row.getLong(2)});
          return true;
        });
    List<Long> sequences = new ArrayList<>(selected.descendingKeySet());
    for (int at = 0; at < sequences.size(); at += SqliteIndex.SLICE_ROWS) {
      if (at > 0 && isLate()) {
        return Optional.of(sequences.get(at - 1));
      }
      int end = Math.min(sequences.size(), at + SqliteIndex.SLICE_ROWS);
      for (long sequence : index.found(sequences.subList(at, end), wanted)) {
        long[] numbers = selected.getOrDefault(sequence, new long[0]);
        long[] counted = cell(byBucket, Math.floorDiv(numbers[2], bucket));
        add((int) numbers[0], (int) numbers[1], counted, 1);
      }
    }
    return Optional.empty();
  }

  private boolean isLate() {
    return System.nanoTime() - deadline >= 0;
  }

  private void add(int agent, int facets, long[] bucket, long rows) throws SQLException {
    Counted combined = facets >= 0 && facets < byFacets.length ? byFacets[facets] : null;
    if (combined == null) {
      throw IndexBlock.damaged();
    }
    bucket[combined.verdict] += rows;
    combined.rows += rows;
    if (combined.verdict != NO_DECISION) {
      ofAgent(agent)[combined.verdict] += rows;
    }
  }

  /** Returns the counts of an agent; counts that are dropped if there are too many agents. */
  private long[] ofAgent(int agent) {
    if (agent != lastAgent) {
      lastAgent = agent;
      boolean isCounted = byAgent.size() < maxAgents || byAgent.containsKey(agent);
      isCut |= !isCounted;
      ofLastAgent = isCounted ? cell(byAgent, agent) : new long[NO_DECISION + 1];
    }
    return ofLastAgent;
  }

  private static <K> long[] cell(Map<K, long[]> counts, K key) {
    long[] found = counts.get(key);
    if (found == null) {
      found = new long[NO_DECISION + 1];
      counts.put(key, found);
    }
    return found;
  }

  private static Verdicts verdicts(long[] counted) {
    return new Verdicts(counted[0], counted[1], counted[2], counted[3], counted[UNKNOWN]);
  }

  /** Returns the counts by a value of the facets; rows without a value are left out. */
  private List<Named> named(Function<Counted, String> value) {
    Map<String, long[]> byName = new HashMap<>();
    for (Counted each : byFacets) {
      if (each != null && each.rows > 0 && !value.apply(each).isEmpty()) {
        cell(byName, value.apply(each))[each.verdict] += each.rows;
      }
    }
    List<Named> named = new ArrayList<>();
    byName.forEach((name, counted) -> named.add(new Named(name, verdicts(counted))));
    return named;
  }

  private Top agents() throws SQLException {
    List<Map.Entry<Integer, long[]>> most = new ArrayList<>(byAgent.entrySet());
    most.sort(
        Comparator.comparingLong(
                (Map.Entry<Integer, long[]> each) -> -verdicts(each.getValue()).total())
            .thenComparing(Map.Entry::getKey));
    List<Named> named = new ArrayList<>();
    for (Map.Entry<Integer, long[]> each : most.subList(0, Math.min(top, most.size()))) {
      named.add(
          new Named(
              Statements.first(
                      index.connection(),
                      "SELECT name FROM names WHERE id = ?",
                      row -> row.getString(1),
                      each.getKey())
                  .orElse(""),
              verdicts(each.getValue())));
    }
    return new Top(first(named).first(), most.size() - named.size(), !isCut);
  }

  private static List<Named> sorted(List<Named> named) {
    return named.stream()
        .sorted(
            Comparator.comparingLong((Named each) -> -each.verdicts().total())
                .thenComparing(Named::name))
        .toList();
  }

  private Top first(List<Named> named) {
    List<Named> sorted = sorted(named);
    return new Top(
        sorted.subList(0, Math.min(top, sorted.size())), Math.max(0, sorted.size() - top), true);
  }
}
