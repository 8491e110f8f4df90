// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.event.DeferredAuditEvent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A Kafka producer and its broker in one JVM.
 *
 * @param waiting true if submit waits until the broker acknowledges; false if it returns once the
 *     event is in the producer's buffer
 */
public record KafkaContender(boolean waiting) implements Contender {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final TopicPartition PARTITION = new TopicPartition(KafkaBroker.TOPIC, 0);

  @Override
  public String name() {
    return waiting ? "Kafka producer, waits for the broker" : "Kafka producer, does not wait";
  }

  @Override
  public String settings() {
    return "KRaft broker in the same JVM over loopback, one partition; acks=all and idempotence"
        + " (defaults), linger.ms "
        + (waiting ? "0; each caller waits for its acknowledgement" : "5 (default)")
        + "; stored means acknowledged by the broker, which does not sync";
  }

  @Override
  public int share() {
    return waiting ? 10 : 1;
  }

  @Override
  public Session open(Path directory) throws Exception {
    KafkaBroker broker = KafkaBroker.start(directory);
    Map<String, Object> settings =
        Map.of("bootstrap.servers", broker.address(), "linger.ms", waiting ? 0 : 5);
    return new Log(
        broker,
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer()),
        waiting);
  }

  @Override
  public void forEachEvent(Path directory, Consumer<String> id) throws Exception {
    try (KafkaBroker broker = KafkaBroker.start(directory);
        KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.address()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
      consumer.assign(List.of(PARTITION));
      consumer.seekToBeginning(List.of(PARTITION));
      long end = consumer.endOffsets(List.of(PARTITION)).get(PARTITION);
      while (consumer.position(PARTITION) < end) {
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
          JsonLines.readId(new String(message.value(), StandardCharsets.UTF_8), id);
        }
      }
    }
  }

  private record Log(KafkaBroker broker, KafkaProducer<byte[], byte[]> producer, boolean waiting)
      implements Session {
    @Override
    public boolean submit(DeferredAuditEvent event) throws Exception {
      var sent = producer.send(new ProducerRecord<>(KafkaBroker.TOPIC, event.canonicalBytes()));
      if (waiting) {
        sent.get();
      }
      return true;
    }

    @Override
    public void awaitArrival() {
      producer.flush();
    }

    @Override
    public void close() {
      producer.close();
      broker.close();
    }
  }
}
