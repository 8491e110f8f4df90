// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/**
 * Signs with one Ed25519 key (RFC 8032).
 *
 * <p>For example a KMS or a PKCS#11 token. An implementation MUST be safe for use by several
 * threads at once, MUST either return a signature that verifies under {@link #verificationKey} or
 * throw, and MUST NOT wait without a limit: while it signs, the ledger is locked to other writers.
 */
public interface Signer {
  /** Returns the public key. */
  VerificationKey verificationKey();

  /**
   * Returns the 64-byte signature over {@code message}.
   *
   * @throws RuntimeException if it cannot sign now; the call is retried
   */
  byte[] sign(byte[] message);

  /**
   * Returns this signer with every signature verified before it is returned, and a {@link
   * SigningException} in place of its exceptions. A key in memory is returned unchanged.
   */
  default Signer checked() {
    return this instanceof SigningKey || this instanceof CheckedSigner
        ? this
        : new CheckedSigner(this);
  }
}
