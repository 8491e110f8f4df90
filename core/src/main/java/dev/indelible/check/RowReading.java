// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredRow;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.RowRanges;
import dev.indelible.storage.VerifiableLedger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Reads rows, checks each row by itself on all cores, and passes the rows on in order. Keeps a
 * bounded number of bytes in memory, so a small heap suffices for a chain of any length. Used by
 * one thread.
 */
final class RowReading {
  /** Rows in a part, which one thread reads. With fewer rows, passing parts on would cost more. */
  private static final int ROWS_AT_ONCE = 1_024;

  /** Parts read ahead for each thread. */
  private static final int AHEAD = 2;

  /** Maximum bytes read ahead in all. */
  private static final long MOST_BYTES = Runtime.getRuntime().maxMemory() / 4;

  /** Bytes of a row with the largest payload. */
  private static final long LARGEST_ROW = 5 << 18;

  /** Threads that read: one per core, if memory suffices for their largest rows. */
  private static final int READERS =
      (int)
          Math.max(
              1,
              Math.min(
                  Runtime.getRuntime().availableProcessors(), MOST_BYTES / (AHEAD * LARGEST_ROW)));

  /** Bytes after which a part of large rows ends early. */
  private static final long BYTES_AT_ONCE = Math.min(2 << 20, MOST_BYTES / (AHEAD * READERS));

  private final VerifiableLedger ledger;
  private final RowCheck check;
  private final Rows listener;

  /** Creates a reading; the listener gets the rows in order. */
  RowReading(VerifiableLedger ledger, RowCheck check, Rows listener) {
    this.ledger = ledger;
    this.check = check;
    this.listener = listener;
  }

  /** Receives the rows in lists. */
  @FunctionalInterface
  interface Rows {
    void next(List<CheckedRow> rows) throws LedgerException;
  }

  /** Reads every row from a sequence on. */
  void from(long sequence) throws LedgerException {
    Optional<RowRanges> ranges = ledger.ranges(READERS);
    if (ranges.isEmpty()) {
      inOneStream(sequence);
      return;
    }
    try (RowRanges open = ranges.get()) {
      ExecutorService workers = Executors.newFixedThreadPool(open.readers(), RowReading::worker);
      try {
        inRanges(open, sequence, workers);
      } finally {
        stop(workers);
      }
    }
  }

  /** Reads ranges in parallel, and passes them on in order. */
  private void inRanges(RowRanges ranges, long sequence, ExecutorService workers)
      throws LedgerException {
    Deque<Future<Part>> ahead = new ArrayDeque<>();
    OptionalLong next = next(ranges, sequence);
    while (next.isPresent() || !ahead.isEmpty()) {
      while (next.isPresent() && ahead.size() < AHEAD * ranges.readers()) {
        long from = next.getAsLong();
        long to = from + Math.min(ROWS_AT_ONCE - 1, Long.MAX_VALUE - from);
        ahead.add(workers.submit(() -> read(ranges, from, to)));
        next = to == Long.MAX_VALUE ? OptionalLong.empty() : next(ranges, to + 1);
      }
      Part part = join(ahead.remove());
      listener.next(part.rows);
      while (part.isFull() && part.last() < part.to) {
        Part full = part;
        part = join(workers.submit(() -> read(ranges, full.last() + 1, full.to)));
        listener.next(part.rows);
      }
    }
  }

  private static OptionalLong next(RowRanges ranges, long from) throws LedgerException {
    OptionalLong next = ranges.next(from);
    if (next.isPresent() && next.getAsLong() < from) {
      throw disordered(from, next.getAsLong());
    }
    return next;
  }

  private Part read(RowRanges ranges, long from, long to) throws LedgerException {
    Part part = new Part(to);
    ranges.forEachRow(from, to, row -> part.add(CheckedRow.of(row, check)));
    if (part.isFull() && part.last() < from) {
      throw disordered(from, part.last());
    }
    return part;
  }

  /**
   * Returns the failure for rows out of order. Only a damaged file has rows out of order, and
   * further reading might never end.
   */
  private static LedgerException disordered(long asked, long found) {
    return new LedgerException(
        "the ledger is damaged: a query for rows from %s on returned row %s"
            .formatted(asked, found),
        true,
        null);
  }

  /** Reads on one thread, and checks on all cores. */
  private void inOneStream(long sequence) throws LedgerException {
    List<StoredRow> part = new ArrayList<>(ROWS_AT_ONCE);
    long[] bytes = {0};
    List<LedgerException> failed = new ArrayList<>();
    ledger.forEachRow(
        RowQuery.from(sequence),
        row -> {
          part.add(row);
          bytes[0] += row.bytes();
          if (part.size() < ROWS_AT_ONCE && bytes[0] < BYTES_AT_ONCE) {
            return true;
          }
          bytes[0] = 0;
          try {
            check(part);
            return true;
          } catch (LedgerException e) {
            failed.add(e);
            return false;
          }
        });
    if (!failed.isEmpty()) {
      throw failed.get(0);
    }
    check(part);
  }

  private void check(List<StoredRow> part) throws LedgerException {
    listener.next(part.parallelStream().map(row -> CheckedRow.of(row, check)).toList());
    part.clear();
  }

  /** Rows of a range, in order; full after {@link #BYTES_AT_ONCE}. */
  private static final class Part {
    private final List<CheckedRow> rows = new ArrayList<>(ROWS_AT_ONCE);
    private final long to;
    private long bytes;

    Part(long to) {
      this.to = to;
    }

    /** Adds a row. Returns true if another one fits. */
    boolean add(CheckedRow row) {
      rows.add(row);
      bytes += row.stored().bytes();
      return !isFull();
    }

    boolean isFull() {
      return bytes >= BYTES_AT_ONCE;
    }

    long last() {
      return rows.get(rows.size() - 1).sequence();
    }
  }

  private static Part join(Future<Part> part) throws LedgerException {
    try {
      return part.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LedgerException("interrupted before all rows were read");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof LedgerException cause) {
        throw cause;
      }
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(e);
    }
  }

  private static Thread worker(Runnable work) {
    Thread thread = new Thread(work, "indelible-verifier");
    thread.setDaemon(true);
    return thread;
  }

  /** Stops the workers and waits until they end, because their connections are closed next. */
  private static void stop(ExecutorService workers) {
    workers.shutdownNow();
    boolean interrupted = false;
    while (!workers.isTerminated()) {
      try {
        workers.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
