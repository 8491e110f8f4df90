// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.health.AuditHealth;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.monitor.HealthEntries;
import dev.indelible.pending.EventStore;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
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
 * <p>The drainer's thread is a daemon, so it does not keep the process alive. If the process ends
 * without a close, a shutdown hook drains the waiting events, unless the settings disable it.
 */
public final class DeferredAudit implements AutoCloseable {
  /** The minimum time that a thread gets to end, even if the closing thread has no time left. */
  private static final Duration LEAST = Duration.ofMillis(500);

  /** The part of the closing time that is reserved for closing the sink after its last attempt. */
  private static final Duration TO_CLOSE = Duration.ofSeconds(1);

  /**
   * The total time limit of the shutdown hook; a container runtime kills a process ten seconds
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
  private final DeferredAuditSink.Factory sinks;
  private final Thread thread;
  private final Thread shutdownHook;

  private final EventStore store;
  private final AtomicBoolean storeClosed = new AtomicBoolean();

  /** True once the drainer uses the store no more; written by its thread, read by any. */
  private volatile boolean hasEnded;

  /** True once the store may be closed; written by a closing thread, read by the drainer's. */
  private volatile boolean isAbandoned;

  /** The health when the queue was closed; the first close sets it. */
  private final AtomicReference<AuditHealth> lastHealth = new AtomicReference<>();

  private DeferredAudit(
      EventStore store,
      DeferredAuditSink.Factory sinks,
      AuditCounters counters,
      DrainSettings settings) {
    this.store = store;
    this.sinks = sinks;
    this.counters = counters;
    this.queue = new DeferredAuditQueue(store, counters);
    Drainer drainer = new Drainer(store, counters, settings.maxBatch());
    this.supervisor = new Supervisor(queue, drainer, sinks, counters, settings.maxRestarts());
    this.thread = new Thread(this::drain, THREAD_NAME);
    this.thread.setDaemon(true);
    this.shutdownHook = new Thread(this::flush, THREAD_NAME + "-shutdown");
  }

  /**
   * Starts a queue and its drainer.
   *
   * @param store the store in which events wait; events that are already in it are drained first
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

  /** Returns the queue. */
  public DeferredAuditQueue queue() {
    return queue;
  }

  /**
   * Returns the faults that exist although events reach the ledger. The followers of the log report
   * their faults here.
   */
  public HealthEntries healthEntries() {
    return counters.health().entries();
  }

  /**
   * Reports that the log contradicts its own signed checkpoints. Health gets an entry, recording
   * continues, and no more checkpoints are signed.
   *
   * @param source the source of the health entry: the part that found the contradiction
   */
  public void reportContradiction(String source, String reason) {
    counters.health().reportContradiction(source, reason);
  }

  /**
   * Closes with a limit of {@link DeferredAuditQueue#DEFAULT_DRAIN_TIMEOUT} without progress; see
   * {@link #closeAndFlush(Duration)} (D9).
   */
  public DrainReport closeAndFlush() {
    return closeAndFlush(DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT);
  }

  /**
   * Closes like {@link #closeAndFlush(Duration, Duration)}, without a total limit.
   *
   * @param withoutProgress the time to wait while no event is settled
   */
  public DrainReport closeAndFlush(Duration withoutProgress) {
    return closeAndFlush(withoutProgress, UNLIMITED);
  }

  /**
   * Stops accepting events, waits until the accepted events are settled, and stops the drainer.
   * Returns at most a second after its limit, even if a sink or a journal hangs in I/O. May be
   * called again.
   *
   * @param withoutProgress the time to wait while no event is settled
   * @param atMost the total time to wait
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

  /** Closes like {@link #closeAndFlush()}, without a report. */
  @Override
  public void close() {
    closeAndFlush();
  }

  /** Drains a queue that was not closed; run by the shutdown hook. */
  private void flush() {
    boolean drained = drain(DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT, SHUTDOWN_LIMIT);
    DrainReport report = report(drained, counters.health().current());
    if (!report.isComplete()) {
      LOG.warn("{}", report.describePending());
    } else if (!report.unfinished().isEmpty()) {
      LOG.warn(UNFINISHED, report.unfinished());
    }
  }

  /** Drains until the end of the run, on the drainer's thread. */
  private void drain() {
    try {
      supervisor.run();
    } finally {
      hasEnded = true;
      if (isAbandoned && storeClosed.compareAndSet(false, true)) {
        // The close did not wait for this thread. A next run may take over what waits.
        store.close();
      }
    }
  }

  /**
   * Stops accepting events, drains, and stops the drainer. Returns true if every accepted event was
   * settled.
   */
  private boolean drain(Duration withoutProgress, Duration atMost) {
    long start = System.nanoTime();
    sinks.closing();
    queue.close();
    boolean drained = queue.drainPending(withoutProgress, atMost);
    long now = System.nanoTime();
    long left =
        drained ? Math.min(nanos(withoutProgress), Math.max(0, nanos(atMost) - (now - start))) : 0;
    supervisor.stop(thread, now + left - TO_CLOSE.toNanos());
    sinks.stopWaiting();
    await(thread, now + left);
    return drained;
  }

  private DrainReport report(boolean drained, AuditHealth health) {
    DeferredAuditMetrics end = queue.metrics();
    // An event that is counted as submitted, and is about to be counted as rejected, still counts
    // as pending; this report leaves it out.
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
   * Waits for a thread to end, so that its files are closed when this returns. Waits until a time
   * on the clock of {@link System#nanoTime}, but at least {@link #LEAST}.
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
   * Closes the store, unless a sink hangs in I/O: in that case no other drainer may get the store,
   * and the drainer's thread closes it when it ends. If closing hangs, the process may end before
   * the store is closed.
   */
  private void closeStore() {
    // One of the two threads closes: each writes its flag before it reads the other's.
    isAbandoned = true;
    if (!hasEnded || !storeClosed.compareAndSet(false, true)) {
      return;
    }
    Thread closer = new Thread(store::close, THREAD_NAME + "-close");
    closer.setDaemon(true);
    try {
      closer.start();
    } catch (OutOfMemoryError e) {
      // No thread can be started, so this thread closes the store.
      store.close();
    }
    await(closer, System.nanoTime());
  }

  /** Removes the shutdown hook. Returns true if there was one. */
  boolean forgetShutdownHook() {
    try {
      return Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      // The process is already ending; its shutdown hook may be the caller.
      return true;
    }
  }
}
