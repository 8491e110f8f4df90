// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Signs notes with one named Ed25519 key. Safe for use by several threads at once. */
public final class NoteSigner {
  /** Length of an Ed25519 seed, in bytes. */
  private static final int SEED_BYTES = 32;

  private static final Pattern SKEY =
      Pattern.compile("PRIVATE\\+KEY\\+([^+]+)\\+([0-9a-f]{8})\\+(.*)");

  private final VerifierKey verifierKey;
  private final Signer signer;

  private NoteSigner(VerifierKey verifierKey, Signer signer) {
    this.verifierKey = verifierKey;
    this.signer = signer;
  }

  /**
   * Returns a signer with a name.
   *
   * @param name not empty, without spaces and without {@code +}; for a log, its origin
   */
  public static NoteSigner of(String name, Signer signer) {
    return new NoteSigner(
        new VerifierKey(name, SignatureType.ED25519, signer.verificationKey()), signer);
  }

  /**
   * Reads a signer from the text form of Go's {@code sumdb/note}: {@code PRIVATE+KEY+name+id+key}.
   *
   * @throws CheckpointParseException if the text is not a signer; the message never quotes the text
   */
  public static NoteSigner fromSkey(String skey) throws CheckpointParseException {
    Matcher form = SKEY.matcher(skey);
    if (!form.matches() || !VerifierKey.isName(form.group(1))) {
      throw new CheckpointParseException(
          "private key: not of the form PRIVATE+KEY+name+id+key (not shown)");
    }
    String name = form.group(1);
    NoteSigner signer = of(name, SigningKey.fromSeed(seed(form.group(3), name)));
    if (!VerifierKey.nameAndId(name, signer.verifierKey.id()).equals(name + "+" + form.group(2))) {
      throw new CheckpointParseException(
          "private key of %s: its id does not match its name and key (not shown)"
              .formatted(StrictText.show(name)));
    }
    return signer;
  }

  private static byte[] seed(String base64, String name) throws CheckpointParseException {
    try {
      byte[] material = StrictText.base64(base64, "");
      if (material.length == 1 + SEED_BYTES && material[0] == SignatureType.ED25519.code()) {
        return Arrays.copyOfRange(material, 1, material.length);
      }
    } catch (CheckpointParseException e) {
      // The cause quotes the key, so it is dropped.
    }
    throw new CheckpointParseException(
        "private key of %s: not an Ed25519 seed in base64 (not shown)"
            .formatted(StrictText.show(name)));
  }

  /** Returns the public key. */
  public VerifierKey verifierKey() {
    return verifierKey;
  }

  /** Signs the text of a note. */
  public NoteSignature sign(String text) {
    return new NoteSignature(
        verifierKey.name(), verifierKey.id(), signer.sign(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Returns the name of the key, never its secret. */
  @Override
  public String toString() {
    return "private half of " + verifierKey;
  }
}
