// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.MlDsa44SigningKey;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.merkle.Hash;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A cosigner's signed statement about a checkpoint: at the stated time this checkpoint was the
 * largest that the cosigner had seen of the log, and it was consistent with all earlier ones (C2SP
 * tlog-cosignature). A cosigner is a witness, or the log itself, which adds an ML-DSA-44 signature
 * in this form to its checkpoints (tlog-checkpoint after v1.0.0).
 *
 * <p>An Ed25519 signature covers {@code cosignature/v1}, the time and the whole text of the
 * checkpoint. An ML-DSA-44 signature covers a {@code cosigned_message}: label, the cosigner's name,
 * time, origin, start, end and root. The start is 0 for a checkpoint. It does not cover the
 * checkpoint's extension lines.
 *
 * @param name the cosigner's name; for a log, its origin
 * @param keyId the id of the cosigner's key
 * @param time in seconds since 1970
 * @param signature 64 bytes for Ed25519, 2,420 bytes for ML-DSA-44
 */
public record Cosignature(String name, int keyId, long time, byte[] signature) {
  private static final String HEADER = "cosignature/v1\n";

  /** Length of a time and an Ed25519 signature, in bytes. */
  private static final int BYTES = Long.BYTES + VerificationKey.SIGNATURE_BYTES;

  private static final int ML_DSA_44_BYTES = Long.BYTES + MlDsa44Key.SIGNATURE_BYTES;

  private static final byte[] SUBTREE_LABEL = "subtree/v1\n\0".getBytes(StandardCharsets.US_ASCII);

  /**
   * Maximum length of a name in an ML-DSA-44 message, in bytes: the message states it in one byte.
   */
  private static final int MOST_NAME_BYTES = 255;

  public Cosignature {
    if (time < 0) {
      throw new IllegalArgumentException("the time of a cosignature must not be negative: " + time);
    }
    if (signature.length != VerificationKey.SIGNATURE_BYTES
        && signature.length != MlDsa44Key.SIGNATURE_BYTES) {
      throw new IllegalArgumentException(
          "a signature is 64 bytes, or %s of ML-DSA-44, not %s"
              .formatted(MlDsa44Key.SIGNATURE_BYTES, signature.length));
    }
    signature = signature.clone();
  }

  /**
   * Cosigns a checkpoint, which the caller has verified as {@link AddCheckpointRequest} describes.
   *
   * @param name the cosigner's name; its key cosigns under this name only
   * @param time in seconds since 1970, above 0
   */
  public static Cosignature sign(String name, Signer signer, Checkpoint checkpoint, long time) {
    requireTime(time);
    VerifierKey key = new VerifierKey(name, SignatureType.COSIGNATURE, signer.verificationKey());
    return new Cosignature(name, key.id(), time, signer.sign(message(time, checkpoint.text())));
  }

  /**
   * Cosigns a checkpoint with ML-DSA-44. The caller is the log, or has verified the checkpoint as
   * {@link AddCheckpointRequest} describes.
   *
   * @param name the cosigner's name; for a log, its origin
   * @param time in seconds since 1970, above 0
   * @throws CheckpointParseException if the name or the origin is longer than 255 bytes, which the
   *     signed message does not allow
   */
  public static Cosignature sign(
      String name, MlDsa44SigningKey signer, Checkpoint checkpoint, long time)
      throws CheckpointParseException {
    requireTime(time);
    VerifierKey key =
        new VerifierKey(name, SignatureType.ML_DSA_44_COSIGNATURE, signer.verificationKey());
    return new Cosignature(
        name, key.id(), time, signer.sign(subtreeMessage(name, time, checkpoint)));
  }

  private static void requireTime(long time) {
    if (time <= 0) {
      throw new IllegalArgumentException("the time of a cosignature must be above 0, not " + time);
    }
  }

  /**
   * Parses a signature line of a note as a cosignature. {@link VerifierKey#verifies} verifies it.
   *
   * @throws CheckpointParseException if the line is not a cosignature
   */
  public static Cosignature of(NoteSignature line) throws CheckpointParseException {
    byte[] bytes = line.signature();
    if (bytes.length != BYTES && bytes.length != ML_DSA_44_BYTES) {
      throw StrictText.refused(
          "cosignature",
          line.line(),
          "%s bytes instead of %s, or %s of ML-DSA-44"
              .formatted(bytes.length, BYTES, ML_DSA_44_BYTES));
    }
    long time = ByteBuffer.wrap(bytes).getLong();
    if (time < 0) {
      throw StrictText.refused("cosignature", line.line(), "its time is above 2^63-1");
    }
    return new Cosignature(
        line.name(), line.keyId(), time, Arrays.copyOfRange(bytes, Long.BYTES, bytes.length));
  }

  /**
   * Returns true if a signature line is a valid cosignature by this key of the checkpoint with this
   * text.
   */
  static boolean verifies(VerifierKey key, String text, NoteSignature line) {
    try {
      Cosignature cosignature = of(line);
      byte[] message =
          key.type() == SignatureType.ML_DSA_44_COSIGNATURE
              ? subtreeMessage(key.name(), cosignature.time, Checkpoint.parse(text))
              : message(cosignature.time, text);
      return key.key().verifies(message, cosignature.signature);
    } catch (CheckpointParseException e) {
      return false;
    }
  }

  /** Returns the {@code cosigned_message} of tlog-cosignature, encoded as in RFC 8446 section 3. */
  private static byte[] subtreeMessage(String cosigner, long time, Checkpoint checkpoint)
      throws CheckpointParseException {
    byte[] name = lengthPrefixed(cosigner, "cosigner's name");
    byte[] origin = lengthPrefixed(checkpoint.origin(), "origin");
    return ByteBuffer.allocate(
            SUBTREE_LABEL.length + name.length + origin.length + 3 * Long.BYTES + Hash.BYTES)
        .put(SUBTREE_LABEL)
        .put(name)
        .putLong(time)
        .put(origin)
        .putLong(0)
        .putLong(checkpoint.size())
        .put(checkpoint.root().bytes())
        .array();
  }

  private static byte[] lengthPrefixed(String text, String what) throws CheckpointParseException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    if (utf8.length > MOST_NAME_BYTES) {
      throw StrictText.refused(
          what,
          text,
          "%s bytes; ML-DSA-44 cosignatures allow at most %s"
              .formatted(utf8.length, MOST_NAME_BYTES));
    }
    return ByteBuffer.allocate(1 + utf8.length).put((byte) utf8.length).put(utf8).array();
  }

  private static byte[] message(long time, String checkpointText) {
    return (HEADER + "time " + time + "\n" + checkpointText).getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the cosignature as a signature line of the checkpoint. */
  public NoteSignature line() {
    return new NoteSignature(
        name,
        keyId,
        ByteBuffer.allocate(Long.BYTES + signature.length).putLong(time).put(signature).array());
  }

  @Override
  public byte[] signature() {
    return signature.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Cosignature that && that.line().equals(line());
  }

  @Override
  public int hashCode() {
    return line().hashCode();
  }

  @Override
  public String toString() {
    return line().toString();
  }
}
