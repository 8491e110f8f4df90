// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes the markers that replace secrets: {@code REDACTED-detector-digest}, one word for a shell.
 * Equal secrets have equal digests under one key. The digest is HMAC-SHA-256, cut to {@value
 * #DIGEST_BYTES} bytes.
 *
 * @param key the key of the digests, secret
 */
record Markers(SecretKeySpec key) {
  static final String PREFIX = "REDACTED-";

  /** Too long for two secrets to have equal digests by chance. */
  static final int DIGEST_BYTES = 16;

  static final int DIGEST_CHARS = 2 * DIGEST_BYTES;

  /** The longest name of a detector. */
  static final int MAX_DETECTOR_CHARS = 40;

  static final int MAX_CHARS = PREFIX.length() + MAX_DETECTOR_CHARS + 1 + DIGEST_CHARS;

  private static final String ALGORITHM = "HmacSHA256";

  static Markers of(byte[] key) {
    return new Markers(new SecretKeySpec(key, ALGORITHM));
  }

  String digest(String secret) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      byte[] whole = mac.doFinal(secret.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(whole, 0, DIGEST_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has " + ALGORITHM, e);
    }
  }

  static String marker(String detector, String digest) {
    return PREFIX + detector + "-" + digest;
  }
}
