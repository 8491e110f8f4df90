// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The address of a queue: the brokers, a topic of groups of events, and beside it the compacted
 * topic of positions, {@code TOPIC.positions}. Creates clients; never creates or changes topics.
 */
public final class KafkaQueue {
  /** Follows the name of the topic in the name of the topic of positions. */
  static final String POSITIONS = ".positions";

  /** Time to wait for an answer of the brokers about the topics. */
  private static final Duration DESCRIBE_TIMEOUT = Duration.ofSeconds(15);

  private static final Map<String, String> TIMEOUTS =
      Map.of("default.api.timeout.ms", "15000", "request.timeout.ms", "8000");

  private static final Pattern URL =
      Pattern.compile(
          "kafka://((?:[^/,:@\\[\\]]+|\\[[0-9a-fA-F:.]+\\]):\\d{1,5}(?:,(?:[^/,:@\\[\\]]+|\\[[0-9a-fA-F:.]+\\]):\\d{1,5})*)/([^/?#]+)");

  private final String brokers;
  private final String topic;
  private final Map<String, Object> client;

  private KafkaQueue(String brokers, String topic, Map<String, Object> client) {
    this.brokers = brokers;
    this.topic = topic;
    this.client = client;
  }

  /**
   * Returns the queue at a URL. Does not connect.
   *
   * @param url {@code kafka://HOST:PORT[,HOST:PORT…]/TOPIC}; never has a password
   * @throws QueueException if it has another form
   */
  public static KafkaQueue at(String url) throws QueueException {
    Matcher parts = URL.matcher(url);
    try {
      if (parts.matches()) {
        return new KafkaQueue(parts.group(1), Shard.requireTopic(parts.group(2)), Map.of());
      }
    } catch (IllegalArgumentException e) {
      throw new QueueException(url + ": " + e.getMessage());
    }
    throw new QueueException(
        url.contains("@")
            ? "the URL of a queue has no user or password; put them into the client's properties file"
            : url + ": a queue has the form kafka://HOST:PORT[,HOST:PORT]/TOPIC");
  }

  /**
   * Returns this queue with settings of Kafka's client, for example of TLS and SASL. The settings
   * that this queue depends on are not replaced.
   *
   * @param file a properties file, which only its owner should be able to read
   */
  public KafkaQueue withClientProperties(Path file) throws QueueException {
    Properties read = new Properties();
    try (Reader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      read.load(in);
    } catch (IOException | IllegalArgumentException e) {
      throw new QueueException("%s: cannot be read: %s".formatted(file, e), e);
    }
    Map<String, Object> settings = new HashMap<>();
    read.stringPropertyNames().forEach(name -> settings.put(name, read.getProperty(name)));
    return new KafkaQueue(brokers, topic, settings);
  }

  /** Returns the address in messages, which has no secret. */
  public String name() {
    return "kafka://" + brokers + "/" + topic;
  }

  String topic() {
    return topic;
  }

  String positionsTopic() {
    return topic + POSITIONS;
  }

  /**
   * Numbers of partitions.
   *
   * @param groups the partitions of the topic of groups
   * @param positions the partitions of the topic of positions
   */
  record Partitions(int groups, int positions) {}

  /**
   * Returns the numbers of partitions, as the brokers state them.
   *
   * @throws QueueException if a topic does not exist, or no broker answers
   */
  Partitions describe() throws QueueException {
    try (Admin admin = Admin.create(settings(TIMEOUTS))) {
      Map<String, KafkaFuture<TopicDescription>> found =
          admin.describeTopics(List.of(topic, positionsTopic())).topicNameValues();
      return new Partitions(
          partitions(found, topic, "the topic of groups"),
          partitions(found, positionsTopic(), "the compacted topic of positions"));
    } catch (KafkaException e) {
      throw unavailable(e);
    }
  }

  private int partitions(Map<String, KafkaFuture<TopicDescription>> found, String name, String what)
      throws QueueException {
    try {
      return found
          .get(name)
          .get(DESCRIBE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
          .partitions()
          .size();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        throw new QueueException(
            "%s: there is no topic %s, %s; create it as docs/kafka.md describes"
                .formatted(name(), name, what));
      }
      throw unavailable(e.getCause());
    } catch (TimeoutException e) {
      throw unavailable(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable(e);
    }
  }

  /** Returns the exception for brokers that do not answer. */
  QueueException unavailable(Throwable e) {
    return new QueueException(
        "%s: the brokers do not answer, or refuse this client: %s".formatted(name(), reason(e)), e);
  }

  /** Returns a failure of the client as text, with its first cause. */
  static String reason(Throwable e) {
    Throwable first = e;
    while (first.getCause() != null && first.getCause() != first) {
      first = first.getCause();
    }
    return first.getClass().getSimpleName() + ": " + first.getMessage();
  }

  /** Returns a new producer, which retries for a time and never reorders or repeats a message. */
  Producer<byte[], byte[]> producer() {
    return new KafkaProducer<>(
        settings(
            Map.of(
                "acks", "all",
                "enable.idempotence", "true",
                "linger.ms", "2",
                "max.request.size", Integer.toString(EventGroup.MAX_BYTES + 1024),
                "delivery.timeout.ms", "20000",
                "request.timeout.ms", "8000",
                "max.block.ms", "8000")),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  /** Returns a new consumer, which is assigned partitions and never chooses an offset by itself. */
  Consumer<byte[], byte[]> consumer() {
    return new KafkaConsumer<>(
        settings(
            Map.of(
                "auto.offset.reset", "none",
                "enable.auto.commit", "false",
                "allow.auto.create.topics", "false",
                // A message of an aborted transaction is not a message.
                "isolation.level", "read_committed",
                "max.poll.records", "64",
                "default.api.timeout.ms", "15000",
                "request.timeout.ms", "8000")),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  private Map<String, Object> settings(Map<String, String> own) {
    Map<String, Object> all = new HashMap<>(client);
    all.put("bootstrap.servers", brokers);
    all.putAll(own);
    return all;
  }

  @Override
  public String toString() {
    return name();
  }
}
