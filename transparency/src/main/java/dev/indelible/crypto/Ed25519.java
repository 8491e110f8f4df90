// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/**
 * The implementation of Ed25519 (RFC 8032) for this process. It is the Amazon Corretto Crypto
 * Provider if its jar is on the class path and works on this machine, and BouncyCastle otherwise.
 * The JDK's own implementation is about twenty times slower and accepts signatures of 65 bytes.
 */
interface Ed25519 {
  Ed25519 INSTANCE = choose();

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

  private static Ed25519 choose() {
    return CorrettoEd25519.find().orElseGet(BouncyCastleEd25519::new);
  }
}
