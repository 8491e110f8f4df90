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
 * @param sequence its number, from 1
 * @param id a UUID as text; all texts are in UTF-8
 * @param agentId who acted; text
 * @param eventType for example {@code governance.refusal}; text
 * @param payloadHash SHA-256 of the payload, which the table does not store; 32 bytes
 * @param signature an Ed25519 signature; empty where the column is NULL
 * @param attestLevel who signed, for example {@code unsigned} or {@code daemon_signed}; text
 * @param timestamp the time in RFC 3339; text
 * @param prevHash the {@link #hash} of the row before; empty where the column is NULL
 * @param mistyped a column of a type that ai-memory does not write, or empty
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

  /** The byte after each field in {@link #canonicalBytes}. */
  static final byte SEPARATOR = 0x1f;

  private static final byte[] LATER_SIGNED_PREFIX =
      "ai-memory/signed-events/row-v1\0".getBytes(StandardCharsets.US_ASCII);

  /**
   * Returns the bytes that are hashed: each field as it is stored, followed by the byte 0x1F, then
   * the sequence as 8 bytes, big-endian. The hash of the row before is not among them.
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
   * Returns the bytes that ai-memory 1.0 hashes: each field after its length as 8 bytes,
   * big-endian, then the sequence, then a zero byte, which stands for an absent {@code cause_hash}.
   */
  byte[] laterBytes() {
    List<byte[]> fields =
        List.of(id, agentId, eventType, payloadHash, signature, attestLevel, timestamp);
    int length = fields.stream().mapToInt(field -> field.length + Long.BYTES).sum();
    ByteBuffer out = ByteBuffer.allocate(length + Long.BYTES + 1);
    fields.forEach(field -> out.putLong(field.length).put(field));
    return out.putLong(sequence).put((byte) 0).array();
  }

  /** Returns the link of the next row in later versions: SHA-256 of {@link #laterBytes}. */
  byte[] laterHash() {
    return Sha256.hash(laterBytes());
  }

  /**
   * Returns the message that the daemon of later versions signs: SHA-256 over a prefix, the texts
   * after their lengths, the sequence, the payload hash after its length, and a zero byte for an
   * absent {@code cause_hash}.
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

  /** Returns the {@code prev_hash} of the next row: SHA-256 of {@link #canonicalBytes}. */
  public byte[] hash() {
    return Sha256.hash(canonicalBytes());
  }
}
