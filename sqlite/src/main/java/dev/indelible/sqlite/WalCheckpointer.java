// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.base.Threads;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries SQLite's write-ahead log over into the database file, on a thread and a connection of its
 * own, so that a writer under load does not wait for it.
 *
 * <p>It holds up neither writers nor readers, and changes nothing of what is durable: a commit is
 * synced in the log before it is answered, as without it. The writer still carries over what is
 * left when the log has grown to {@link #WRITERS_PAGES}: only a writer begins the log anew, and one
 * whose helper has failed is as well off as one that has none.
 */
final class WalCheckpointer implements AutoCloseable {
  /** Pages of the log not carried over yet that are worth a sync of the database. */
  private static final int DUE_PAGES = 768;

  /** Pages that the log of a writer with such a helper grows to before it sees to it itself. */
  static final int WRITERS_PAGES = 4 * DUE_PAGES;

  private static final int[] FIRST_SAFE = {3, 51, 3};

  /** Releases before it that were mended, too: the third number counts. */
  private static final List<int[]> ALSO_SAFE = List.of(new int[] {3, 50, 7}, new int[] {3, 44, 6});

  private static final Logger LOG = LoggerFactory.getLogger(WalCheckpointer.class);

  private final Path file;
  private final Thread thread;
  private volatile boolean closed;

  /** Whether the last attempt failed, and that was logged; the thread's own. */
  private boolean failed;

  private WalCheckpointer(Path file) {
    this.file = file;
    this.thread = new Thread(this::run, "indelible-wal");
    this.thread.setDaemon(true);
  }

  /**
   * Whether SQLite is one that two checkpointing connections cannot bring to corrupt a database:
   * before 3.51.3 the second could take the log of the first for carried over when it was not.
   *
   * @param version for example {@code 3.54.1}
   */
  static boolean isSafeWith(String version) {
    int[] numbers = Stream.of(version.split("\\.")).mapToInt(Integer::parseInt).toArray();
    return Arrays.compare(numbers, FIRST_SAFE) >= 0
        || ALSO_SAFE.stream()
            .anyMatch(
                safe ->
                    Arrays.compare(numbers, safe) >= 0 && Arrays.equals(numbers, 0, 2, safe, 0, 2));
  }

  /** Starts one for a database that is there; if it cannot be had, the writer is left alone. */
  static WalCheckpointer start(Path file) {
    WalCheckpointer checkpointer = new WalCheckpointer(file);
    try {
      checkpointer.thread.start();
    } catch (OutOfMemoryError e) {
      checkpointer.giveUp(e);
    }
    return checkpointer;
  }

  /** Something was committed. Never waits. */
  void committed() {
    LockSupport.unpark(thread);
  }

  private void run() {
    try (Connection connection = open();
        Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA synchronous = FULL");
      while (!closed) {
        carryOverIfDue(statement);
        // An interrupt is for nobody here, and would keep this thread from resting.
        Thread.interrupted();
        LockSupport.park(this);
      }
    } catch (SQLException | RuntimeException | Error e) {
      giveUp(e);
    }
  }

  private void giveUp(Throwable cause) {
    LOG.warn("{}: its write-ahead log is left to the writer: {}", file, cause.toString());
  }

  private Connection open() throws SQLException {
    return DriverManager.getConnection(SqliteFile.url(file), SqliteFile.noneMade());
  }

  private void carryOverIfDue(Statement statement) {
    try {
      Pages pages = pages(statement, "NOOP");
      // One that has grown further is the writer's, who would find it locked: it begins it anew.
      if (pages.left() >= DUE_PAGES && pages.all() < WRITERS_PAGES) {
        pages(statement, "PASSIVE");
      }
      failed = false;
    } catch (SQLException e) {
      // The log stays as it is, and all that is in it: the writer or the next attempt gets on.
      if (!failed) {
        LOG.warn(
            "{}: its write-ahead log cannot be carried over: {}", file, SqliteFault.describe(e));
      }
      failed = true;
    }
  }

  /** What there is after that; nothing if another is at it. */
  private static Pages pages(Statement statement, String mode) throws SQLException {
    try (ResultSet row = statement.executeQuery("PRAGMA wal_checkpoint(" + mode + ")")) {
      boolean busy = !row.next() || row.getBoolean(1);
      return busy ? new Pages(0, 0) : new Pages(row.getLong(2), row.getLong(2) - row.getLong(3));
    }
  }

  /** The pages in the log, and those of them that are not carried over yet. */
  private record Pages(long all, long left) {}

  /** Ends the thread, when it has carried over what it is at. Interrupts do not cut this short. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    Threads.join(thread);
  }
}
