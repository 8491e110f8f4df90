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
 * Runs WAL checkpoints, which copy the write-ahead log into the database file, on its own thread
 * and connection, so a writer under load does not wait for them.
 *
 * <p>The checkpoints delay neither writers nor readers, and do not affect durability: a commit is
 * synced in the log before it returns. The writer still runs a checkpoint itself when the log has
 * {@link #WRITERS_PAGES}: only a writer restarts the log from its beginning, and a writer whose
 * checkpointer failed works like one without a checkpointer.
 */
final class WalCheckpointer implements AutoCloseable {
  /** Pages in the log, not yet copied, that justify a sync of the database. */
  private static final int DUE_PAGES = 768;

  /** Pages in the log at which a writer with a checkpointer runs a checkpoint itself. */
  static final int WRITERS_PAGES = 4 * DUE_PAGES;

  private static final int[] FIRST_SAFE = {3, 51, 3};

  /** Fixed releases before 3.51.3, for each minor version. */
  private static final List<int[]> ALSO_SAFE = List.of(new int[] {3, 50, 7}, new int[] {3, 44, 6});

  private static final Logger LOG = LoggerFactory.getLogger(WalCheckpointer.class);

  private final Path file;
  private final Thread thread;
  private volatile boolean closed;

  /** True if the last attempt failed and was logged; used by the thread only. */
  private boolean failed;

  private WalCheckpointer(Path file) {
    this.file = file;
    this.thread = new Thread(this::run, "indelible-wal");
    this.thread.setDaemon(true);
  }

  /**
   * Returns true if two checkpointing connections cannot corrupt a database under this SQLite.
   * Before 3.51.3 the second could mistake an unfinished checkpoint of the first for a finished
   * one.
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

  /**
   * Starts a checkpointer for an existing database. If its thread cannot start, the writer works
   * alone.
   */
  static WalCheckpointer start(Path file) {
    WalCheckpointer checkpointer = new WalCheckpointer(file);
    try {
      checkpointer.thread.start();
    } catch (OutOfMemoryError e) {
      checkpointer.leaveToWriter(e);
    }
    return checkpointer;
  }

  /** Notifies the thread of a commit. Never waits. */
  void committed() {
    LockSupport.unpark(thread);
  }

  private void run() {
    try (Connection connection = open();
        Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA synchronous = FULL");
      while (!closed) {
        checkpointIfDue(statement);
        // Clears a pending interrupt, which would keep this thread from parking; no code here uses
        // interrupts.
        Thread.interrupted();
        LockSupport.park(this);
      }
    } catch (SQLException | RuntimeException | Error e) {
      leaveToWriter(e);
    }
  }

  private void leaveToWriter(Throwable cause) {
    LOG.warn("{}: its write-ahead log is left to the writer: {}", file, cause.toString());
  }

  private Connection open() throws SQLException {
    return DriverManager.getConnection(SqliteFile.url(file), SqliteFile.noneMade());
  }

  private void checkpointIfDue(Statement statement) {
    try {
      Pages pages = pages(statement, "NOOP");
      // The writer checkpoints and restarts a longer log, and must not find it locked.
      if (pages.left() >= DUE_PAGES && pages.all() < WRITERS_PAGES) {
        pages(statement, "PASSIVE");
      }
      failed = false;
    } catch (SQLException e) {
      // The log is intact; the writer or the next attempt copies it.
      if (!failed) {
        LOG.warn(
            "{}: its write-ahead log cannot be checkpointed: {}", file, SqliteFault.describe(e));
      }
      failed = true;
    }
  }

  /** Runs a checkpoint; returns the pages in the log after it, 0 if another connection runs one. */
  private static Pages pages(Statement statement, String mode) throws SQLException {
    try (ResultSet row = statement.executeQuery("PRAGMA wal_checkpoint(" + mode + ")")) {
      boolean busy = !row.next() || row.getBoolean(1);
      return busy ? new Pages(0, 0) : new Pages(row.getLong(2), row.getLong(2) - row.getLong(3));
    }
  }

  /** Pages in the log, and those that are not copied yet. */
  private record Pages(long all, long left) {}

  /**
   * Stops the thread after the checkpoint that it is running. Interrupts do not shorten the wait.
   */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    Threads.join(thread);
  }
}
