// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/** A public key for one of the algorithms of signed notes. Immutable. */
public sealed interface SignatureKey permits VerificationKey, MlDsa44Key {
  /** Returns the raw key, in the encoding of its algorithm. */
  byte[] raw();

  /** Returns the id of this key: the first 8 bytes of the raw key's SHA-256, in hex. */
  String keyId();

  /** Returns true if this key made {@code signature} over {@code message}. */
  boolean verifies(byte[] message, byte[] signature);
}
