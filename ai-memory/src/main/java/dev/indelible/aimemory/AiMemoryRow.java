// SPDX-License-Identifier: Apache-2.0
package dev.indelible.aimemory;

import dev.indelible.crypto.Sha256;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * A row of the table {@code signed_events} of ai-memory 0.7, with its stored bytes. The arrays are
 * shared and must not be changed.
 *
 * @param sequence the sequence number, from 1
 * @param id a UUID as text; all texts are UTF-8
 * @param agentId the agent that acted, as text
 * @param eventType for example {@code governance.refusal}, as text
 * @param payloadHash the SHA-256 of the payload, 32 bytes; the table does not store the payload
 * @param signature an Ed25519 signature; empty if the column is NULL
 * @param attestLevel the kind of signer, for example {@code unsigned} or {@code daemon_signed}, as
 *     text
 * @param timestamp the time in RFC 3339, as text
 * @param prevHash the {@link #hash} of the previous row; empty if the column is NULL
 * @param mistyped the first column whose SQLite type ai-memory never writes, or empty
 */
public record AiMemoryRow(
    long sequence,
    byte[] id,
    byte[] agentId,
    byte[] eventType,
    byte[] payloadHash,
    byte[] signature,
    byte[] attestLevel,
    byte[] timestamp,
    byte[] prevHash,
    Optional<String> mistyped) {

  /** The byte that ends each field in {@link #canonicalBytes}. */
  static final byte SEPARATOR = 0x1f;

  private static final byte[] LATER_SIGNED_PREFIX =
      "ai-memory/signed-events/row-v1\0".getBytes(StandardCharsets.US_ASCII);

  /**
   * Returns the bytes to hash: each stored field followed by the byte 0x1F, then the sequence
   * number as 8 bytes, big-endian. The hash of the previous row is not included.
   */
  public byte[] canonicalBytes() {
    List<byte[]> fields =
        List.of(id, agentId, eventType, payloadHash, signature, attestLevel, timestamp);
    int length = fields.stream().mapToInt(field -> field.length + 1).sum();
    ByteBuffer out = ByteBuffer.allocate(length + Long.BYTES).order(ByteOrder.BIG_ENDIAN);
    fields.forEach(field -> out.put(field).put(SEPARATOR));
    return out.putLong(sequence).array();
  }

  /**
   * Returns the bytes that ai-memory 1.0 hashes: each field preceded by its length as 8 bytes,
   * big-endian, then the sequence number, then a zero byte for the absent {@code cause_hash}.
   */
  byte[] laterBytes() {
    List<byte[]> fields =
        List.of(id, agentId, eventType, payloadHash, signature, attestLevel, timestamp);
    int length = fields.stream().mapToInt(field -> field.length + Long.BYTES).sum();
    ByteBuffer out = ByteBuffer.allocate(length + Long.BYTES + 1);
    fields.forEach(field -> out.putLong(field.length).put(field));
    return out.putLong(sequence).put((byte) 0).array();
  }

  /**
   * Returns the value to which later versions link the next row: the SHA-256 of {@link
   * #laterBytes}.
   */
  byte[] laterHash() {
    return Sha256.hash(laterBytes());
  }

  /**
   * Returns the message that the daemon of later versions signs. It is the SHA-256 of a prefix, the
   * texts with their lengths, the sequence number, the payload hash with its length, and a zero
   * byte for the absent {@code cause_hash}.
   */
  byte[] laterSignedMessage() {
    List<byte[]> texts = List.of(id, agentId, eventType, attestLevel, timestamp);
    int length = texts.stream().mapToInt(text -> text.length + Long.BYTES).sum();
    ByteBuffer out =
        ByteBuffer.allocate(
            LATER_SIGNED_PREFIX.length + length + 2 * Long.BYTES + payloadHash.length + 1);
    out.put(LATER_SIGNED_PREFIX);
    texts.forEach(text -> out.putLong(text.length).put(text));
    out.putLong(sequence).putLong(payloadHash.length).put(payloadHash).put((byte) 0);
    return Sha256.hash(out.array());
  }

  /** Returns the {@code prev_hash} of the next row: the SHA-256 of {@link #canonicalBytes}. */
  public byte[] hash() {
    return Sha256.hash(canonicalBytes());
  }
}
