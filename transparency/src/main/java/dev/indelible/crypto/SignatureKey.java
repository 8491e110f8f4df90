// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/** A public key that checks signatures, of one of the algorithms of signed notes. Immutable. */
public sealed interface SignatureKey permits VerificationKey, MlDsa44Key {
  /** The raw key, as its algorithm encodes it. */
  byte[] raw();

  /** The name of this key: the first 8 bytes of the SHA-256 of the raw key, in hex. */
  String keyId();

  /** Whether {@code signature} is this key's over {@code message}. */
  boolean verifies(byte[] message, byte[] signature);
}
