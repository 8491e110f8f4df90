// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.storage.LedgerWriter.Confirmed;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.LockSupport;

/**
 * The number of rows of a ledger that all standbys of its server have, as far as one writer knows.
 * Used by the writer's thread.
 */
final class Replication {
  /** Sizes that are remembered while a standby is behind; beyond that, the newest is replaced. */
  private static final int MOST_MARKS = 64;

  /**
   * Longest wait for a connected standby by a writer that knows no earlier size, for example in a
   * process that records one decision. A standby that keeps up answers within milliseconds.
   */
  private static final Duration WAIT = Duration.ofMillis(200);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(5);

  /**
   * A size of the tree, all rows of which were committed before a place in the write-ahead log.
   *
   * @param lsn the place
   */
  private record Mark(long size, long lsn) {}

  /** Sizes that are not confirmed yet, smallest first. */
  private final Deque<Mark> marks = new ArrayDeque<>();

  /** The timeline of the marks; their places cannot be compared with those of another timeline. */
  private String timeline = "";

  /** The greatest size that all standbys are known to have. */
  private long confirmed;

  /** Returns the greatest size that is known to survive a fail-over. */
  long confirmed() {
    return confirmed;
  }

  /**
   * Records a commit that waited for a synchronous standby. It confirms all earlier commits, also
   * those of other writers, because the standby receives them in order.
   *
   * @param size the size of the tree after the commit
   */
  void replicated(long size) {
    confirmed = Math.max(confirmed, size);
  }

  /**
   * Returns the size that all asynchronous standbys have. May ask the server again.
   *
   * @param size the committed size of the tree
   * @param seen the standbys, read after the size
   */
  Confirmed confirm(long size, Standbys seen, Connection connection) throws SQLException {
    if (seen.last().isEmpty()) {
      marks.clear();
      return Confirmed.all(size);
    }
    if (!seen.timeline().equals(timeline)) {
      timeline = seen.timeline();
      marks.clear();
    }
    boolean isFirst = marks.isEmpty();
    if (marks.size() == MOST_MARKS) {
      marks.removeLast();
    }
    marks.addLast(new Mark(size, seen.written()));
    Standbys now = isFirst ? awaited(seen, connection) : seen;
    while (!marks.isEmpty() && marks.getFirst().lsn() <= now.flushed()) {
      replicated(marks.removeFirst().size());
    }
    return confirmed >= size
        ? Confirmed.all(size)
        : new Confirmed(confirmed, now.last().map(Standbys.Standby::describe));
  }

  /** Waits briefly until all standbys have what was written; returns at once if one is away. */
  private static Standbys awaited(Standbys first, Connection connection) throws SQLException {
    long deadline = System.nanoTime() + WAIT.toNanos();
    Standbys now = first;
    while (now.flushed() < first.written()
        && now.timeline().equals(first.timeline())
        && now.last().filter(last -> last.isConnected() && last.isReadable()).isPresent()
        && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(POLL_INTERVAL.toNanos());
      now = Standbys.read(connection);
    }
    return now;
  }
}
