// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.SignatureKey;
import dev.indelible.crypto.VerificationKey;

/** The signature types of C2SP signed-note that this library signs and verifies. */
public enum SignatureType {
  /** Ed25519 over the text of a note. */
  ED25519(0x01),
  /** A witness's cosignature with its time: Ed25519 (tlog-cosignature). */
  COSIGNATURE(0x04),
  /**
   * A cosignature with ML-DSA-44 (tlog-cosignature after v1.0.1), by a witness, or by a log on its
   * own checkpoints. Covers origin, size and root, but not the extension lines of the checkpoint.
   */
  ML_DSA_44_COSIGNATURE(0x06);

  private final byte code;

  SignatureType(int code) {
    this.code = (byte) code;
  }

  /** Returns the byte for this type in a vkey. The key's id is a hash that includes it. */
  byte code() {
    return code;
  }

  /** Returns true for the cosignature types, which state a time. */
  public boolean isCosignature() {
    return this != ED25519;
  }

  /**
   * Returns a public key of this type.
   *
   * @throws IllegalArgumentException if the bytes are not a key of this type
   */
  SignatureKey key(byte[] raw) {
    return this == ML_DSA_44_COSIGNATURE ? MlDsa44Key.of(raw) : VerificationKey.of(raw);
  }

  /** Returns true if a key is of this type. */
  boolean takes(SignatureKey key) {
    return this == ML_DSA_44_COSIGNATURE
        ? key instanceof MlDsa44Key
        : key instanceof VerificationKey;
  }

  static SignatureType of(byte code, String vkey) throws CheckpointParseException {
    for (SignatureType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    throw StrictText.refused(
        "vkey", vkey, "signature type 0x%02x is not supported".formatted(code));
  }
}
