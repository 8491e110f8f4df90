// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.checkpoint.VerificationException.Reason;
import java.util.Collection;
import java.util.List;

/**
 * A checkpoint with its signatures. Untrusted until {@link #verify} or {@link WitnessPolicy#verify}
 * has returned.
 */
public final class SignedCheckpoint {
  /** Maximum number of cosignatures beside the log's signature. */
  public static final int MAX_COSIGNATURES = SignedNote.MAX_SIGNATURES - 1;

  private final SignedNote note;
  private final Checkpoint checkpoint;

  private SignedCheckpoint(SignedNote note, Checkpoint checkpoint) {
    this.note = note;
    this.checkpoint = checkpoint;
  }

  /** Signs a checkpoint. A log MUST NOT sign one that is inconsistent with an earlier one. */
  public static SignedCheckpoint sign(Checkpoint checkpoint, NoteSigner... signers) {
    return new SignedCheckpoint(SignedNote.sign(checkpoint.text(), List.of(signers)), checkpoint);
  }

  /**
   * Reads a signed checkpoint.
   *
   * @throws CheckpointParseException if the bytes are not a note, or its text is not a checkpoint
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
   * Verifies the checkpoint under the log's key, and returns it. The key's name is the log's
   * origin.
   *
   * @throws VerificationException if the checkpoint belongs to another log, or the key did not sign
   *     it
   */
  public Checkpoint verify(VerifierKey key) throws VerificationException {
    return verify(key.name(), List.of(key));
  }

  /**
   * Verifies that the checkpoint has this origin and a signature of at least one of these keys, and
   * returns it.
   *
   * @throws VerificationException if the checkpoint belongs to another log, no key signed it, or a
   *     signature that names one of the keys is invalid
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
   * @throws IllegalArgumentException if there are no signatures, or more than 100
   */
  public SignedCheckpoint withOnly(List<NoteSignature> signatures) {
    return new SignedCheckpoint(new SignedNote(note.text(), signatures), checkpoint);
  }

  /** Returns the bytes in which the checkpoint is stored and sent. */
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
