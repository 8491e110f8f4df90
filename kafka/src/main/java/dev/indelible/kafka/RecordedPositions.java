// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.base.Throttle;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeySource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The positions that the logs have published for the lanes of one gate. A thread reads the topic of
 * positions from its beginning, and goes on reading; the sink waits here.
 */
final class RecordedPositions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RecordedPositions.class);

  private static final Duration POLL = Duration.ofMillis(500);

  /** Pause after a failure. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private static final Duration FAILURE_LOG_INTERVAL = Duration.ofMinutes(1);

  private final KafkaQueue queue;
  private final int partition;
  private final byte[] keyPrefix;
  private final KeySource log;
  private final Throttle failuresLog = Throttle.of(FAILURE_LOG_INTERVAL);
  private final Thread thread;

  /** The numbers of the lanes; guarded by itself. */
  private final Map<Lane, Long> numbers = new HashMap<>();

  /** The open consumer; written by the thread, read by the closing thread. */
  private volatile @Nullable LimitedConsumer consumer;

  /** The reason why the brokers cannot be read; empty while they answer. Written by the thread. */
  private volatile String unavailable = "";

  private volatile boolean closing;

  /**
   * Starts to read.
   *
   * @param partitions the number of partitions of the topic of positions
   */
  RecordedPositions(KafkaQueue queue, String gate, int partitions, KeySource log) {
    this.queue = queue;
    this.partition = Shard.partitionOf(gate, partitions);
    this.keyPrefix = (gate + "/").getBytes(StandardCharsets.UTF_8);
    this.log = log;
    this.thread = new Thread(this::run, "indelible-positions");
    this.thread.setDaemon(true);
    this.thread.start();
  }

  /**
   * Waits until the logs have every lane up to its number. An interrupt ends the wait; the
   * interrupt flag is set again.
   *
   * @return the first lane that is not there in time; empty if all are
   */
  Optional<Lane> await(Map<Lane, Long> wanted, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    synchronized (numbers) {
      while (true) {
        Optional<Lane> missing = missing(wanted);
        long left = deadline - System.nanoTime();
        if (missing.isEmpty() || left <= 0) {
          return missing;
        }
        try {
          TimeUnit.NANOSECONDS.timedWait(numbers, left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return missing(wanted);
        }
      }
    }
  }

  private Optional<Lane> missing(Map<Lane, Long> wanted) {
    return wanted.entrySet().stream()
        .filter(each -> numbers.getOrDefault(each.getKey(), 0L) < each.getValue())
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private void run() {
    while (!closing) {
      try {
        read();
      } catch (WakeupException e) {
        // Closing.
      } catch (KeyException | QueueException | RuntimeException | Error e) {
        // This thread must go on, and nobody else reports the error.
        unavailable =
            e instanceof KafkaException
                ? queue.name()
                    + ": the positions of the log cannot be read: "
                    + KafkaQueue.reason(e)
                : String.valueOf(e.getMessage());
        failuresLog.ifDue(
            () ->
                LOG.warn(
                    "{}: the positions of the log cannot be read; reading is retried: {}",
                    queue.name(),
                    KafkaQueue.reason(e)));
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  /** Returns the reason why the positions cannot be read; empty while the brokers answer. */
  String unavailable() {
    return unavailable;
  }

  private void read() throws KeyException, QueueException {
    LimitedConsumer open = queue.consumer();
    try {
      consumer = open;
      open.assign(List.of(new TopicPartition(queue.positionsTopic(), partition)));
      open.seekToBeginning();
      Silence silence = new Silence(queue);
      while (!closing) {
        ConsumerRecords<byte[], byte[]> messages = open.poll(POLL);
        if (silence.check(open, messages)) {
          unavailable = "";
        }
        for (ConsumerRecord<byte[], byte[]> message : messages) {
          receive(message);
        }
      }
    } finally {
      consumer = null;
      open.close();
    }
  }

  private void receive(ConsumerRecord<byte[], byte[]> message) throws KeyException {
    byte[] key = message.key();
    if (key == null
        || message.value() == null
        || key.length < keyPrefix.length
        || !Arrays.equals(key, 0, keyPrefix.length, keyPrefix, 0, keyPrefix.length)) {
      return;
    }
    Optional<Position> read = Position.read(message.value(), log.accepted());
    if (read.isEmpty()) {
      failuresLog.ifDue(
          () ->
              LOG.warn(
                  "{}: a message in {} is not signed by a key of the log, and is left out; compare the public keys that this gate accepts with those of the log",
                  queue.name(),
                  queue.positionsTopic()));
      return;
    }
    synchronized (numbers) {
      numbers.merge(read.get().lane(), read.get().number(), Math::max);
      numbers.notifyAll();
    }
  }

  @Override
  public void close() {
    closing = true;
    LimitedConsumer open = consumer;
    if (open != null) {
      open.wakeup();
    }
    LockSupport.unpark(thread);
    try {
      thread.join(POLL.toMillis() * 4);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (InterruptException e) {
      Thread.currentThread().interrupt();
    }
  }
}
