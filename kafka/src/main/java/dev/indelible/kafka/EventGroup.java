// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.EventContent;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;

/**
 * Consecutive events of a lane, the value of one Kafka message. {@code docs/formats.md} has the
 * bytes.
 *
 * @param lane the gate, its run and the partition
 * @param tenant the shard key of all events; empty if each event's agent id is its shard key
 * @param settled the number up to which the gate has forgotten the events of the lane, so that it
 *     cannot send them again
 * @param first the number of the first event
 * @param events the events, at least one
 */
record EventGroup(Lane lane, String tenant, long settled, long first, List<AuditEvent> events) {
  /** Bytes of the longest message: an event of the largest payload fits, with space to spare. */
  static final int MAX_BYTES = 4 << 20;

  /** Maximum number of events in a group; a reader holds a whole group in memory. */
  static final int MAX_EVENTS = 10_000;

  /** Maximum length of a tenant, in bytes. */
  static final int MAX_TENANT_BYTES = AuditEvent.MAX_AGENT_ID_BYTES;

  /** The largest number of an event, which JSON can state exactly. */
  private static final long MAX_NUMBER = (1L << 53) - 1;

  private static final byte[] MAGIC = "indelible/group\n".getBytes(StandardCharsets.US_ASCII);

  /** Prefix of the signed message; distinguishes it from all others that keys of a log sign. */
  private static final byte[] DOMAIN = "indelible/group/v1\n".getBytes(StandardCharsets.US_ASCII);

  private static final int VERSION = 1;
  private static final int KEY_ID_BYTES = 8;
  private static final int FIXED_EVENT_BYTES = 36;
  private static final int MICROS_PER_SECOND = 1_000_000;

  EventGroup {
    events = List.copyOf(events);
    if (settled < 0 || first <= settled || events.isEmpty() || first > MAX_NUMBER - events.size()) {
      throw new IllegalArgumentException(
          "a group has events with numbers from 1, after those that are settled");
    }
  }

  /** Returns the number of the last event. */
  long last() {
    return first + events.size() - 1;
  }

  /** Returns an upper limit of the bytes of an event in a group. */
  static int bytes(AuditEvent event) {
    return FIXED_EVENT_BYTES
        + AuditEvent.MAX_EVENT_TYPE_BYTES
        + AuditEvent.MAX_AGENT_ID_BYTES
        + event.content().bytes().length;
  }

  /** Returns the message, signed by the gate's key. */
  byte[] encode(Signer key) {
    byte[] gate = utf8(lane.gate());
    byte[] topic = utf8(lane.shard().topic());
    byte[] tenantBytes = utf8(tenant);
    List<Encoded> encoded = events.stream().map(Encoded::of).toList();
    int length =
        MAGIC.length
            + (1 + KEY_ID_BYTES + 16 + 4 + 4 + 8 + 8 + 4)
            + (1 + gate.length + 1 + topic.length + 2 + tenantBytes.length)
            + encoded.stream().mapToInt(Encoded::length).sum();
    byte[] message = Arrays.copyOf(DOMAIN, DOMAIN.length + length);
    ByteBuffer out = ByteBuffer.wrap(message, DOMAIN.length, length);
    out.put(MAGIC).put((byte) VERSION);
    out.put(HexFormat.of().parseHex(key.verificationKey().keyId()));
    out.putLong(lane.run().getMostSignificantBits()).putLong(lane.run().getLeastSignificantBits());
    out.putInt(lane.shard().partition()).putInt(lane.shard().partitions());
    out.putLong(settled).putLong(first).putInt(events.size());
    out.put((byte) gate.length).put(gate).put((byte) topic.length).put(topic);
    out.putShort((short) tenantBytes.length).put(tenantBytes);
    encoded.forEach(each -> each.put(out));
    byte[] signature = key.sign(message);
    byte[] value = Arrays.copyOfRange(message, DOMAIN.length, message.length + signature.length);
    System.arraycopy(signature, 0, value, length, signature.length);
    return value;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Bytes of an event. */
  private record Encoded(AuditEvent event, byte[] type, byte[] agent, EventContent content) {
    static Encoded of(AuditEvent event) {
      return new Encoded(event, utf8(event.eventType()), utf8(event.agentId()), event.content());
    }

    int length() {
      return FIXED_EVENT_BYTES + type.length + agent.length + content.bytes().length;
    }

    void put(ByteBuffer out) {
      UUID id = event.id();
      out.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
      out.putLong(Timestamps.micros(event.timestamp())).putInt(content.nonceAt());
      out.putShort((short) type.length).putShort((short) agent.length);
      out.putInt(content.bytes().length).put(type).put(agent).put(content.bytes());
    }
  }

  /**
   * A group as it was read, whose signature is not checked yet.
   *
   * @param group the content
   * @param keyId the id of the key that the group names
   * @param message the bytes that the gate signed; shared, must not be changed
   * @param signature the signature; shared, must not be changed
   */
  record Signed(EventGroup group, String keyId, byte[] message, byte[] signature) {
    /** Returns true if a key signed the group. */
    boolean isSignedBy(VerificationKey key) {
      return keyId.equals(key.keyId()) && key.verifies(message, signature);
    }
  }

  /**
   * Reads a message, whoever wrote it.
   *
   * @throws GroupException if it is not a group
   */
  static Signed parse(byte[] value) throws GroupException {
    int end = value.length - VerificationKey.SIGNATURE_BYTES;
    if (end < MAGIC.length || !Arrays.equals(value, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw notAGroup("it does not begin as a group does");
    }
    if (value.length > MAX_BYTES) {
      throw notAGroup("it has %s bytes; a group has at most %s".formatted(value.length, MAX_BYTES));
    }
    ByteBuffer in = ByteBuffer.wrap(value, MAGIC.length, end - MAGIC.length);
    try {
      int version = in.get();
      if (version != VERSION) {
        throw notAGroup(
            "it is a group of version %s, but this Indelible reads %s".formatted(version, VERSION));
      }
      byte[] keyId = bytes(in, KEY_ID_BYTES);
      EventGroup group = body(in);
      if (in.hasRemaining()) {
        throw notAGroup("it has %s bytes after its last event".formatted(in.remaining()));
      }
      byte[] message = Arrays.copyOf(DOMAIN, DOMAIN.length + end);
      System.arraycopy(value, 0, message, DOMAIN.length, end);
      byte[] signature = Arrays.copyOfRange(value, end, value.length);
      return new Signed(group, HexFormat.of().formatHex(keyId), message, signature);
    } catch (BufferUnderflowException e) {
      throw notAGroup("it ends too early");
    } catch (CharacterCodingException e) {
      throw notAGroup("it has text that is not UTF-8");
    } catch (IllegalArgumentException e) {
      throw notAGroup(String.valueOf(e.getMessage()));
    }
  }

  private static EventGroup body(ByteBuffer in) throws CharacterCodingException {
    UUID run = new UUID(in.getLong(), in.getLong());
    int partition = in.getInt();
    int partitions = in.getInt();
    long settled = in.getLong();
    long first = in.getLong();
    int count = in.getInt();
    if (count < 1 || count > MAX_EVENTS || count > in.remaining() / FIXED_EVENT_BYTES) {
      throw new IllegalArgumentException("it states %s events".formatted(count));
    }
    String gate = text(in, Byte.toUnsignedInt(in.get()));
    String topic = text(in, Byte.toUnsignedInt(in.get()));
    String tenant = text(in, Short.toUnsignedInt(in.getShort()));
    List<AuditEvent> events = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      events.add(event(in));
    }
    Lane lane = new Lane(gate, run, new Shard(topic, partition, partitions));
    return new EventGroup(lane, tenant, settled, first, events);
  }

  private static AuditEvent event(ByteBuffer in) throws CharacterCodingException {
    UUID id = new UUID(in.getLong(), in.getLong());
    long micros = in.getLong();
    Instant time =
        Timestamps.requireRecordable(
            Instant.ofEpochSecond(
                Math.floorDiv(micros, MICROS_PER_SECOND),
                Math.floorMod(micros, MICROS_PER_SECOND) * 1_000L));
    int nonceAt = in.getInt();
    int type = Short.toUnsignedInt(in.getShort());
    int agent = Short.toUnsignedInt(in.getShort());
    int content = in.getInt();
    if (type < 1
        || type > AuditEvent.MAX_EVENT_TYPE_BYTES
        || agent < 1
        || agent > AuditEvent.MAX_AGENT_ID_BYTES
        || nonceAt < 0
        || nonceAt > content) {
      throw new IllegalArgumentException("the lengths of an event are not possible");
    }
    String typeText = text(in, type);
    String agentText = text(in, agent);
    byte[] json = bytes(in, content);
    return AuditEvent.stored(id, agentText, typeText, time, new EventContent(json, nonceAt));
  }

  private static byte[] bytes(ByteBuffer in, int length) {
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static String text(ByteBuffer in, int length) throws CharacterCodingException {
    return StandardCharsets.UTF_8
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT)
        .onUnmappableCharacter(CodingErrorAction.REPORT)
        .decode(ByteBuffer.wrap(bytes(in, length)))
        .toString();
  }

  private static GroupException notAGroup(String reason) {
    return new GroupException(Refusal.NOT_A_GROUP, reason);
  }
}
