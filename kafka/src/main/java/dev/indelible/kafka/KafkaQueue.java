// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.base.ThrowingFunction;
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
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * The address of a queue: the brokers, a topic of groups of events, and beside it the compacted
 * topic of positions, {@code TOPIC.positions}. Creates clients; never creates or changes topics.
 */
public final class KafkaQueue {
  /** Follows the name of the topic in the name of the topic of positions. */
  static final String POSITIONS = ".positions";

  /**
   * The value of {@code compression.type} with which the brokers expand what a client compressed.
   */
  private static final String UNCOMPRESSED = "uncompressed";

  /** Time to wait for an answer of the brokers about the topics. */
  private static final Duration DESCRIBE_TIMEOUT = Duration.ofSeconds(15);

  /** The longest wait for an answer, by the monotonic clock; more than any limit of the client. */
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(20);

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

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
   * The topics of a queue.
   *
   * @param groups the number of partitions of the topic of groups
   * @param positions the number of partitions of the topic of positions
   * @param id the id of the topic of groups; a topic that is created again has another
   */
  record Topics(int groups, int positions, Uuid id) {}

  /**
   * Returns the topics, as the brokers state them.
   *
   * @throws QueueException if a topic does not exist, or no broker answers
   */
  Topics describe() throws QueueException {
    return describe(DESCRIBE_TIMEOUT);
  }

  /** Returns the topics as {@link #describe()} does, or fails after a time. */
  Topics describe(Duration timeout) throws QueueException {
    return ask(timeout, this::topics);
  }

  private Topics topics(Admin admin) throws QueueException {
    Map<String, KafkaFuture<TopicDescription>> found =
        admin.describeTopics(List.of(topic, positionsTopic())).topicNameValues();
    TopicDescription groups = topic(found, topic, "the topic of groups");
    TopicDescription positions = topic(found, positionsTopic(), "the compacted topic of positions");
    return new Topics(groups.partitions().size(), positions.partitions().size(), groups.topicId());
  }

  private TopicDescription topic(
      Map<String, KafkaFuture<TopicDescription>> found, String name, String what)
      throws QueueException {
    try {
      return answer(found.get(name));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        throw new QueueException(
            "%s: there is no topic %s, %s; create it as docs/kafka.md describes"
                .formatted(name(), name, what));
      }
      throw unavailable(e.getCause());
    }
  }

  /**
   * Requires that the brokers store every message as it is: a compressed one of a few bytes can
   * need gigabytes in its reader.
   *
   * @return false if this client may not read the settings of the topics
   * @throws QueueException if a topic has another setting, or no broker answers
   */
  boolean requireUncompressed() throws QueueException {
    return ask(DESCRIBE_TIMEOUT, this::requireUncompressed);
  }

  private boolean requireUncompressed(Admin admin) throws QueueException {
    List<ConfigResource> topics =
        Stream.of(topic, positionsTopic())
            .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
            .toList();
    try {
      for (Map.Entry<ConfigResource, Config> each :
          answer(admin.describeConfigs(topics).all()).entrySet()) {
        String type = each.getValue().get(TopicConfig.COMPRESSION_TYPE_CONFIG).value();
        if (!type.equals(UNCOMPRESSED)) {
          throw new QueueException(
              "%s: topic %s has compression.type=%s, so that a small message can need gigabytes; set it: kafka-configs.sh --alter --topic %s --add-config compression.type=%s"
                  .formatted(
                      name(), each.getKey().name(), type, each.getKey().name(), UNCOMPRESSED));
        }
      }
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        return false;
      }
      throw unavailable(e.getCause());
    }
  }

  /** Asks the brokers; waits briefly for the client to close, unless the thread is interrupted. */
  private <T> T ask(Duration timeout, ThrowingFunction<Admin, T, QueueException> question)
      throws QueueException {
    String millis = Long.toString(timeout.toMillis());
    Admin admin =
        Admin.create(
            settings(Map.of("default.api.timeout.ms", millis, "request.timeout.ms", millis)));
    try {
      return question.apply(admin);
    } catch (KafkaException e) {
      throw unavailable(e);
    } finally {
      admin.close(Thread.currentThread().isInterrupted() ? Duration.ZERO : CLOSE_TIMEOUT);
    }
  }

  private <T> T answer(KafkaFuture<T> asked) throws ExecutionException, QueueException {
    try {
      // The client's own limits use the wall clock: if somebody sets that back, they do not end.
      return asked.get(ANSWER_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
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

  /**
   * Hands a message to a producer, which may wait for metadata.
   *
   * @throws QueueException if it does not get the metadata in time
   */
  Future<RecordMetadata> send(
      Producer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> message, Callback sent)
      throws QueueException {
    return CallLimit.call(
        this, ANSWER_LIMIT, Thread.currentThread()::interrupt, () -> producer.send(message, sent));
  }

  /** Returns a new consumer, which is assigned partitions and never chooses an offset by itself. */
  LimitedConsumer consumer() {
    return consumer(new ByteArrayDeserializer());
  }

  /**
   * Returns a new consumer as {@link #consumer()} does.
   *
   * @param values reads the values; receives new metadata if it is a {@code
   *     ClusterResourceListener}
   */
  LimitedConsumer consumer(Deserializer<byte[]> values) {
    return new LimitedConsumer(
        this,
        new KafkaConsumer<>(
            settings(
                Map.ofEntries(
                    Map.entry("auto.offset.reset", "none"),
                    Map.entry("enable.auto.commit", "false"),
                    Map.entry("allow.auto.create.topics", "false"),
                    // A message of an aborted transaction is not a message.
                    Map.entry("isolation.level", "read_committed"),
                    Map.entry("max.poll.records", "64"),
                    // A larger message is read by itself. These limit what waits in memory.
                    Map.entry("max.partition.fetch.bytes", Integer.toString(1 << 20)),
                    Map.entry("fetch.max.bytes", Integer.toString(16 << 20)),
                    Map.entry("default.api.timeout.ms", "15000"),
                    Map.entry("request.timeout.ms", "8000"))),
            new ByteArrayDeserializer(),
            values));
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
