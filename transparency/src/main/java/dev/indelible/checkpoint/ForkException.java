// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

/** A checkpoint was not signed because it contradicts an earlier one. */
public final class ForkException extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean unverified;

  /** Creates an exception; the message states which two checkpoints disagree. */
  public ForkException(String message) {
    this(message, false);
  }

  private ForkException(String message, boolean unverified) {
    super(message);
    this.unverified = unverified;
  }

  /** Returns the exception for an earlier checkpoint that no key of this log signed. */
  static ForkException unverified(String message) {
    return new ForkException(message, true);
  }

  /**
   * Returns true if this log did not sign the earlier checkpoint, which therefore proves no fork.
   */
  public boolean isUnverified() {
    return unverified;
  }
}
