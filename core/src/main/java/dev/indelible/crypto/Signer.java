// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/**
 * Signs with one Ed25519 key (RFC 8032).
 *
 * <p>An implementation MUST be safe for use by several threads at once, and MUST either return a
 * signature that verifies under {@link #verificationKey} or throw.
 */
public interface Signer {
  /** The public half. */
  VerificationKey verificationKey();

  /** The signature over {@code message}, 64 bytes. */
  byte[] sign(byte[] message);
}
