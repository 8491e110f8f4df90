// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A witness's statement that, at a time, a checkpoint was the largest it had seen of that log, and
 * consistent with all before (C2SP tlog-cosignature v1, Ed25519).
 *
 * @param name the witness's name
 * @param keyId the id of its key
 * @param time when, in seconds since 1970
 * @param signature the 64 bytes of its signature
 */
public record Cosignature(String name, int keyId, long time, byte[] signature) {
  private static final String HEADER = "cosignature/v1\n";

  /** Length of a time and a signature, in bytes. */
  private static final int BYTES = Long.BYTES + VerificationKey.SIGNATURE_BYTES;

  public Cosignature {
    if (time < 0) {
      throw new IllegalArgumentException("no cosignature is of the time " + time);
    }
    if (signature.length != VerificationKey.SIGNATURE_BYTES) {
      throw new IllegalArgumentException("a signature is 64 bytes, not " + signature.length);
    }
    signature = signature.clone();
  }

  /**
   * Cosigns a checkpoint. The caller vouches for what it states: see {@link AddCheckpointRequest}.
   *
   * @param name the witness's; its key cosigns under no other name
   * @param time in seconds since 1970, above 0
   */
  public static Cosignature sign(String name, Signer signer, Checkpoint checkpoint, long time) {
    if (time <= 0) {
      throw new IllegalArgumentException("a witness cosigns with the time it is, not " + time);
    }
    VerifierKey key = new VerifierKey(name, SignatureType.COSIGNATURE, signer.verificationKey());
    return new Cosignature(name, key.id(), time, signer.sign(message(time, checkpoint.text())));
  }

  /**
   * The cosignature that a signature line of a note is. Whose it is, and whether it is right,
   * {@link VerifierKey#verifies} tells.
   *
   * @throws CheckpointParseException if it is none
   */
  public static Cosignature of(NoteSignature line) throws CheckpointParseException {
    byte[] bytes = line.signature();
    if (bytes.length != BYTES) {
      throw StrictText.refused(
          "cosignature", line.line(), "%d bytes instead of %d".formatted(bytes.length, BYTES));
    }
    long time = ByteBuffer.wrap(bytes).getLong();
    if (time < 0) {
      throw StrictText.refused("cosignature", line.line(), "its time is above 2^63-1");
    }
    return new Cosignature(
        line.name(), line.keyId(), time, Arrays.copyOfRange(bytes, Long.BYTES, bytes.length));
  }

  static boolean verifies(VerificationKey key, String text, NoteSignature line) {
    try {
      Cosignature cosignature = of(line);
      return key.verifies(message(cosignature.time, text), cosignature.signature);
    } catch (CheckpointParseException e) {
      return false;
    }
  }

  private static byte[] message(long time, String checkpointText) {
    return (HEADER + "time " + time + "\n" + checkpointText).getBytes(StandardCharsets.UTF_8);
  }

  /** The cosignature as a signature line of the checkpoint. */
  public NoteSignature line() {
    return new NoteSignature(
        name, keyId, ByteBuffer.allocate(BYTES).putLong(time).put(signature).array());
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
