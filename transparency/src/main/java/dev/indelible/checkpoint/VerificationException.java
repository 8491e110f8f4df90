// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

/** A well-formed statement does not verify. */
public final class VerificationException extends Exception {
  private static final long serialVersionUID = 1;

  /** Reasons why a statement does not verify. */
  public enum Reason {
    /** The log is not trusted. */
    UNKNOWN_ORIGIN,
    /** No trusted key signed it. */
    NO_KNOWN_SIGNATURE,
    /** A signature has the name and id of a trusted key and does not verify under it. */
    BAD_SIGNATURE,
    /** Two trusted keys have an equal name and id. */
    AMBIGUOUS_KEYS,
    /** Fewer witnesses cosigned it than the policy requires. */
    NO_QUORUM,
    /** The record is not in the tree at the claimed index. */
    NOT_INCLUDED
  }

  private final Reason reason;

  /** Creates an exception with a message for a person. */
  public VerificationException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Returns the reason. */
  public Reason reason() {
    return reason;
  }
}
