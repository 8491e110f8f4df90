// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.base.Threads;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A consumer of assigned partitions. Each call ends in a limited time of the monotonic clock, see
 * {@link CallLimit}; after a {@link QueueException}, a new consumer may go on. Used by one thread,
 * except {@link #wakeup}.
 */
final class LimitedConsumer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LimitedConsumer.class);

  /** Time to wait for an answer of the brokers. */
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);

  /** Time that a call may take beyond the limit that the client has. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  /**
   * By default, a close waits half a minute for brokers that do not answer; a consumer without a
   * group has nothing to send them.
   */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

  private final KafkaQueue queue;
  private final Consumer<byte[], byte[]> consumer;

  LimitedConsumer(KafkaQueue queue, Consumer<byte[], byte[]> consumer) {
    this.queue = queue;
    this.consumer = consumer;
  }

  /** Assigns partitions; asks no broker. */
  void assign(Collection<TopicPartition> partitions) {
    consumer.assign(partitions);
  }

  /** Goes to an offset; asks no broker. */
  void seek(TopicPartition partition, long offset) {
    consumer.seek(partition, offset);
  }

  /** Goes to the beginning of every assigned partition; asks no broker. */
  void seekToBeginning() {
    consumer.seekToBeginning(consumer.assignment());
  }

  ConsumerRecords<byte[], byte[]> poll(Duration timeout) throws QueueException {
    return within(timeout, () -> consumer.poll(timeout));
  }

  long position(TopicPartition partition) throws QueueException {
    return within(ANSWER_TIMEOUT, () -> consumer.position(partition, ANSWER_TIMEOUT));
  }

  /** Returns the first offset of every assigned partition. */
  Map<TopicPartition, Long> beginnings() throws QueueException {
    return within(
        ANSWER_TIMEOUT, () -> consumer.beginningOffsets(consumer.assignment(), ANSWER_TIMEOUT));
  }

  /** Returns the offset after the last message of every assigned partition. */
  Map<TopicPartition, Long> ends() throws QueueException {
    return within(ANSWER_TIMEOUT, () -> consumer.endOffsets(consumer.assignment(), ANSWER_TIMEOUT));
  }

  private <T> T within(Duration timeout, Supplier<T> call) throws QueueException {
    return CallLimit.call(queue, timeout.plus(GRACE), consumer::wakeup, call);
  }

  /** Ends a call with a {@link org.apache.kafka.common.errors.WakeupException}. */
  void wakeup() {
    consumer.wakeup();
  }

  /** Closes the client. Gives up after some seconds; then the client ends later by itself. */
  @Override
  public void close() {
    Thread closer = new Thread(this::closeClient, "indelible-consumer-close");
    closer.setDaemon(true);
    try {
      closer.start();
    } catch (OutOfMemoryError e) {
      // No thread can be started, so this thread closes the client.
      closeClient();
    }
    Threads.join(closer, CLOSE_TIMEOUT.plus(GRACE));
  }

  private void closeClient() {
    try {
      consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
    } catch (KafkaException e) {
      LOG.debug("{}: a consumer was not closed in order", queue.name(), e);
    }
  }
}
