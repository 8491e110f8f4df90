// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.queue.AuditBooks;
import dev.indelible.queue.AuditHealth;
import dev.indelible.queue.AuditHealth.State;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.RateLimitedLog;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the drainer going (D8): whatever comes out of a sink costs that sink and a wait, and the
 * batch is tried again with a fresh one. Runs on one thread of its own.
 */
final class Supervisor implements Runnable {
  private static final long POLL_NANOS = DeferredAuditQueue.DRAIN_POLL_INTERVAL.toNanos();

  /** How often an idle drainer looks; seldom enough to cost nothing, and soon enough for a reader. */
  private static final long IDLE_POLL_NANOS = Duration.ofMillis(100).toNanos();

  /** A drainer that had nothing to do for so long is idle. */
  private static final long IDLE_AFTER_NANOS = Duration.ofSeconds(1).toNanos();

  private static final long FIRST_BACKOFF_NANOS = Duration.ofMillis(10).toNanos();
  private static final long LONGEST_BACKOFF_NANOS = Duration.ofSeconds(1).toNanos();

  private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);

  private final Drainer drainer;
  private final DeferredAuditSink.Factory sinks;
  private final AuditBooks books;
  private final int maxRestarts;
  private final RateLimitedLog failuresLog = new RateLimitedLog();

  /** Failures since an event was last settled, the weather left out; this thread's alone. */
  private int failures;

  /**
   * The next wait; doubles with each failure of any kind; this thread's alone. A number, because a
   * heap that is full has no room for a {@link Duration}, and this thread must outlive that.
   */
  private long backoffNanos = FIRST_BACKOFF_NANOS;

  /** Set by the closer before it says so; read by this thread behind that. */
  private long deadline;

  /** Set by the closer; read by this thread between batches. */
  private volatile boolean stopping;

  Supervisor(Drainer drainer, DeferredAuditSink.Factory sinks, AuditBooks books, int maxRestarts) {
    this.drainer = drainer;
    this.sinks = sinks;
    this.books = books;
    this.maxRestarts = maxRestarts;
  }

  @Override
  public void run() {
    // Once at least: one that is told to stop at once has something to say at the end, too.
    do {
      try (DeferredAuditSink sink = sinks.create()) {
        drainUntilStopped(sink);
        sink.finish(deadline);
      } catch (Throwable failure) {
        // Errors too: a sink out of memory or with a class missing must not end the log.
        absorb(failure);
      }
    } while (!stopping && !books.health().state().isTerminal());
  }

  /**
   * Ends {@link #run} after the batch in hand.
   *
   * @param until when nothing new is to be begun any more, on the clock of {@link System#nanoTime}
   */
  void stop(Thread thread, long until) {
    deadline = until;
    stopping = true;
    LockSupport.unpark(thread);
  }

  /** Makes sure that a sink still at work settles nothing any more. */
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
      // A crash in it costs a checkpoint or a tally; the next one covers what it would have.
      sink.maintain();
      long now = System.nanoTime();
      if (settled) {
        lastSettled = now;
      } else {
        rest(now - lastSettled < IDLE_AFTER_NANOS ? POLL_NANOS : IDLE_POLL_NANOS);
      }
    }
  }

  private void absorb(Throwable failure) {
    try {
      boolean panicked = !(failure instanceof SinkException);
      if (panicked) {
        books.countDrainerPanic();
      } else {
        books.countAppendFailure();
      }
      boolean weather = failure instanceof SinkUnavailableException;
      if (!weather && failures++ >= maxRestarts) {
        giveUp(panicked ? State.SINK_PANICKED : State.SINK_FAILED, failure);
        return;
      }
      books.countDrainerRestart();
      books.report(new AuditHealth(State.DEGRADED, cause(failure)));
      failuresLog.ifDue(
          () -> LOG.warn("audit events wait, trying again: {}", cause(failure), failure));
    } catch (Throwable second) {
      // Out of memory even for a message: the attempt below is what matters.
    }
    // Nothing is allocated from here on.
    rest(backoffNanos);
    backoffNanos = Math.min(2 * backoffNanos, LONGEST_BACKOFF_NANOS);
  }

  private void giveUp(State state, Throwable failure) {
    books.report(new AuditHealth(state, cause(failure)));
    LOG.error(
        "audit recording has stopped after {} attempts; waiting events stay where they are: {}",
        failures,
        cause(failure),
        failure);
  }

  private void rest(long nanos) {
    long deadline = System.nanoTime() + nanos;
    long left = nanos;
    while (!stopping && left > 0) {
      // A park ends early for an interrupt, or for a permit that a lock of the sink's left behind;
      // this thread answers only to stop.
      Thread.interrupted();
      LockSupport.parkNanos(this, left);
      left = deadline - System.nanoTime();
    }
  }

  private static String cause(Throwable failure) {
    try {
      String message = failure instanceof SinkException ? failure.getMessage() : null;
      return message == null ? failure.toString() : message;
    } catch (Throwable unspeakable) {
      return failure.getClass().getName();
    }
  }
}
