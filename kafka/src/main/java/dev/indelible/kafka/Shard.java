// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.crypto.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.kafka.common.Uuid;

/**
 * One partition of a topic, which becomes one order of rows.
 *
 * @param topic the topic
 * @param partition the partition, from 0
 * @param partitions the number of partitions of the topic
 */
record Shard(String topic, int partition, int partitions) {
  private static final Pattern TOPIC = Pattern.compile("[a-zA-Z0-9._-]{1,249}");

  Shard {
    requireTopic(topic);
    if (partition < 0 || partition >= partitions) {
      throw new IllegalArgumentException(
          "there is no partition %s of %s".formatted(partition, partitions));
    }
  }

  /**
   * Returns a topic's name if Kafka accepts it.
   *
   * @throws IllegalArgumentException if it does not
   */
  static String requireTopic(String topic) {
    if (!TOPIC.matcher(topic).matches() || topic.equals(".") || topic.equals("..")) {
      throw new IllegalArgumentException(
          "a topic's name has 1 to 249 letters, digits, dots, hyphens and underscores");
    }
    return topic;
  }

  /**
   * Returns the partition of a shard key: the first four bytes of SHA-256 of its UTF-8, as an
   * unsigned big-endian number, modulo the number of partitions.
   */
  static int partitionOf(String key, int partitions) {
    int hash = ByteBuffer.wrap(Sha256.hash(key.getBytes(StandardCharsets.UTF_8))).getInt();
    return Integer.remainderUnsigned(hash, partitions);
  }

  /** Returns the name under which a ledger keeps the offset up to which it has this partition. */
  UUID offsetMark() {
    return mark("offset");
  }

  /** Returns the name under which a ledger keeps the topic to which its offset belongs. */
  UUID topicMark() {
    return mark("topic");
  }

  /**
   * Returns a number for a topic's id: the first eight bytes of SHA-256 of the id's 16 bytes, with
   * the sign bit cleared; never 0. A topic that is created again has another id and number.
   */
  static long topicNumber(Uuid id) {
    byte[] bytes =
        ByteBuffer.allocate(16)
            .putLong(id.getMostSignificantBits())
            .putLong(id.getLeastSignificantBits())
            .array();
    return Math.max(1, ByteBuffer.wrap(Sha256.hash(bytes)).getLong() & Long.MAX_VALUE);
  }

  /** Returns the name under which a ledger keeps the time until which its writer reads this. */
  UUID leaseMark() {
    return mark("lease");
  }

  /** Returns the name under which a ledger keeps the writer that reads this. */
  UUID ownerMark() {
    return mark("owner");
  }

  /**
   * Returns the name under which a ledger keeps the number of transactions that it has of a writer.
   */
  static UUID writerMark(long owner) {
    return mark("writer", Long.toString(owner));
  }

  private UUID mark(String subject) {
    return mark(subject, topic, Integer.toString(partition));
  }

  /** Returns a UUID (version 8) made of the SHA-256 of a text of lines. */
  static UUID mark(String... lines) {
    byte[] text =
        ("indelible/mark/v1\n" + String.join("\n", lines)).getBytes(StandardCharsets.UTF_8);
    ByteBuffer hash = ByteBuffer.wrap(Sha256.hash(text));
    long high = hash.getLong() & ~0xF000L | 0x8000L;
    long low = hash.getLong() & 0x3FFF_FFFF_FFFF_FFFFL | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }
}
