// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

/** A checkpoint contradicts one that was signed before, and is not signed. */
public final class ForkException extends Exception {
  private static final long serialVersionUID = 1;

  /** Creates an exception; the message states which two checkpoints disagree. */
  public ForkException(String message) {
    super(message);
  }
}
