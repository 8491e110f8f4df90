// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;

/**
 * Statement of a log: it has the events of a lane up to a number. The value of a message in the
 * compacted topic of positions; {@code docs/formats.md} has the bytes.
 *
 * @param ledger the id of the ledger
 * @param lane the lane
 * @param number the number of the last event
 */
record Position(UUID ledger, Lane lane, long number) {
  /** Prefix of the signed message; distinguishes it from all others that a log's key signs. */
  private static final byte[] DOMAIN =
      "indelible/position/v1\n".getBytes(StandardCharsets.US_ASCII);

  private static final int MAX_BYTES = 4_096;

  /** Returns the key of the message, so that compaction keeps the last position of each lane. */
  byte[] messageKey() {
    return "%s/%s/%s"
        .formatted(lane.gate(), lane.run(), lane.shard().partition())
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the message: canonical JSON (RFC 8785), then the signature of the log's key. */
  byte[] encode(Signer key) {
    CanonicalWriter out = new CanonicalWriter().beginObject().member("gate", lane.gate());
    out.member("ledger_id", ledger).member("number", number);
    out.member("partition", lane.shard().partition());
    out.member("partitions", lane.shard().partitions());
    byte[] json =
        out.member("run", lane.run()).member("topic", lane.shard().topic()).endObject().toBytes();
    byte[] signature = key.sign(message(json, json.length));
    byte[] value = Arrays.copyOf(json, json.length + signature.length);
    System.arraycopy(signature, 0, value, json.length, signature.length);
    return value;
  }

  private static byte[] message(byte[] value, int end) {
    byte[] message = Arrays.copyOf(DOMAIN, DOMAIN.length + end);
    System.arraycopy(value, 0, message, DOMAIN.length, end);
    return message;
  }

  /** Reads a message, whoever wrote it; empty unless one of the keys signed it. */
  static Optional<Position> read(byte[] value, KeyRing keys) {
    int end = value.length - VerificationKey.SIGNATURE_BYTES;
    if (end <= 0 || value.length > MAX_BYTES) {
      return Optional.empty();
    }
    byte[] signature = Arrays.copyOfRange(value, end, value.length);
    byte[] message = message(value, end);
    if (keys.keys().stream().noneMatch(key -> key.verifies(message, signature))) {
      return Optional.empty();
    }
    try {
      JsonFields fields = JsonFields.of(CanonicalJson.read(Arrays.copyOf(value, end)), "position");
      return Optional.of(
          new Position(
              UUID.fromString(fields.string("ledger_id")),
              new Lane(
                  fields.string("gate"),
                  UUID.fromString(fields.string("run")),
                  new Shard(
                      fields.string("topic"),
                      Math.toIntExact(fields.optionalLong("partition").orElse(-1)),
                      Math.toIntExact(fields.optionalLong("partitions").orElse(-1)))),
              fields.optionalLong("number").orElse(0)));
    } catch (JsonFormatException | IllegalArgumentException | ArithmeticException e) {
      return Optional.empty();
    }
  }
}
