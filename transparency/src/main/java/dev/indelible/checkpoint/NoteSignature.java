// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;

/**
 * A signature line of a note: {@code — <name> <base64 of id and signature>}.
 *
 * @param name the name of the key
 * @param keyId the id of the key
 * @param signature the signature, whose form depends on the type of the key
 */
public record NoteSignature(String name, int keyId, byte[] signature) {
  /** An em dash and a space. */
  private static final String PREFIX = "\u2014 ";

  public NoteSignature {
    if (!VerifierKey.isName(name)) {
      throw new IllegalArgumentException(
          StrictText.quote(name) + ": a key's name must not be empty or have a space or a +");
    }
    if (signature.length == 0) {
      throw new IllegalArgumentException("a signature must not be empty");
    }
    signature = signature.clone();
  }

  /** Reads a line, given without its newline. */
  static NoteSignature parse(String line) throws CheckpointParseException {
    int space = line.indexOf(' ', PREFIX.length());
    if (!line.startsWith(PREFIX) || space < 0) {
      throw StrictText.refused(
          "signature line", line, "not of the form \"\u2014 <name> <base64>\"");
    }
    String name = line.substring(PREFIX.length(), space);
    if (!VerifierKey.isName(name)) {
      throw StrictText.refused("signature line", line, "its key name is not valid");
    }
    byte[] bytes =
        StrictText.base64(line.substring(space + 1), "signature of " + StrictText.show(name));
    if (bytes.length <= VerifierKey.idBytes()) {
      throw StrictText.refused("signature line", line, "too short for an id and a signature");
    }
    return new NoteSignature(
        name,
        ByteBuffer.wrap(bytes).getInt(),
        Arrays.copyOfRange(bytes, VerifierKey.idBytes(), bytes.length));
  }

  /** Returns the line, without a newline. */
  public String line() {
    byte[] bytes =
        ByteBuffer.allocate(VerifierKey.idBytes() + signature.length)
            .putInt(keyId)
            .put(signature)
            .array();
    return PREFIX + name + " " + Base64.getEncoder().encodeToString(bytes);
  }

  @Override
  public byte[] signature() {
    return signature.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NoteSignature that
        && that.name.equals(name)
        && that.keyId == keyId
        && Arrays.equals(that.signature, signature);
  }

  @Override
  public int hashCode() {
    return (name.hashCode() * 31 + keyId) * 31 + Arrays.hashCode(signature);
  }

  @Override
  public String toString() {
    return line();
  }
}
