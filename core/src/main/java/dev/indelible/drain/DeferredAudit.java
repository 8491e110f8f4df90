// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.queue.AuditBooks;
import dev.indelible.queue.AuditHealth;
import dev.indelible.queue.DeferredAuditMetrics;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.EventStore;
import dev.indelible.queue.HealthEntries;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A running deferred audit queue: the queue, its supervised drainer, and the way to end both.
 *
 * <p>The drainer's thread is a daemon and keeps no process alive; a shutdown hook drains what waits
 * when a process ends without having closed.
 */
public final class DeferredAudit implements AutoCloseable {
  /** What a thread gets to end, however little the closer has left. */
  private static final Duration LEAST = Duration.ofMillis(500);

  /** What a sink has to close in when it begins nothing new any more, if the closer has as much. */
  private static final Duration TO_CLOSE = Duration.ofSeconds(1);

  private static final String THREAD_NAME = "indelible-drainer";

  private final DeferredAuditQueue queue;
  private final AuditBooks books;
  private final Supervisor supervisor;
  private final Thread thread;
  private final Thread shutdownHook;

  private final EventStore store;
  private final AtomicBoolean storeClosed = new AtomicBoolean();

  /** How recording went when the queue was closed; set by the first who closes. */
  private final AtomicReference<AuditHealth> lastHealth = new AtomicReference<>();

  private DeferredAudit(
      EventStore store, DeferredAuditSink.Factory sinks, AuditBooks books, DrainSettings settings) {
    this.store = store;
    this.books = books;
    this.queue = new DeferredAuditQueue(store, books);
    Drainer drainer = new Drainer(store, books, settings.maxBatch());
    this.supervisor = new Supervisor(drainer, sinks, books, settings.maxRestarts());
    this.thread = new Thread(supervisor, THREAD_NAME);
    this.thread.setDaemon(true);
    this.shutdownHook = new Thread(this::flush, THREAD_NAME + "-shutdown");
  }

  /**
   * Starts a queue and its drainer.
   *
   * @param store where events wait; what it holds already is drained first
   * @param sinks makes the sinks, which count into {@code books}
   * @param books where everything is counted
   * @param settings how the drainer works
   */
  public static DeferredAudit start(
      EventStore store, DeferredAuditSink.Factory sinks, AuditBooks books, DrainSettings settings) {
    DeferredAudit audit = new DeferredAudit(store, sinks, books, settings);
    Runtime.getRuntime().addShutdownHook(audit.shutdownHook);
    boolean started = false;
    try {
      audit.thread.start();
      started = true;
      return audit;
    } finally {
      if (!started) {
        audit.forgetShutdownHook();
      }
    }
  }

  /** The queue. */
  public DeferredAuditQueue queue() {
    return queue;
  }

  /** What is wrong although events reach the ledger; those who watch the log report here. */
  public HealthEntries healthEntries() {
    return books.healthEntries();
  }

  /**
   * Reports that the log contradicts what it signed before, proven by evidence with its own
   * signature: health reports it, recording goes on, and no checkpoint is signed any more.
   *
   * @param source who found it, the key of the health entry
   */
  public void reportContradiction(String source, String reason) {
    books.reportContradiction(source, reason);
  }

  /**
   * Waits {@link DeferredAuditQueue#DEFAULT_DRAIN_TIMEOUT}; see {@link #closeAndFlush(Duration)}.
   */
  public DrainReport closeAndFlush() {
    return closeAndFlush(DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT);
  }

  /**
   * Stops intake, waits for what was accepted to be settled, and stops the drainer (D9). Never
   * takes longer than {@code timeout} and a second, even with a sink or a journal stuck in I/O. May
   * be called again.
   */
  public DrainReport closeAndFlush(Duration timeout) {
    forgetShutdownHook();
    long start = System.nanoTime();
    queue.close();
    boolean drained = queue.drainPending(timeout);
    endDrainer(start, timeout);
    supervisor.abandon();
    closeStore(start, timeout);
    lastHealth.compareAndSet(null, books.health());
    AuditHealth last = lastHealth.get();
    books.report(new AuditHealth(AuditHealth.State.CLOSED, ""));
    DeferredAuditMetrics end = queue.metrics();
    // A caller held up at the door until now is neither in nor turned away for a moment.
    long atTheDoor = drained ? end.pending() : 0;
    return new DrainReport(
        end.submitted() - atTheDoor,
        end.appended(),
        end.dlqLanded(),
        end.sendFailures(),
        end.pending() - atTheDoor,
        !drained && !last.state().isTerminal(),
        last);
  }

  /** As {@link #closeAndFlush()}, for those who do not need the report. */
  @Override
  public void close() {
    closeAndFlush();
  }

  private void flush() {
    long start = System.nanoTime();
    queue.close();
    if (queue.drainPending()) {
      // What is to be said at the end is said when the process is told to end, too.
      endDrainer(start, DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT);
    }
  }

  private void endDrainer(long start, Duration timeout) {
    supervisor.stop(thread, start + nanos(timeout) - TO_CLOSE.toNanos());
    await(thread, start, timeout);
  }

  /**
   * Gives a thread the time to say what is to be said at the end and to close, so that its files
   * are free when the caller goes on: what is left of the caller's, and half a second at least.
   */
  private static void await(Thread thread, long start, Duration timeout) {
    long least = System.nanoTime() + LEAST.toNanos();
    long most = nanos(timeout);
    boolean interrupted = false;
    while (thread.isAlive()
        && (System.nanoTime() - least < 0 || System.nanoTime() - start < most)) {
      LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static long nanos(Duration timeout) {
    return Math.max(0, TimeUnit.NANOSECONDS.convert(timeout));
  }

  /**
   * A sink stuck in I/O keeps the store, so that nobody else drains it meanwhile. A store may be
   * stuck itself, and keeps nobody: the process may end before it is closed.
   */
  private void closeStore(long start, Duration timeout) {
    if (thread.isAlive() || !storeClosed.compareAndSet(false, true)) {
      return;
    }
    Thread closer = new Thread(store::close, THREAD_NAME + "-close");
    closer.setDaemon(true);
    try {
      closer.start();
    } catch (OutOfMemoryError e) {
      // No thread is to be had; then this one has to wait.
      store.close();
    }
    await(closer, start, timeout);
  }

  private void forgetShutdownHook() {
    try {
      Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      // The process is ending already, and the hook may be what runs this.
    }
  }
}
