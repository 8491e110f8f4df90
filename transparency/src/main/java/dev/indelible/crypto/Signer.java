// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/**
 * Signs with one Ed25519 key (RFC 8032), for example in a KMS or a PKCS#11 token.
 *
 * <p>An implementation MUST be safe for use by several threads at once. It MUST either return a
 * signature that verifies under {@link #verificationKey} or throw. It MUST limit its waiting time,
 * because other writers cannot write to the ledger while it signs.
 */
public interface Signer {
  /** Returns the public key. */
  VerificationKey verificationKey();

  /**
   * Returns the 64-byte signature of {@code message}.
   *
   * @throws RuntimeException if the key cannot sign now; the caller tries again later
   */
  byte[] sign(byte[] message);

  /**
   * Returns a signer that verifies each of this signer's signatures before it returns it, and that
   * throws a {@link SigningException} instead of this signer's exceptions. Returns an in-memory key
   * unchanged.
   */
  default Signer checked() {
    return this instanceof SigningKey || this instanceof CheckedSigner
        ? this
        : new CheckedSigner(this);
  }
}
