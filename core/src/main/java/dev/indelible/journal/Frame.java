// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.json.CanonicalWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The bytes of one event in a segment. Little-endian, a multiple of 8 bytes:
 *
 * <pre>
 *  0  state word: a state in the high byte, the length in units of 8 bytes below it; written last
 *  4  CRC-32C of the frame's position in the journal and of bytes 8 up to the end word
 *  8  event id (16 bytes) · timestamp in microseconds (8) · offset of the nonce (4)
 * 36  lengths of type (2), agent (2) and content (4), then 4 bytes of zeros
 * 48  type · agent · content (canonical JSON without its nonce) · zeros up to a multiple of 8
 *     end word: {@link #END} and the length in bytes
 * </pre>
 *
 * <p>The end word distinguishes a complete frame that was damaged later from a frame that was never
 * completely written. A padding frame is a state word and its complement, then any bytes, so a
 * flipped bit in its length is detected.
 */
final class Frame {
  /** In bytes; the length of every frame, including padding, is a multiple of this. */
  static final int UNIT = 8;

  /**
   * State of an event. One flipped bit never turns one of the three states into another, or into
   * zero.
   */
  static final int EVENT = 0x5D;

  /** State of an event that is not on disk yet. Recovery reads it; the drainer waits for it. */
  static final int UNSYNCED = 0x3A;

  /** State of a padding frame, which has no event. Readers skip it. */
  static final int PADDING = 0xA6;

  static final int END = 0xE1D0F00D;

  /** Length of the longest frame, in bytes; the smallest segment can hold it. */
  static final int MAX_BYTES = JournalWriter.FIRST_SEGMENT_BYTES - SegmentFile.HEADER_BYTES;

  private static final int CHECKED_FROM = 8;
  private static final int FIXED = 48;
  private static final int END_BYTES = 8;
  private static final int LENGTH_MASK = 0x00FF_FFFF;
  private static final int MICROS_PER_SECOND = 1_000_000;

  private Frame() {}

  /** Returns the length of the shortest frame, in bytes. */
  static int minimum() {
    return FIXED + END_BYTES;
  }

  static int stateWord(int state, int length) {
    return state << 24 | length / UNIT;
  }

  static int state(int word) {
    return word >>> 24;
  }

  static int length(int word) {
    return (word & LENGTH_MASK) * UNIT;
  }

  /**
   * Encodes an event. The state word and the checksum depend on the position and are left out; see
   * {@link #seal}.
   */
  static ByteBuffer encode(AuditEvent event) {
    CanonicalWriter out = new CanonicalWriter(FIXED);
    int type = out.text(event.eventType()).length() - FIXED;
    int agent = out.text(event.agentId()).length() - FIXED - type;
    int nonceAt = event.writeContent(out);
    int body = out.length();
    int length = (body + UNIT - 1) / UNIT * UNIT + END_BYTES;
    ByteBuffer frame = out.toBuffer(length - body).order(ByteOrder.LITTLE_ENDIAN);
    frame.putLong(8, event.id().getMostSignificantBits());
    frame.putLong(16, event.id().getLeastSignificantBits());
    frame.putLong(24, micros(event.timestamp())).putInt(32, nonceAt);
    frame.putShort(36, (short) type).putShort(38, (short) agent);
    frame.putInt(40, body - FIXED - type - agent);
    return frame.putInt(length - END_BYTES, END).putInt(length - 4, length);
  }

  /** Completes an encoded frame for its position in the journal. */
  static void seal(ByteBuffer frame, long position) {
    // The checksum covers the position, so the first 8 bytes hold the position while it is
    // computed.
    frame.putLong(0, position);
    CRC32C crc = new CRC32C();
    crc.update(frame.array(), 0, frame.limit() - END_BYTES);
    frame.putInt(4, (int) crc.getValue());
  }

  /** Returns true if the bytes at an offset are an intact frame with this length and position. */
  static boolean isWhole(ByteBuffer bytes, int at, int length, long position) {
    if (!fits(bytes, at, length)) {
      return false;
    }
    CRC32C crc = new CRC32C();
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
      crc.update((int) (position >>> shift) & 0xff);
    }
    crc.update(bytes.slice(at + CHECKED_FROM, length - CHECKED_FROM - END_BYTES));
    return bytes.getInt(at + 4) == (int) crc.getValue() && isConsistent(bytes, at, length);
  }

  /** Returns true if a frame that starts at an offset was written completely. */
  static boolean endsAt(ByteBuffer bytes, int at, int length) {
    return fits(bytes, at, length)
        && bytes.getInt(at + length - END_BYTES) == END
        && bytes.getInt(at + length - END_BYTES + 4) == length;
  }

  /** Returns true if a padding frame is at an offset. */
  static boolean isPadding(ByteBuffer bytes, int at, int word) {
    return state(word) == PADDING
        && bytes.getInt(at + 4) == ~word
        && length(word) > 0
        && length(word) <= bytes.limit() - at;
  }

  /** Returns true if a padding frame with one flipped bit is at an offset. */
  static boolean isDamagedPadding(ByteBuffer bytes, int at, int word) {
    int complement = ~bytes.getInt(at + 4);
    return Integer.bitCount(word ^ complement) == 1
        && (state(word) == PADDING || state(complement) == PADDING);
  }

  private static boolean fits(ByteBuffer bytes, int at, int length) {
    return minimum() <= length && length <= Math.min(MAX_BYTES, bytes.limit() - at);
  }

  /** Decodes a frame that {@link #isWhole}. */
  static AuditEvent decode(ByteBuffer bytes, int at) {
    UUID id = new UUID(bytes.getLong(at + 8), bytes.getLong(at + 16));
    Instant timestamp = instant(bytes.getLong(at + 24));
    int nonceAt = bytes.getInt(at + 32);
    int type = Short.toUnsignedInt(bytes.getShort(at + 36));
    int agent = Short.toUnsignedInt(bytes.getShort(at + 38));
    byte[] content = new byte[bytes.getInt(at + 40)];
    bytes.get(at + FIXED + type + agent, content);
    return AuditEvent.stored(
        id,
        text(bytes, at + FIXED + type, agent),
        text(bytes, at + FIXED, type),
        timestamp,
        new EventContent(content, nonceAt));
  }

  private static boolean isConsistent(ByteBuffer bytes, int at, int length) {
    long content = bytes.getInt(at + 40);
    long nonceAt = bytes.getInt(at + 32);
    long body =
        (long) FIXED
            + Short.toUnsignedInt(bytes.getShort(at + 36))
            + Short.toUnsignedInt(bytes.getShort(at + 38))
            + content;
    return content >= 0
        && nonceAt >= 0
        && nonceAt <= content
        && (body + UNIT - 1) / UNIT * UNIT + END_BYTES == length;
  }

  private static String text(ByteBuffer bytes, int at, int length) {
    byte[] utf8 = new byte[length];
    bytes.get(at, utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private static long micros(Instant time) {
    return time.getEpochSecond() * MICROS_PER_SECOND + time.getNano() / 1_000;
  }

  private static Instant instant(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, MICROS_PER_SECOND),
        Math.floorMod(micros, MICROS_PER_SECOND) * 1_000L);
  }
}
