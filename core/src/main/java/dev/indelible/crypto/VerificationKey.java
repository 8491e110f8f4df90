// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.util.PublicKeyFactory;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;

/** An Ed25519 public key (RFC 8032). Immutable. */
public final class VerificationKey {
  /** Length of a signature, in bytes. */
  public static final int SIGNATURE_BYTES = 64;

  /** Length of a raw public key, in bytes. */
  public static final int KEY_BYTES = 32;

  private static final String PEM_TYPE = "PUBLIC KEY";

  /** The algorithm byte of Ed25519 in C2SP signed-note. */
  private static final byte NOTE_ALGORITHM = 0x01;

  private final byte[] raw;
  private final String keyId;
  private final Ed25519.Verifying verifying;

  private VerificationKey(byte[] raw) {
    this.raw = raw;
    this.verifying = Ed25519.INSTANCE.verifying(raw);
    this.keyId = HexFormat.of().formatHex(Sha256.hash(raw), 0, 8);
  }

  /**
   * A key from its {@value #KEY_BYTES} raw bytes.
   *
   * <p>Must be a point of the group's prime order in its canonical encoding, as every key made by
   * RFC 8032 is: implementations differ on others, and under a key of small order anyone can sign.
   */
  public static VerificationKey of(byte[] raw) {
    if (raw.length != KEY_BYTES) {
      throw new IllegalArgumentException("an Ed25519 public key is 32 bytes, not " + raw.length);
    }
    byte[] copy = raw.clone();
    if (!org.bouncycastle.math.ec.rfc8032.Ed25519.validatePublicKeyFull(copy, 0)) {
      throw new IllegalArgumentException("not a valid Ed25519 public key");
    }
    return new VerificationKey(copy);
  }

  /**
   * A key from PEM (SubjectPublicKeyInfo, RFC 8410).
   *
   * @param source names the text in errors
   */
  public static VerificationKey fromPem(String pem, String source) throws KeyException {
    try {
      AsymmetricKeyParameter key = PublicKeyFactory.createKey(Pem.decode(pem, PEM_TYPE, source));
      if (key instanceof Ed25519PublicKeyParameters ed25519) {
        return of(ed25519.getEncoded());
      }
    } catch (IOException | RuntimeException e) {
      throw new KeyException(source + ": not a public key in PEM form", e);
    }
    throw new KeyException(source + ": not an Ed25519 key; only those sign an Indelible chain");
  }

  /**
   * A key from a C2SP vkey: {@code name+hash+key}.
   *
   * @throws KeyException if it is not one of Ed25519, or its hash is not that of name and key
   */
  public static VerificationKey fromVkey(String vkey) throws KeyException {
    String[] parts = vkey.split("\\+", 3);
    if (parts.length != 3 || !isName(parts[0])) {
      throw new KeyException("\"" + vkey + "\": not a vkey of the form name+hash+key");
    }
    byte[] key;
    try {
      key = Base64.getDecoder().decode(parts[2]);
    } catch (IllegalArgumentException e) {
      throw new KeyException("vkey " + parts[0] + ": its key is not base64", e);
    }
    if (key.length != 1 + KEY_BYTES || key[0] != NOTE_ALGORITHM) {
      throw new KeyException("vkey " + parts[0] + ": not an Ed25519 key");
    }
    VerificationKey result;
    try {
      result = of(Arrays.copyOfRange(key, 1, key.length));
    } catch (IllegalArgumentException e) {
      throw new KeyException("vkey " + parts[0] + ": " + e.getMessage(), e);
    }
    if (!result.toVkey(parts[0]).equals(vkey)) {
      throw new KeyException("vkey " + parts[0] + ": its hash does not match its name and key");
    }
    return result;
  }

  /** The name of this key in a row: the first 8 bytes of the SHA-256 of the raw key, in hex. */
  public String keyId() {
    return keyId;
  }

  /** The raw key. */
  public byte[] raw() {
    return raw.clone();
  }

  /**
   * Whether {@code signature} is this key's over {@code message}.
   *
   * <p>Strict: exactly 64 bytes, and only the canonical encodings of RFC 8032.
   */
  public boolean verifies(byte[] message, byte[] signature) {
    return signature.length == SIGNATURE_BYTES && verifying.verify(message, signature);
  }

  /** PEM (SubjectPublicKeyInfo, RFC 8410). */
  public String toPem() {
    try {
      return Pem.encode(
          PEM_TYPE,
          SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(
                  new Ed25519PublicKeyParameters(raw))
              .getEncoded());
    } catch (IOException e) {
      throw new IllegalStateException("an Ed25519 key always encodes", e);
    }
  }

  /**
   * The key as a C2SP vkey (signed-note v1.0.0).
   *
   * @param name the key's name: not empty, no space, no {@code +}
   */
  public String toVkey(String name) {
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "\"" + name + "\": the name in a vkey is not empty and has no space and no +");
    }
    byte[] key = ByteBuffer.allocate(1 + KEY_BYTES).put(NOTE_ALGORITHM).put(raw).array();
    byte[] hash = Sha256.hash((name + "\n").getBytes(StandardCharsets.UTF_8), key);
    return name
        + "+"
        + HexFormat.of().formatHex(hash, 0, 4)
        + "+"
        + Base64.getEncoder().encodeToString(key);
  }

  /** The names of signed-note: not empty, no Unicode space, no plus. */
  private static boolean isName(String text) {
    return !text.isEmpty()
        && text.codePoints()
            .noneMatch(
                c ->
                    c == '+' || c == 0x85 || Character.isWhitespace(c) || Character.isSpaceChar(c));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VerificationKey key && Arrays.equals(key.raw, raw);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(raw);
  }

  @Override
  public String toString() {
    return "Ed25519 key " + keyId;
  }
}
