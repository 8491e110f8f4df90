// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 (FIPS 180-4). */
public final class Sha256 {
  /** Length of a hash, in bytes. */
  public static final int BYTES = 32;

  private static final ThreadLocal<MessageDigest> DIGEST =
      ThreadLocal.withInitial(Sha256::newDigest);

  private Sha256() {}

  /** Returns the id of a raw public key: the first 8 bytes of its SHA-256, in hex. */
  static String keyId(byte[] raw) {
    return HexFormat.of().formatHex(hash(raw), 0, 8);
  }

  /** Returns the hash of the concatenated parts. */
  public static byte[] hash(byte[]... parts) {
    MessageDigest digest = DIGEST.get();
    for (byte[] part : parts) {
      digest.update(part);
    }
    return digest.digest();
  }

  /** Returns {@code sha256:} and the hash of the concatenated parts in hex. */
  public static String digest(byte[]... parts) {
    return "sha256:" + HexFormat.of().formatHex(hash(parts));
  }

  /** Returns the hash of {@code length} bytes, starting at {@code offset}. */
  public static byte[] hash(byte[] bytes, int offset, int length) {
    MessageDigest digest = DIGEST.get();
    digest.update(bytes, offset, length);
    return digest.digest();
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
