// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.ThrowingFunction;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Counting;
import dev.indelible.ledger.EventQuery.Counts;
import dev.indelible.ledger.EventQuery.Coverage;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.EventQuery.Page;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.sqlite.IndexWriter;
import dev.indelible.sqlite.SqliteIndex;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.LongConsumer;

/**
 * The index of a log's rows, for queries. It is derived from the ledger: it proves nothing, {@code
 * log verify} does not read it, and if it is missing or in doubt it is built again. One thread of
 * one process at a time writes it.
 *
 * @param file the file of the index
 */
public record LogIndex(Path file) {
  /** The interval between two attempts to take the lock of the index. */
  private static final Duration POLL_INTERVAL = Duration.ofMillis(10);

  /** The time for which a writer holds the lock of the index. */
  private static final Duration LOCK_TIME = Duration.ofMillis(200);

  /** The time for which an erasure waits for the writer of the index, and for readers. */
  private static final Duration PURGE_PATIENCE = Duration.ofSeconds(10);

  /** Time that a query spends on rows that the index lacks. */
  public static final Duration UPDATE_TIME = Duration.ofMillis(50);

  /**
   * Adds rows until the index has all rows, or the time is over. If another thread or process
   * writes the index, waits for it instead.
   *
   * @param thorough true to check the index first, as far as the time allows
   * @param progress called with the last row of the index after each chunk, and at the end
   * @return the reason that the index is behind; empty if it has all rows that the ledger had
   */
  public Optional<String> update(
      LedgerReader ledger, Duration atMost, boolean thorough, LongConsumer progress)
      throws LedgerException {
    long start = System.nanoTime();
    long target = last(ledger);
    Duration check = thorough ? atMost : Duration.ZERO;
    while (true) {
      long reached;
      String behind;
      Optional<IndexWriter> opened = IndexWriter.open(file, ledger, check);
      if (opened.isPresent()) {
        check = Duration.ZERO;
        try (IndexWriter writer = opened.get()) {
          add(writer, target, start, atMost, progress);
          reached = writer.reached();
        }
        behind = behind(reached, ledger);
      } else {
        reached = reached(ledger);
        behind = file + ": the index is behind: another process writes it";
      }
      progress.accept(reached);
      if (reached >= target) {
        return Optional.empty();
      }
      if (isOver(start, atMost)) {
        return Optional.of(behind);
      }
      // Another thread or process, for example an erasure, can take the lock meanwhile.
      LockSupport.parkNanos(POLL_INTERVAL.toNanos());
    }
  }

  /** Adds rows up to a target, for a short time. */
  private static void add(
      IndexWriter writer, long target, long start, Duration atMost, LongConsumer progress)
      throws LedgerException {
    long locked = System.nanoTime();
    while (writer.reached() < target && writer.append()) {
      progress.accept(writer.reached());
      if (isOver(start, atMost) || isOver(locked, LOCK_TIME)) {
        return;
      }
    }
  }

  private String behind(long reached, LedgerReader ledger) throws LedgerException {
    return "%s: the index is behind: it has the rows up to %s of %s; results of queries state that"
        .formatted(file, reached, last(ledger));
  }

  private static boolean isOver(long start, Duration atMost) {
    return System.nanoTime() - start >= atMost.toNanos();
  }

  private static long last(LedgerReader ledger) throws LedgerException {
    return ledger.lastRow().map(ChainRow::sequence).orElse(0L);
  }

  /** Returns the last row of the index; 0 if there is no index of this ledger that can be read. */
  long reached(LedgerReader ledger) throws LedgerException {
    Optional<SqliteIndex> opened = SqliteIndex.open(file, ledger);
    if (opened.isEmpty()) {
      return 0;
    }
    try (SqliteIndex index = opened.get()) {
      return index.coverage().indexed();
    }
  }

  /**
   * Returns a page. An index that cannot be read has no rows, and the page states that.
   *
   * @throws IllegalArgumentException if the cursor is malformed, or the type is unknown
   */
  public Page find(EventQuery query, LedgerReader ledger) throws LedgerException {
    return answer(
        ledger,
        index -> {
          requireType(query.filter(), index, ledger);
          return index.find(query);
        },
        covered -> new Page(List.of(), Optional.empty(), 0, covered));
  }

  /**
   * Counts rows. An index that cannot be read has no rows, and the counts state that.
   *
   * @throws IllegalArgumentException if the buckets would be too many, or the type is unknown
   */
  public Counts count(Counting counting, LedgerReader ledger) throws LedgerException {
    return answer(
        ledger,
        index -> {
          requireType(counting.filter(), index, ledger);
          return index.count(counting);
        },
        Counts::none);
  }

  /**
   * Answers from the index. Rebuilds a damaged or deleted index, as far as the time of an update
   * allows.
   */
  private <T> T answer(
      LedgerReader ledger,
      ThrowingFunction<SqliteIndex, T, LedgerException> question,
      Function<Coverage, T> unanswered)
      throws LedgerException {
    try {
      return ask(ledger, question, unanswered);
    } catch (SqliteIndex.DamagedIndexException e) {
      IndexWriter.discard(file);
    } catch (SqliteIndex.ReplacedIndexException e) {
      // The file that is there now is opened below.
    }
    update(ledger, UPDATE_TIME, false, reached -> {});
    return ask(ledger, question, unanswered);
  }

  private <T> T ask(
      LedgerReader ledger,
      ThrowingFunction<SqliteIndex, T, LedgerException> question,
      Function<Coverage, T> unanswered)
      throws LedgerException {
    Optional<SqliteIndex> opened = SqliteIndex.open(file, ledger);
    if (opened.isEmpty()) {
      return unanswered.apply(new Coverage(0, last(ledger)));
    }
    try (SqliteIndex index = opened.get()) {
      return question.apply(index);
    }
  }

  private static boolean hasType(String type, LedgerReader ledger) throws LedgerException {
    boolean[] found = {false};
    ledger.forEachRow(
        RowQuery.ofType(type),
        row -> {
          found[0] = true;
          return false;
        });
    return found[0];
  }

  /** Refuses an event type that no row has and that the log itself never records. */
  private static void requireType(Filter filter, SqliteIndex index, LedgerReader ledger)
      throws LedgerException {
    if (filter.type().isEmpty()
        || EventQuery.TYPES.contains(filter.type().get())
        || hasType(filter.type().get(), ledger)) {
      return;
    }
    TreeSet<String> known = new TreeSet<>(index.types());
    known.addAll(EventQuery.TYPES);
    Filter.requireKnown("type", filter.type().get(), List.copyOf(known));
  }

  /**
   * Removes the erased payload of a row from the index.
   *
   * @return true if the bytes are gone; false if another process writes or reads the index for too
   *     long
   */
  public boolean purge(long sequence, LedgerReader ledger) throws LedgerException {
    if (!Files.exists(file)) {
      return true;
    }
    long start = System.nanoTime();
    while (!isOver(start, PURGE_PATIENCE)) {
      Optional<IndexWriter> opened = IndexWriter.open(file, ledger, Duration.ZERO);
      if (opened.isPresent()) {
        try (IndexWriter writer = opened.get()) {
          if (writer.purge(sequence)) {
            return true;
          }
        }
      }
      LockSupport.parkNanos(POLL_INTERVAL.toNanos());
    }
    return false;
  }
}
