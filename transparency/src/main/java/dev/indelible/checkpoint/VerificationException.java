// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

/** Something that reads well and is not to be believed, with the reason why not. */
public final class VerificationException extends Exception {
  private static final long serialVersionUID = 1;

  /** Why something is not believed. */
  public enum Reason {
    /** It is about a log that is not among the trusted ones. */
    UNKNOWN_ORIGIN,
    /** No trusted key signed it. Nothing says that it is wrong, and nothing that it is right. */
    NO_KNOWN_SIGNATURE,
    /** It bears a trusted key's name and id, and a signature that is not that key's. */
    BAD_SIGNATURE,
    /** Two of the trusted keys cannot be told apart by name and id. */
    AMBIGUOUS_KEYS,
    /** Fewer witnesses cosigned it than the policy asks for. */
    NO_QUORUM,
    /** The record is not in the tree where it is said to be. */
    NOT_INCLUDED
  }

  private final Reason reason;

  /** What is not believed, why, and a message for a person. */
  public VerificationException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Why it is not believed. */
  public Reason reason() {
    return reason;
  }
}
