// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

/** The signature types of C2SP signed-note that are checked and made here. */
public enum SignatureType {
  /** Ed25519 over the text of a note. */
  ED25519(0x01),
  /** A witness's, with the time at which it cosigned (tlog-cosignature v1). */
  COSIGNATURE(0x04);

  private final byte code;

  SignatureType(int code) {
    this.code = (byte) code;
  }

  /** The byte that stands for it in a vkey, and is hashed into the key's id. */
  byte code() {
    return code;
  }

  static SignatureType of(byte code, String vkey) throws CheckpointParseException {
    for (SignatureType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    throw StrictText.refused(
        "vkey", vkey, "signature type 0x%02x cannot be checked here".formatted(code));
  }
}
