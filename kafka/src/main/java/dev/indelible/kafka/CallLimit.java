// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;

/**
 * A limit, by the monotonic clock, of one call of a Kafka client. The client's own limits use the
 * wall clock: if somebody sets that back, they do not end.
 */
final class CallLimit {
  private final Runnable wake;

  /** Guarded by this object, as {@link #isReached} is. */
  private boolean hasEnded;

  private boolean isReached;

  private CallLimit(Runnable wake) {
    this.wake = wake;
  }

  /**
   * Calls a client.
   *
   * @param limit more than the limit that the client has, so that its own answer comes first
   * @param wake ends the call: wakes the consumer, or interrupts the calling thread
   * @throws QueueException if the call did not end in time; the client may be of no more use
   */
  static <T> T call(KafkaQueue queue, Duration limit, Runnable wake, Supplier<T> call)
      throws QueueException {
    CallLimit one = new CallLimit(wake);
    CompletableFuture<Void> timer =
        new CompletableFuture<Void>()
            .completeOnTimeout(null, limit.toMillis(), TimeUnit.MILLISECONDS);
    timer.thenRun(one::reach);
    try {
      return call.get();
    } catch (WakeupException | InterruptException e) {
      if (!one.end()) {
        throw e;
      }
      throw new QueueException(
          "%s: the client has not answered in %s seconds; somebody may have set the clock of this host back"
              .formatted(queue.name(), limit.toSeconds()),
          e);
    } finally {
      if (one.end()) {
        // The interrupt was for this call only.
        Thread.interrupted();
      }
      timer.complete(null);
    }
  }

  private synchronized void reach() {
    if (!hasEnded) {
      isReached = true;
      wake.run();
    }
  }

  /** Ends the limit. Returns true if it was reached. */
  private synchronized boolean end() {
    hasEnded = true;
    return isReached;
  }
}
