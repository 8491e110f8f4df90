// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;

/**
 * Distinguishes a topic without new messages from brokers that cannot be reached, and from a
 * consumer that no longer fetches: its timers use the wall clock, and stop if somebody sets it
 * back. In all three cases a poll returns no message, or does not end in time. Used by the reader's
 * thread.
 */
final class Silence {
  /** Time without a message after which the brokers are asked for an answer. */
  private static final Duration ASK_AFTER = Duration.ofSeconds(5);

  private final KafkaQueue queue;
  private long answeredAt = System.nanoTime();

  /** The ends of the partitions at the last question; empty if messages arrived since. */
  private Map<TopicPartition, Long> ends = Map.of();

  Silence(KafkaQueue queue) {
    this.queue = queue;
  }

  /**
   * Checks the result of a poll. Asks the brokers if there was no message for a time.
   *
   * @return true if the brokers have answered
   * @throws QueueException if they do not answer, or if messages that they have do not arrive; a
   *     new consumer may get them
   */
  boolean check(LimitedConsumer consumer, ConsumerRecords<byte[], byte[]> polled)
      throws QueueException {
    if (!polled.isEmpty()) {
      ends = Map.of();
    } else if (System.nanoTime() - answeredAt <= ASK_AFTER.toNanos()) {
      return false;
    } else {
      ask(consumer);
    }
    answeredAt = System.nanoTime();
    return true;
  }

  private void ask(LimitedConsumer consumer) throws QueueException {
    try {
      for (Map.Entry<TopicPartition, Long> each : ends.entrySet()) {
        long position = consumer.position(each.getKey());
        if (position < each.getValue()) {
          throw new QueueException(
              "%s: the messages of %s from offset %s on do not arrive"
                  .formatted(queue.name(), each.getKey(), position));
        }
      }
      ends = consumer.ends();
    } catch (WakeupException e) {
      throw e;
    } catch (KafkaException e) {
      throw queue.unavailable(e);
    }
  }
}
