// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * The payload of an event without its nonce: canonical JSON (RFC 8785) that lacks only the member
 * {@code nonce}, which is drawn when the row is sealed.
 *
 * <p>Two events with equal ids are the same event if and only if their contents are equal.
 *
 * @param bytes the canonical JSON; shared, must not be changed
 * @param nonceAt the offset at which the member {@code nonce} is inserted, so that the JSON stays
 *     canonical
 */
public record EventContent(byte[] bytes, int nonceAt) {
  /** The length of a nonce in bytes: too long to be guessed. */
  public static final int NONCE_BYTES = 16;

  private static final byte[] NONCE_NAME = "\"nonce\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NONCE_END = "\",".getBytes(StandardCharsets.US_ASCII);
  private static final int NONCE_CHARS = 22;
  private static final int NONCE_MEMBER = NONCE_NAME.length + NONCE_CHARS + NONCE_END.length;
  private static final Base64.Encoder BASE64URL = Base64.getUrlEncoder().withoutPadding();

  /**
   * Returns the payload: this content with a nonce.
   *
   * @param nonce {@value #NONCE_BYTES} random bytes
   */
  public byte[] payload(byte[] nonce) {
    byte[] encoded = BASE64URL.encode(nonce);
    if (encoded.length != NONCE_CHARS) {
      throw new IllegalArgumentException(
          "a nonce is " + NONCE_BYTES + " bytes, not " + nonce.length);
    }
    byte[] payload = new byte[bytes.length + NONCE_MEMBER];
    int at = copy(bytes, 0, nonceAt, payload, 0);
    at = copy(NONCE_NAME, 0, NONCE_NAME.length, payload, at);
    at = copy(encoded, 0, NONCE_CHARS, payload, at);
    at = copy(NONCE_END, 0, NONCE_END.length, payload, at);
    copy(bytes, nonceAt, bytes.length, payload, at);
    return payload;
  }

  /**
   * Returns the content of a payload: the payload without its nonce.
   *
   * @throws IllegalArgumentException if the payload has no nonce
   */
  public static EventContent of(byte[] payload) {
    // The last match is the payload's own nonce, because no later member contains one of this name.
    for (int at = payload.length - NONCE_MEMBER; at >= 0; at--) {
      int nameEnd = at + NONCE_NAME.length;
      if (Arrays.equals(payload, at, nameEnd, NONCE_NAME, 0, NONCE_NAME.length)) {
        byte[] content = new byte[payload.length - NONCE_MEMBER];
        int end = copy(payload, 0, at, content, 0);
        copy(payload, at + NONCE_MEMBER, payload.length, content, end);
        return new EventContent(content, at);
      }
    }
    throw new IllegalArgumentException("the payload has no nonce");
  }

  /** Returns true if {@code payload} is this content with any nonce. */
  public boolean isContentOf(byte[] payload) {
    int nonceEnd = nonceAt + NONCE_MEMBER;
    return payload.length == bytes.length + NONCE_MEMBER
        && Arrays.equals(payload, 0, nonceAt, bytes, 0, nonceAt)
        && Arrays.equals(
            payload, nonceAt, nonceAt + NONCE_NAME.length, NONCE_NAME, 0, NONCE_NAME.length)
        && Arrays.equals(
            payload, nonceEnd - NONCE_END.length, nonceEnd, NONCE_END, 0, NONCE_END.length)
        && Arrays.equals(payload, nonceEnd, payload.length, bytes, nonceAt, bytes.length);
  }

  private static int copy(byte[] from, int start, int end, byte[] to, int at) {
    System.arraycopy(from, start, to, at, end - start);
    return at + end - start;
  }
}
