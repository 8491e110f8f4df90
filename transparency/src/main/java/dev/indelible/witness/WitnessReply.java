// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.checkpoint.NoteSignature;

/** The result of asking a witness to cosign a checkpoint. */
public sealed interface WitnessReply {
  /**
   * It cosigned, and the cosignature is its key's.
   *
   * @param line the cosignature
   * @param hadForgotten whether it said before that it saw less than it had cosigned: it was set
   *     back, and vouches for nothing in between
   */
  record Cosigned(NoteSignature line, boolean hadForgotten) implements WitnessReply {}

  /**
   * It says that it saw more of the log than there is: the log was rolled back, or the witness is
   * wrong.
   *
   * @param size how much it says that it saw
   */
  record Ahead(long size) implements WitnessReply {}

  /**
   * It says that the checkpoint does not continue what it saw: the log was forked, or the witness
   * is wrong.
   *
   * @param reason what it says
   */
  record Contradicted(String reason) implements WitnessReply {}

  /**
   * It gave no answer that means anything for the log: it is down, slow, does not know the log, or
   * gave a cosignature that is not its key's.
   *
   * @param reason what is wrong
   */
  record Failed(String reason) implements WitnessReply {}
}
