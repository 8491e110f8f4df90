// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.checkpoint.NoteSignature;

/** The result of a request to a witness to cosign a checkpoint. */
public sealed interface WitnessReply {
  /**
   * The witness cosigned, and the cosignature verifies under its key.
   *
   * @param line the cosignature
   * @param wasRolledBack true if the witness, before this cosignature, stated a smaller size than
   *     it had cosigned earlier: it was rolled back, and confirms nothing about the sizes in
   *     between
   */
  record Cosigned(NoteSignature line, boolean wasRolledBack) implements WitnessReply {}

  /**
   * The witness states that it has seen more rows than the log has: the log was rolled back, or the
   * witness is wrong.
   *
   * @param size the size that the witness states
   */
  record Ahead(long size) implements WitnessReply {}

  /**
   * The witness states that the checkpoint does not continue its last one: the log was forked, or
   * the witness is wrong.
   *
   * @param reason the witness's statement
   */
  record Contradicted(String reason) implements WitnessReply {}

  /**
   * The witness did not cosign, and its answer is no evidence about the log: the witness is down or
   * slow, does not trust the log, or sent an invalid cosignature.
   *
   * @param reason the reason
   */
  record Failed(String reason) implements WitnessReply {}
}
