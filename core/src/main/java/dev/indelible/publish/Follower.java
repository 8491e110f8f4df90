// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.base.Threads;
import dev.indelible.base.Throttle;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.crypto.KeyException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.monitor.HealthEntries;
import dev.indelible.storage.KeptReader;
import dev.indelible.storage.LedgerSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a log on its own thread. Looks at the log at intervals, which grow while a fault lasts,
 * and once more when the log is closed. Between two looks, keeps a connection to a ledger on a
 * server; a look at a file opens and closes it.
 */
abstract class Follower {
  /** Interval between two looks at the log while there is no fault. */
  static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(1);

  /** Maximum wait after a fault; the wait doubles up to this time. */
  private static final Duration LONGEST_BACKOFF = Duration.ofMinutes(1);

  /** Minimum interval between log lines while the reason of a fault changes. */
  private static final Duration TROUBLE_LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(Follower.class);

  private final String what;
  private final HealthEntries health;
  private final LedgerSource source;
  private final Duration interval;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;

  /** The reader of a ledger on a server; used only by this thread. */
  private final KeptReader<LedgerReader> kept;

  private final Throttle troubleLog = Throttle.of(TROUBLE_LOG_INTERVAL);
  private Duration backoff;

  /**
   * The stamp of the files before the last look, if the look found no fault; used only by this
   * thread.
   */
  private Optional<FileStamp> seen = Optional.empty();

  /** True if {@link #lookOrReport} has set a health entry; used only by this thread. */
  private boolean isReported;

  /** The fault that the last look found; this thread writes, any thread reads. */
  private volatile Optional<String> trouble = Optional.empty();

  /**
   * Creates a follower that has not started.
   *
   * @param what the source of its health entry; names the follower in log lines and its thread
   * @param health receives an entry while looks end with an exception or error
   * @param source the ledger; it need not exist yet
   */
  Follower(String what, HealthEntries health, LedgerSource source, Duration interval) {
    this.what = what;
    this.health = health;
    this.source = source;
    this.kept = new KeptReader<>(source::open);
    this.interval = interval;
    this.backoff = interval;
    this.thread = new Thread(this::run, "indelible-" + what.replace(' ', '-'));
    this.thread.setDaemon(true);
  }

  /**
   * Looks at the log.
   *
   * @return the fault that it finds; empty if there is none
   * @throws InterruptedException if the closing thread does not wait any longer
   */
  abstract Optional<String> look(LedgerReader ledger)
      throws LedgerException, KeyException, CheckpointParseException, InterruptedException;

  /** Returns the fault that the last look found, or empty. */
  final Optional<String> trouble() {
    return trouble;
  }

  /**
   * Returns the current size of the last checkpoint; another process may have signed one since the
   * look began.
   */
  final long lastSize() throws LedgerException {
    return now(ledger -> ledger.lastCheckpoint().map(StoredCheckpoint::size).orElse(0L));
  }

  /**
   * Returns the current number of rows in the ledger's tree; another process may have appended some
   * since the look began. The last checkpoint may cover fewer rows than one that was published: a
   * fail-over to an asynchronous standby loses the latest checkpoint, though not the rows under it.
   */
  final long rows() throws LedgerException {
    return now(ledger -> ledger.treeSize().orElse(0));
  }

  /** Reads a number from the ledger. */
  @FunctionalInterface
  private interface Reading {
    long of(LedgerReader ledger) throws LedgerException;
  }

  private long now(Reading reading) throws LedgerException {
    Optional<? extends LedgerReader> opened = source.open();
    if (opened.isEmpty()) {
      return 0;
    }
    try (LedgerReader ledger = opened.get()) {
      return reading.of(ledger);
    }
  }

  /** Returns further files that affect the result of a look. */
  List<Path> files() {
    return List.of();
  }

  /**
   * Looks at the log, unless no file has changed since a look without a fault. Returns true if
   * there is no fault.
   */
  private boolean lookIfChanged() throws InterruptedException {
    List<Path> files = new ArrayList<>(source.files());
    if (files.isEmpty()) {
      return look();
    }
    files.addAll(files());
    // Read before the look, so that a change during this look causes another one.
    Optional<FileStamp> now = FileStamp.of(files);
    if (now.isPresent() && now.equals(seen)) {
      return true;
    }
    boolean well = look();
    seen = well ? now : Optional.empty();
    return well;
  }

  /** Looks at the log, and logs a new fault; returns true if there is none. */
  private boolean look() throws InterruptedException {
    Optional<String> found;
    try {
      found = lookAtLedger();
    } catch (LedgerException e) {
      found = Optional.of(String.valueOf(e.getMessage()));
    }
    note(found);
    return found.isEmpty();
  }

  /** Stores the fault that a look found, and logs a new one. */
  private void note(Optional<String> found) {
    if (found.isPresent() && !found.equals(trouble)) {
      String reason = found.get();
      troubleLog.ifDue(() -> LOG.warn("{}: {}", what, reason));
    }
    trouble = found;
  }

  /**
   * Looks at the log. Reports an exception or error of any kind in health and does not throw it,
   * because nobody else does the work of this thread: reading a damaged tree can throw anything,
   * and there may be memory again later.
   *
   * @return true if there is no fault
   */
  private boolean lookOrReport() throws InterruptedException {
    try {
      boolean isWell = lookIfChanged();
      if (isWell && isReported) {
        health.clear(what);
        isReported = false;
      }
      return isWell;
    } catch (RuntimeException | Error e) {
      note(Optional.of(e.toString()));
      health.set(what, e.toString());
      isReported = true;
      return false;
    }
  }

  private Optional<String> lookAtLedger() throws LedgerException, InterruptedException {
    if (source.files().isEmpty()) {
      return kept.use(this::lookAt).orElse(Optional.empty());
    }
    Optional<? extends LedgerReader> opened = source.open();
    if (opened.isEmpty()) {
      return Optional.empty();
    }
    try (LedgerReader ledger = opened.get()) {
      return lookAt(ledger);
    }
  }

  private Optional<String> lookAt(LedgerReader ledger)
      throws LedgerException, InterruptedException {
    try {
      return look(ledger);
    } catch (KeyException | CheckpointParseException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** Returns true once the thread should end. */
  final boolean isStopped() {
    return closing.getCount() == 0;
  }

  /**
   * Waits while the thread rests.
   *
   * @return true if it should end
   */
  final boolean rest(Duration time) throws InterruptedException {
    return closing.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  final void start() {
    thread.start();
  }

  private void run() {
    try {
      boolean last = false;
      while (!last) {
        last = closing.await(lookOrReport() ? calm() : doubled(), TimeUnit.NANOSECONDS);
      }
      seen = Optional.empty(); // Looks once more, changed or not.
      lookOrReport();
    } catch (InterruptedException e) {
      // The closing thread does not wait any longer; the next start does the remaining work.
      Thread.currentThread().interrupt();
    } finally {
      kept.close();
    }
  }

  private long calm() {
    backoff = interval;
    return interval.toNanos();
  }

  private long doubled() {
    Duration now = backoff;
    Duration twice = now.multipliedBy(2);
    backoff = twice.compareTo(LONGEST_BACKOFF) < 0 ? twice : LONGEST_BACKOFF;
    return now.toNanos();
  }

  /** Makes the thread look at the log once more and end. */
  public final void stop() {
    closing.countDown();
  }

  /**
   * Waits for the thread to end after {@link #stop}, and interrupts it at the deadline. Remaining
   * work is done after the next start.
   *
   * @param deadline on the clock of {@link System#nanoTime}
   */
  public final void awaitEnd(long deadline) {
    Threads.join(thread, Duration.ofNanos(deadline - System.nanoTime()));
    thread.interrupt();
  }
}
