// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.checkpoint.VerificationException.Reason;
import java.util.Collection;
import java.util.List;

/**
 * A checkpoint with its signatures. What it states is not to be believed before {@link #verify}, or
 * {@link WitnessPolicy#verify}, has returned.
 */
public final class SignedCheckpoint {
  /** Most cosignatures that it can bear beside the signature of its log. */
  public static final int MAX_COSIGNATURES = SignedNote.MAX_SIGNATURES - 1;

  private final SignedNote note;
  private final Checkpoint checkpoint;

  private SignedCheckpoint(SignedNote note, Checkpoint checkpoint) {
    this.note = note;
    this.checkpoint = checkpoint;
  }

  /**
   * Signs a checkpoint. The caller vouches for it: a log must never sign one that is inconsistent
   * with one it signed before.
   */
  public static SignedCheckpoint sign(Checkpoint checkpoint, NoteSigner... signers) {
    return new SignedCheckpoint(SignedNote.sign(checkpoint.text(), List.of(signers)), checkpoint);
  }

  /**
   * Reads a signed checkpoint.
   *
   * @throws CheckpointParseException if it is no note, or its text no checkpoint
   */
  public static SignedCheckpoint parse(byte[] bytes) throws CheckpointParseException {
    SignedNote note = SignedNote.parse(bytes);
    return new SignedCheckpoint(note, Checkpoint.parse(note.text()));
  }

  /** Returns the checkpoint, unverified. */
  public Checkpoint unverified() {
    return checkpoint;
  }

  /** The text and the signatures. */
  public SignedNote note() {
    return note;
  }

  /**
   * Returns the checkpoint, signed by the log of this key. The key's name is the log's origin.
   *
   * @throws VerificationException if it is another log's, or not signed by that key
   */
  public Checkpoint verify(VerifierKey key) throws VerificationException {
    return verify(key.name(), List.of(key));
  }

  /**
   * Returns the checkpoint, signed by the log of this origin with at least one of these keys.
   *
   * @throws VerificationException if it is another log's, or not signed by any of them, or one of
   *     the signatures is not that of the key it names
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

  /** The checkpoint with one more signature. */
  public SignedCheckpoint with(NoteSignature signature) {
    return new SignedCheckpoint(note.with(signature), checkpoint);
  }

  /**
   * The checkpoint with these of its signatures alone.
   *
   * @throws IllegalArgumentException if they are no signatures, or more than a hundred
   */
  public SignedCheckpoint withOnly(List<NoteSignature> signatures) {
    return new SignedCheckpoint(new SignedNote(note.text(), signatures), checkpoint);
  }

  /** The checkpoint as it is stored, sent and served. */
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

  /** The checkpoint as text. */
  @Override
  public String toString() {
    return note.toString();
  }
}
