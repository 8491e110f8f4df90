// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.base.Throttle;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.AuditHealth.State;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.monitor.AuditCounters.Counter;
import dev.indelible.queue.DeferredAuditQueue;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the drainer running (D8). After any throwable, closes the sink, pauses, and retries the
 * batch with a new sink. Runs on its own thread.
 */
final class Supervisor implements Runnable {
  private static final long POLL_NANOS = DeferredAuditQueue.DRAIN_POLL_INTERVAL.toNanos();

  /** Polling interval of an idle drainer; a submission wakes it earlier. */
  private static final long IDLE_POLL_NANOS = Duration.ofSeconds(1).toNanos();

  /** A drainer is idle after this time without events. */
  private static final long IDLE_AFTER_NANOS = Duration.ofSeconds(1).toNanos();

  private static final long FIRST_BACKOFF_NANOS = Duration.ofMillis(10).toNanos();
  private static final long LONGEST_BACKOFF_NANOS = Duration.ofSeconds(1).toNanos();

  /** Retried failures are logged at most once per this interval. */
  private static final Duration FAILURE_LOG_INTERVAL = Duration.ofSeconds(1);

  private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);

  private final DeferredAuditQueue queue;
  private final Drainer drainer;
  private final DeferredAuditSink.Factory sinks;
  private final AuditCounters counters;
  private final int maxRestarts;
  private final Throttle failuresLog = Throttle.of(FAILURE_LOG_INTERVAL);

  /**
   * Failures since an event was last settled, not counting transient faults; used only by this
   * thread.
   */
  private int failures;

  /**
   * The next pause. Doubles with each failure of any kind. Used only by this thread. A number
   * instead of a {@link Duration}, because this thread must survive a full heap.
   */
  private long backoffNanos = FIRST_BACKOFF_NANOS;

  /**
   * Set by the closing thread before {@link #stopping}; read by this thread after {@code stopping}.
   */
  private volatile long deadline;

  /** True if the last sink finished or cannot finish; used only by this thread. */
  private boolean finished;

  /**
   * The reason why the last sink did not finish; empty once it did. Written by this thread, read by
   * any thread.
   */
  private volatile String unfinished = "the drainer did not end in time";

  /** Set by the closing thread; read by this thread between batches. */
  private volatile boolean stopping;

  Supervisor(
      DeferredAuditQueue queue,
      Drainer drainer,
      DeferredAuditSink.Factory sinks,
      AuditCounters counters,
      int maxRestarts) {
    this.queue = queue;
    this.drainer = drainer;
    this.sinks = sinks;
    this.counters = counters;
    this.maxRestarts = maxRestarts;
  }

  @Override
  public void run() {
    // Runs at least once, so that a supervisor that is stopped at once also finishes its sink.
    // Continues after a failure during shutdown, because the failed sink has not written its last
    // tally.
    do {
      try (DeferredAuditSink sink = sinks.create()) {
        drainUntilStopped(sink);
        finish(sink);
      } catch (Throwable failure) {
        // Errors are handled like exceptions: running out of memory, or a missing class, must not
        // end the log.
        absorb(failure);
      }
    } while (!finished && !isOver() && !counters.health().current().state().isTerminal());
  }

  /**
   * Ends {@link #run} after the current batch.
   *
   * @param until the deadline for all further attempts, on the clock of {@link System#nanoTime}
   */
  void stop(Thread thread, long until) {
    deadline = until;
    stopping = true;
    LockSupport.unpark(thread);
  }

  /** Returns the reason why the last sink did not finish, for people; empty if it did. */
  String unfinished() {
    return unfinished;
  }

  /** Makes the drainer ignore the result of a sink that is still running. */
  void abandon() {
    drainer.abandon();
  }

  private void drainUntilStopped(DeferredAuditSink sink) throws SinkException {
    long lastSettled = System.nanoTime();
    while (!stopping) {
      boolean settled = drainer.drainBatch(sink);
      if (settled) {
        failures = 0;
        backoffNanos = FIRST_BACKOFF_NANOS;
      }
      // A crash in the maintenance loses a checkpoint or a tally; the next one covers these events.
      sink.maintain();
      long now = System.nanoTime();
      if (settled) {
        lastSettled = now;
      } else if (now - lastSettled < IDLE_AFTER_NANOS) {
        rest(POLL_NANOS);
      } else if (queue.isQuiet()) {
        rest(IDLE_POLL_NANOS, false, true);
      } else {
        // Look for events once more before resting, because one may have been submitted before the
        // flag was set.
        queue.wakeOnSubmit();
      }
    }
  }

  /** Finishes the sink, and retries after transient faults. */
  private void finish(DeferredAuditSink sink) {
    long pauseNanos = FIRST_BACKOFF_NANOS;
    while (!finished) {
      try {
        sink.finish();
        unfinished = "";
        finished = true;
      } catch (SinkException e) {
        unfinished = cause(e);
        finished = isOver() || !(e instanceof SinkUnavailableException);
        if (!finished) {
          rest(pauseNanos);
          pauseNanos = Math.min(2 * pauseNanos, LONGEST_BACKOFF_NANOS);
        }
      }
    }
  }

  private boolean isOver() {
    return stopping && System.nanoTime() - deadline >= 0;
  }

  private void absorb(Throwable failure) {
    try {
      unfinished = cause(failure);
      boolean panicked = !(failure instanceof SinkException);
      if (panicked) {
        counters.count(Counter.DRAINER_PANICS, 1);
      } else {
        counters.count(Counter.APPEND_FAILURES, 1);
      }
      counters.count(Counter.DRAINER_RESTARTS, 1);
      boolean isTransient = failure instanceof SinkUnavailableException;
      boolean isEnded = failure instanceof SinkEndedException;
      if (!isTransient && (failures++ >= maxRestarts || isEnded)) {
        State last = panicked ? State.SINK_PANICKED : State.SINK_FAILED;
        stopRecording(isEnded ? State.ENDED : last, failure);
        return;
      }
      reportRetry(failure);
    } catch (Throwable second) {
      // There is no memory for a message; the next attempt may have enough.
    }
    // Nothing is allocated after this line.
    rest(backoffNanos);
    backoffNanos = Math.min(2 * backoffNanos, LONGEST_BACKOFF_NANOS);
  }

  private void reportRetry(Throwable failure) {
    boolean isWaiting = counters.health().current().state() == State.DEGRADED;
    if (stopping && isWaiting && failure instanceof SinkUnavailableException) {
      // The close may be the cause; health keeps the reason for which events waited before.
      return;
    }
    State state = failure instanceof SinkBlockedException ? State.FAILED : State.DEGRADED;
    counters.health().report(new AuditHealth(state, cause(failure)));
    failuresLog.ifDue(
        () -> LOG.warn("audit events wait; the append is retried: {}", cause(failure), failure));
  }

  private void stopRecording(State state, Throwable failure) {
    counters.health().report(new AuditHealth(state, cause(failure)));
    LOG.error(
        "audit recording has stopped after {} attempts; waiting events stay where they are: {}",
        failures,
        cause(failure),
        failure);
  }

  /** Rests for a time; ends early if the closing thread stops this thread, or at the deadline. */
  private void rest(long nanos) {
    rest(nanos, stopping, false);
  }

  /**
   * Rests for a time.
   *
   * @param wasStopping the rest ends when {@link #stopping} differs from this value
   * @param untilSubmit true if a submission also ends the rest
   */
  private void rest(long nanos, boolean wasStopping, boolean untilSubmit) {
    long end = System.nanoTime() + nanos;
    long left = nanos;
    while (stopping == wasStopping && !isOver() && left > 0 && (!untilSubmit || queue.isQuiet())) {
      // A park ends early after an interrupt, or if a lock of the sink left a permit. This thread
      // reacts only to a stop, and to a submission if it waits for one.
      Thread.interrupted();
      LockSupport.parkNanos(this, left);
      left = end - System.nanoTime();
    }
  }

  private static String cause(Throwable failure) {
    try {
      String message = failure instanceof SinkException ? failure.getMessage() : null;
      return message == null || message.isBlank() ? failure.toString() : message;
    } catch (Throwable unspeakable) {
      return failure.getClass().getName();
    }
  }
}
