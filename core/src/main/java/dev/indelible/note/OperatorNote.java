// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.checkpoint.VerifierKey;
import java.util.List;

/**
 * The statement with which an operator introduces the next operator's key to one log, as a C2SP
 * signed note of three lines: {@code indelible.dev/operator/v1}, the log's origin, the next vkey.
 *
 * @param origin the log's name in its checkpoints
 * @param next the key that signs policies from then on
 */
public record OperatorNote(String origin, VerifierKey next) {
  private static final String HEADER = "indelible.dev/operator/v1";

  public OperatorNote {
    VerifierKey.requireName(origin);
  }

  /** Returns the note with the signature of the operator in force. */
  public SignedNote sign(NoteSigner operator) {
    return SignedNote.sign(text(), List.of(operator));
  }

  private String text() {
    return String.join("\n", HEADER, origin, next.vkey()) + "\n";
  }

  /**
   * Verifies that an operator signed this statement. Returns the note with that signature only.
   *
   * @throws PolicySignatureException if the note states something else, or another key signed it
   */
  SignedNote verify(String note, VerifierKey operator) throws PolicySignatureException {
    SignedNote signed = PolicyNote.verified(note, operator);
    if (!signed.text().equals(text())) {
      throw new PolicySignatureException(
          "it is signed, but does not introduce key %s to the log %s".formatted(next, origin));
    }
    return signed;
  }
}
