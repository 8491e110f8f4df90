// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The shortest DER form of an Ed25519 key (RFC 8410), which OpenSSL and this library write: a fixed
 * prefix and 32 bytes. It is read without an ASN.1 parser, because loading the classes of a parser
 * takes longer than signing.
 */
enum Ed25519Der {
  /** A private key as PKCS#8, version 1, without attributes. */
  PRIVATE("302e020100300506032b657004220420"),

  /** A public key as SubjectPublicKeyInfo. */
  PUBLIC("302a300506032b6570032100");

  private static final int KEY_BYTES = 32;

  private final byte[] head;

  Ed25519Der(String head) {
    this.head = HexFormat.of().parseHex(head);
  }

  /** Encodes the 32 bytes of a key. */
  byte[] encode(byte[] key) {
    byte[] der = Arrays.copyOf(head, head.length + KEY_BYTES);
    System.arraycopy(key, 0, der, head.length, KEY_BYTES);
    return der;
  }

  /** Returns the 32 bytes of a key in this form; empty if it is in another form. */
  Optional<byte[]> decode(byte[] der) {
    boolean isThis =
        der.length == head.length + KEY_BYTES
            && Arrays.equals(der, 0, head.length, head, 0, head.length);
    return isThis
        ? Optional.of(Arrays.copyOfRange(der, head.length, der.length))
        : Optional.empty();
  }
}
