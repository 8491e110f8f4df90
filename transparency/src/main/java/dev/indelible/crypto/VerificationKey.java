// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.util.PublicKeyFactory;

/** An Ed25519 public key (RFC 8032). Immutable. */
public final class VerificationKey implements SignatureKey {
  /** Length of a signature, in bytes. */
  public static final int SIGNATURE_BYTES = 64;

  /** Length of a raw public key, in bytes. */
  public static final int KEY_BYTES = 32;

  private static final String PEM_TYPE = "PUBLIC KEY";

  private final byte[] raw;
  private final String keyId;
  private final Ed25519InUse.ForKey<Ed25519.Verifying> verifying;

  private VerificationKey(byte[] raw) {
    this.raw = raw;
    this.verifying = new Ed25519InUse.ForKey<>(by -> by.verifying(raw));
    this.keyId = Sha256.keyId(raw);
  }

  /**
   * Returns the key of {@value #KEY_BYTES} raw bytes.
   *
   * <p>The key must be the canonical encoding of a point in the group of prime order; RFC 8032
   * generates no others. Implementations disagree about other points, and anyone can sign under a
   * point of small order.
   */
  public static VerificationKey of(byte[] raw) {
    if (raw.length != KEY_BYTES) {
      throw new IllegalArgumentException("an Ed25519 public key is 32 bytes, not " + raw.length);
    }
    byte[] copy = raw.clone();
    if (!org.bouncycastle.math.ec.rfc8032.Ed25519.validatePublicKeyFull(copy, 0)) {
      throw new IllegalArgumentException("not a valid Ed25519 public key");
    }
    return new VerificationKey(copy);
  }

  /**
   * Reads a key from PEM (SubjectPublicKeyInfo, RFC 8410).
   *
   * @param source the name of the text in errors
   */
  public static VerificationKey fromPem(String pem, String source) throws KeyException {
    byte[] der = Pem.decode(pem, PEM_TYPE, source);
    Optional<byte[]> shortest = Ed25519Der.PUBLIC.decode(der);
    try {
      if (shortest.isPresent()) {
        return of(shortest.get());
      }
      AsymmetricKeyParameter key = PublicKeyFactory.createKey(der);
      if (key instanceof Ed25519PublicKeyParameters ed25519) {
        return of(ed25519.getEncoded());
      }
    } catch (IOException | RuntimeException e) {
      throw new KeyException(source + ": not a public key in PEM form", e);
    }
    throw new KeyException(source + ": not an Ed25519 key; only those sign an Indelible chain");
  }

  /** Returns the id that rows state for this key. */
  @Override
  public String keyId() {
    return keyId;
  }

  @Override
  public byte[] raw() {
    return raw.clone();
  }

  /**
   * Returns true if this key made {@code signature} over {@code message}. Strict: accepts exactly
   * 64 bytes, and only the canonical encodings of RFC 8032.
   */
  @Override
  public boolean verifies(byte[] message, byte[] signature) {
    return signature.length == SIGNATURE_BYTES && verifying.get().verify(message, signature);
  }

  /** Returns the key as PEM (SubjectPublicKeyInfo, RFC 8410). */
  public String toPem() {
    return Pem.encode(PEM_TYPE, Ed25519Der.PUBLIC.encode(raw));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VerificationKey key && Arrays.equals(key.raw, raw);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(raw);
  }

  @Override
  public String toString() {
    return "Ed25519 key " + keyId;
  }
}
