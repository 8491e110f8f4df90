// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.checkpoint.VerificationException.Reason;
import java.util.Collection;
import java.util.List;

/**
 * A checkpoint with its signatures, untrusted until {@link #verify} or {@link WitnessPolicy#verify}
 * has returned.
 */
public final class SignedCheckpoint {
  /** Most cosignatures beside the signature of the log. */
  public static final int MAX_COSIGNATURES = SignedNote.MAX_SIGNATURES - 1;

  private final SignedNote note;
  private final Checkpoint checkpoint;

  private SignedCheckpoint(SignedNote note, Checkpoint checkpoint) {
    this.note = note;
    this.checkpoint = checkpoint;
  }

  /** Signs a checkpoint. A log MUST NOT sign one that is inconsistent with one it signed before. */
  public static SignedCheckpoint sign(Checkpoint checkpoint, NoteSigner... signers) {
    return new SignedCheckpoint(SignedNote.sign(checkpoint.text(), List.of(signers)), checkpoint);
  }

  /**
   * Reads a signed checkpoint.
   *
   * @throws CheckpointParseException if it is not a note, or its text is not a checkpoint
   */
  public static SignedCheckpoint parse(byte[] bytes) throws CheckpointParseException {
    SignedNote note = SignedNote.parse(bytes);
    return new SignedCheckpoint(note, Checkpoint.parse(note.text()));
  }

  /** Returns the checkpoint, unverified. */
  public Checkpoint unverified() {
    return checkpoint;
  }

  /** Returns the text and the signatures. */
  public SignedNote note() {
    return note;
  }

  /**
   * Returns the checkpoint, verified under the log's key, whose name is the log's origin.
   *
   * @throws VerificationException if it is of another log, or not signed by that key
   */
  public Checkpoint verify(VerifierKey key) throws VerificationException {
    return verify(key.name(), List.of(key));
  }

  /**
   * Returns the checkpoint, verified under an origin and at least one of its keys.
   *
   * @throws VerificationException if it is of another log, or none of the keys signed it, or a
   *     signature that names one of the keys is not valid
   */
  public Checkpoint verify(String origin, Collection<VerifierKey> keys)
      throws VerificationException {
    if (!checkpoint.origin().equals(origin)) {
      throw new VerificationException(
          Reason.UNKNOWN_ORIGIN,
          "a checkpoint of %s, not of %s"
              .formatted(StrictText.quote(checkpoint.origin()), StrictText.quote(origin)));
    }
    note.verify(keys);
    return checkpoint;
  }

  /** Returns the checkpoint with one more signature. */
  public SignedCheckpoint with(NoteSignature signature) {
    return new SignedCheckpoint(note.with(signature), checkpoint);
  }

  /**
   * Returns the checkpoint with only these signatures.
   *
   * @throws IllegalArgumentException if there are none, or more than a hundred
   */
  public SignedCheckpoint withOnly(List<NoteSignature> signatures) {
    return new SignedCheckpoint(new SignedNote(note.text(), signatures), checkpoint);
  }

  /** Returns the checkpoint as it is stored and sent. */
  public byte[] bytes() {
    return note.bytes();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SignedCheckpoint that && that.note.equals(note);
  }

  @Override
  public int hashCode() {
    return note.hashCode();
  }

  /** Returns the checkpoint as text. */
  @Override
  public String toString() {
    return note.toString();
  }
}
