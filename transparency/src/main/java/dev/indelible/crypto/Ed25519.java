// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/**
 * An implementation of Ed25519 (RFC 8032). The JDK's own is not used: it is about twenty times
 * slower than native code and accepts signatures of 65 bytes.
 */
interface Ed25519 {
  /** Returns a signer for one key, safe for use by several threads at once. */
  Signing signing(byte[] seed, byte[] publicKey);

  /** Returns a verifier for one key, safe for use by several threads at once. */
  Verifying verifying(byte[] publicKey);

  /** Verifies signatures of one key. */
  @FunctionalInterface
  interface Verifying {
    /** Returns true if the 64-byte signature is valid. */
    boolean verify(byte[] message, byte[] signature);
  }

  /** Signs with one key. */
  @FunctionalInterface
  interface Signing {
    byte[] sign(byte[] message);
  }
}
