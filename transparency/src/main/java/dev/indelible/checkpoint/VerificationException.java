// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

/** A statement has the right format but does not verify. */
public final class VerificationException extends Exception {
  private static final long serialVersionUID = 1;

  /** Reasons why a statement does not verify. */
  public enum Reason {
    /** The log is not trusted. */
    UNKNOWN_ORIGIN,
    /** No trusted key signed the statement. */
    NO_KNOWN_SIGNATURE,
    /** A signature names a trusted key but does not verify under it. */
    BAD_SIGNATURE,
    /** Two different trusted keys have equal names and ids. */
    AMBIGUOUS_KEYS,
    /** Fewer witnesses cosigned than the policy requires. */
    NO_QUORUM,
    /** The record is not in the tree at the claimed index. */
    NOT_INCLUDED
  }

  private final Reason reason;

  /** Creates an exception with a message for people. */
  public VerificationException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Returns the reason. */
  public Reason reason() {
    return reason;
  }
}
