// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.SignatureKey;
import dev.indelible.crypto.VerificationKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A public key with a name, written as a vkey: {@code name+id+key} (C2SP signed-note). Immutable.
 *
 * @param name the owner's name; not empty, without spaces and without {@code +}
 * @param type the type of the key's signatures
 * @param key the key itself
 */
public record VerifierKey(String name, SignatureType type, SignatureKey key) {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{8}");
  private static final int ID_BYTES = 4;

  public VerifierKey {
    requireName(name);
    if (!type.takes(key)) {
      throw new IllegalArgumentException(key + ": is not a key for signatures of type " + type);
    }
  }

  /**
   * Returns {@code name} if it is a valid name of a key, and therefore of a log.
   *
   * @throws IllegalArgumentException if the name is not valid
   */
  public static String requireName(String name) {
    if (!isName(name)) {
      throw new IllegalArgumentException(
          StrictText.quote(name) + ": a key's name must not be empty or have a space or a +");
    }
    return name;
  }

  /**
   * Parses a vkey.
   *
   * @throws CheckpointParseException if the text is not a vkey, its id does not match name and key,
   *     or its type is not supported
   */
  public static VerifierKey parse(String vkey) throws CheckpointParseException {
    String[] parts = vkey.split("\\+", 3);
    if (parts.length != 3 || !isName(parts[0]) || !ID.matcher(parts[1]).matches()) {
      throw StrictText.refused("vkey", vkey, "not of the form name+id+key");
    }
    byte[] material = StrictText.base64(parts[2], "key in vkey " + StrictText.show(parts[0]));
    if (material.length == 0) {
      throw StrictText.refused("vkey", vkey, "its key is empty");
    }
    SignatureType type = SignatureType.of(material[0], vkey);
    VerifierKey parsed;
    try {
      byte[] raw = Arrays.copyOfRange(material, 1, material.length);
      parsed = new VerifierKey(parts[0], type, type.key(raw));
    } catch (IllegalArgumentException e) {
      throw StrictText.refused("vkey", vkey, e.getMessage());
    }
    if (!parsed.vkey().equals(vkey)) {
      throw StrictText.refused("vkey", vkey, "its id does not match its name and key");
    }
    return parsed;
  }

  /**
   * Returns vkeys for the keys that may sign a log's checkpoints, in the given order. Their name is
   * the log's origin.
   *
   * @throws IllegalArgumentException if the origin is not a valid name
   */
  public static List<VerifierKey> ofLog(String origin, Collection<VerificationKey> keys) {
    return keys.stream().map(key -> new VerifierKey(origin, SignatureType.ED25519, key)).toList();
  }

  /**
   * Returns the id of the key, which signatures state beside the name: the first four bytes of a
   * hash of name and key.
   */
  public int id() {
    byte[] prefix = (name + "\n").getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.wrap(Sha256.hash(prefix, material())).getInt();
  }

  /** Returns the key as a vkey. */
  public String vkey() {
    return nameAndId(name, id()) + "+" + Base64.getEncoder().encodeToString(material());
  }

  /** Returns true if a signature, valid or invalid, states this key's name and id. */
  public boolean isNamedBy(NoteSignature signature) {
    return signature.name().equals(name) && signature.keyId() == id();
  }

  /** Returns true if this key made the signature, over the text of a note. */
  public boolean verifies(String text, NoteSignature signature) {
    if (!isNamedBy(signature)) {
      return false;
    }
    if (type.isCosignature()) {
      return Cosignature.verifies(this, text, signature);
    }
    return key.verifies(text.getBytes(StandardCharsets.UTF_8), signature.signature());
  }

  private byte[] material() {
    byte[] raw = key.raw();
    return ByteBuffer.allocate(1 + raw.length).put(type.code()).put(raw).array();
  }

  /** Returns the name and id of the key, without the key. */
  static String nameAndId(String name, int id) {
    return "%s+%08x".formatted(name, id);
  }

  /** Length of an id, in bytes. */
  static int idBytes() {
    return ID_BYTES;
  }

  /** Returns true if a text is a valid key name: one line, not empty, no Unicode space, no plus. */
  public static boolean isName(String text) {
    return !text.isEmpty()
        && StrictText.isLine(text)
        && text.codePoints()
            .noneMatch(
                c ->
                    c == '+' || c == 0x85 || Character.isWhitespace(c) || Character.isSpaceChar(c));
  }

  /** Returns the vkey. */
  @Override
  public String toString() {
    return vkey();
  }
}
