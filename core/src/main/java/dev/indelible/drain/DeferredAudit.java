// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.health.HealthEntries;
import dev.indelible.queue.AuditCounters;
import dev.indelible.queue.AuditHealth;
import dev.indelible.queue.DeferredAuditMetrics;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import dev.indelible.queue.EventStore;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running deferred audit queue: the queue, its supervised drainer, and the shutdown of both.
 *
 * <p>The drainer's thread is a daemon and keeps no process alive; a shutdown hook drains the
 * waiting events when a process ends without having closed, unless the settings leave that to the
 * owner.
 */
public final class DeferredAudit implements AutoCloseable {
  /** The time that a thread gets to end, even if the closer has none left. */
  private static final Duration LEAST = Duration.ofMillis(500);

  /** The part of the closer's time that is kept for closing the sink after its last attempt. */
  private static final Duration TO_CLOSE = Duration.ofSeconds(1);

  /**
   * The time that the shutdown hook takes in all: a container runtime kills a process ten seconds
   * after SIGTERM.
   */
  public static final Duration SHUTDOWN_LIMIT = Duration.ofSeconds(8);

  private static final Duration UNLIMITED = Duration.ofNanos(Long.MAX_VALUE);

  private static final Logger LOG = LoggerFactory.getLogger(DeferredAudit.class);

  private static final String UNFINISHED = "the end of the run is not recorded: {}";

  private static final String THREAD_NAME = "indelible-drainer";

  private final DeferredAuditQueue queue;
  private final AuditCounters counters;
  private final Supervisor supervisor;
  private final Thread thread;
  private final Thread shutdownHook;

  private final EventStore store;
  private final AtomicBoolean storeClosed = new AtomicBoolean();

  /** The health when the queue was closed; the first closer sets it. */
  private final AtomicReference<AuditHealth> lastHealth = new AtomicReference<>();

  private DeferredAudit(
      EventStore store,
      DeferredAuditSink.Factory sinks,
      AuditCounters counters,
      DrainSettings settings) {
    this.store = store;
    this.counters = counters;
    this.queue = new DeferredAuditQueue(store, counters);
    Drainer drainer = new Drainer(store, counters, settings.maxBatch());
    this.supervisor = new Supervisor(queue, drainer, sinks, counters, settings.maxRestarts());
    this.thread = new Thread(supervisor, THREAD_NAME);
    this.thread.setDaemon(true);
    this.shutdownHook = new Thread(this::flush, THREAD_NAME + "-shutdown");
  }

  /**
   * Starts a queue and its drainer.
   *
   * @param store where events wait; events that it has already are drained first
   * @param sinks creates the sinks, which count into {@code counters}
   * @param counters the counters of this run
   * @param settings the settings of the drainer
   */
  public static DeferredAudit start(
      EventStore store,
      DeferredAuditSink.Factory sinks,
      AuditCounters counters,
      DrainSettings settings) {
    DeferredAudit audit = new DeferredAudit(store, sinks, counters, settings);
    if (settings.shutdownHook()) {
      Runtime.getRuntime().addShutdownHook(audit.shutdownHook);
    }
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

  /** The faults that exist although events reach the ledger; followers of the log report here. */
  public HealthEntries healthEntries() {
    return counters.health().entries();
  }

  /**
   * Reports that the log contradicts what it signed before, proven by evidence with its own
   * signature: health reports it, recording goes on, and no checkpoint is signed any more.
   *
   * @param source the source of the health entry: who found it
   */
  public void reportContradiction(String source, String reason) {
    counters.health().reportContradiction(source, reason);
  }

  /**
   * Waits {@link DeferredAuditQueue#DEFAULT_DRAIN_TIMEOUT} without progress; see {@link
   * #closeAndFlush(Duration)}.
   */
  public DrainReport closeAndFlush() {
    return closeAndFlush(DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT);
  }

  /**
   * Closes as {@link #closeAndFlush(Duration, Duration)} does, for as long as events are being
   * settled.
   *
   * @param withoutProgress how long to wait while no event is settled
   */
  public DrainReport closeAndFlush(Duration withoutProgress) {
    return closeAndFlush(withoutProgress, UNLIMITED);
  }

  /**
   * Stops intake, waits until accepted events are settled, and stops the drainer (D9). Returns
   * within its limit and a second, even if a sink or a journal is stuck in I/O. May be called
   * again.
   *
   * @param withoutProgress how long to wait while no event is settled
   * @param atMost how long to wait in all
   */
  public DrainReport closeAndFlush(Duration withoutProgress, Duration atMost) {
    forgetShutdownHook();
    boolean drained = drain(withoutProgress, atMost);
    supervisor.abandon();
    closeStore();
    lastHealth.compareAndSet(null, counters.health().current());
    counters.health().report(new AuditHealth(AuditHealth.State.CLOSED, ""));
    DrainReport report = report(drained, lastHealth.get());
    if (report.isComplete() && !report.unfinished().isEmpty()) {
      LOG.warn(UNFINISHED, report.unfinished());
    }
    return report;
  }

  /** Closes as {@link #closeAndFlush()} does, without a report. */
  @Override
  public void close() {
    closeAndFlush();
  }

  /** The shutdown hook: drains a queue that nobody has closed. */
  private void flush() {
    boolean drained = drain(DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT, SHUTDOWN_LIMIT);
    DrainReport report = report(drained, counters.health().current());
    if (!report.isComplete()) {
      LOG.warn("{}", report.describePending());
    } else if (!report.unfinished().isEmpty()) {
      LOG.warn(UNFINISHED, report.unfinished());
    }
  }

  /** Returns whether everything accepted was settled before the drainer was stopped. */
  private boolean drain(Duration withoutProgress, Duration atMost) {
    long start = System.nanoTime();
    queue.close();
    boolean drained = queue.drainPending(withoutProgress, atMost);
    long now = System.nanoTime();
    long left =
        drained ? Math.min(nanos(withoutProgress), Math.max(0, nanos(atMost) - (now - start))) : 0;
    supervisor.stop(thread, now + left - TO_CLOSE.toNanos());
    await(thread, now + left);
    return drained;
  }

  private DrainReport report(boolean drained, AuditHealth health) {
    DeferredAuditMetrics end = queue.metrics();
    // A thread between "counted as submitted" and "counted as rejected" still shows as pending; it
    // is not reported.
    long atTheDoor = drained ? end.pending() : 0;
    return new DrainReport(
        end.submitted() - atTheDoor,
        end.appended(),
        end.dlqLanded(),
        end.sendFailures(),
        end.pending() - atTheDoor,
        !drained && !health.state().isTerminal(),
        health,
        store.isDurable(),
        supervisor.unfinished());
  }

  /**
   * Waits for a thread that is ending, so that its files are free when the caller goes on. Waits
   * until a time on the clock of {@link System#nanoTime}, and {@link #LEAST} at least.
   */
  private static void await(Thread thread, long until) {
    long least = System.nanoTime() + LEAST.toNanos();
    boolean interrupted = false;
    while (thread.isAlive() && (System.nanoTime() - least < 0 || System.nanoTime() - until < 0)) {
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
   * Closes the store, unless a sink is stuck in I/O: then no other drainer may get the store. If
   * the store is stuck itself, the process may end before it is closed.
   */
  private void closeStore() {
    if (thread.isAlive() || !storeClosed.compareAndSet(false, true)) {
      return;
    }
    Thread closer = new Thread(store::close, THREAD_NAME + "-close");
    closer.setDaemon(true);
    try {
      closer.start();
    } catch (OutOfMemoryError e) {
      // No thread can be started, so this one closes it.
      store.close();
    }
    await(closer, System.nanoTime());
  }

  /** Removes the shutdown hook; returns whether there was one. */
  boolean forgetShutdownHook() {
    try {
      return Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      // The process is ending already, and the hook may be what runs this.
      return true;
    }
  }
}
