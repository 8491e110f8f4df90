// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import dev.indelible.crypto.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * An API key as its holder presents it: {@code indelible_ID_SECRET}. The id has 8 hex digits; the
 * secret has 64, followed by 8 that are the CRC-32 of all the text before them. From the prefix and
 * the checksum alone, a scanner for secrets recognises a key in any text.
 *
 * <p>Only the hash of a key is stored. A plain SHA-256 is enough: the secret is 256 random bits,
 * and a slow hash would help only a secret that can be guessed.
 */
public final class KeyText {
  /** The form of every key, for scanners. */
  public static final String PATTERN = "indelible_([0-9a-f]{8})_[0-9a-f]{72}";

  private static final Pattern FORM = Pattern.compile(PATTERN);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int ID_BYTES = 4;
  private static final int SECRET_BYTES = 32;
  private static final int CHECKSUM_DIGITS = 8;

  private final String text;
  private final String id;

  private KeyText(String text, String id) {
    this.text = text;
    this.id = id;
  }

  /** Returns a new random key. */
  public static KeyText generate() {
    String id = random(ID_BYTES);
    String unchecked = "indelible_%s_%s".formatted(id, random(SECRET_BYTES));
    return new KeyText(unchecked + checksum(unchecked), id);
  }

  private static String random(int bytes) {
    byte[] drawn = new byte[bytes];
    RANDOM.nextBytes(drawn);
    return HexFormat.of().formatHex(drawn);
  }

  private static String checksum(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.US_ASCII));
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  /** Reads a key; empty if the text is not a key, for example because it is mistyped. */
  public static Optional<KeyText> read(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      return Optional.empty();
    }
    int end = text.length() - CHECKSUM_DIGITS;
    return checksum(text.substring(0, end)).equals(text.substring(end))
        ? Optional.of(new KeyText(text, form.group(1)))
        : Optional.empty();
  }

  /** Returns the id, which is not secret. */
  public String id() {
    return id;
  }

  /** Returns the SHA-256 of the whole text. */
  byte[] hash() {
    return Sha256.hash(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Returns the secret text, to be shown to the holder once. */
  public String reveal() {
    return text;
  }

  /** Returns only the id, so that no log line or message shows the secret by accident. */
  @Override
  public String toString() {
    return "key " + id;
  }
}
