// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/**
 * Signs with one Ed25519 key (RFC 8032).
 *
 * <p>It may be a KMS or a PKCS#11 token. An implementation MUST be safe for use by several threads
 * at once, and MUST either return a signature that verifies under {@link #verificationKey} or
 * throw. It MUST NOT wait for ever: while it signs, the ledger is locked to other writers.
 */
public interface Signer {
  /** Returns the public key. */
  VerificationKey verificationKey();

  /**
   * The signature over {@code message}, 64 bytes.
   *
   * @throws RuntimeException if it cannot sign now; it is asked again
   */
  byte[] sign(byte[] message);

  /**
   * This signer with every signature verified before it is returned, and a {@link SigningException}
   * in place of whatever it throws. A key in memory is returned as it is.
   */
  default Signer checked() {
    return this instanceof SigningKey || this instanceof CheckedSigner
        ? this
        : new CheckedSigner(this);
  }
}
