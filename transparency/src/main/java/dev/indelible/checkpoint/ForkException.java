// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

/** A checkpoint that would contradict one that was signed before; it is not signed. */
public final class ForkException extends Exception {
  private static final long serialVersionUID = 1;

  /** What does not agree with what. */
  public ForkException(String message) {
    super(message);
  }
}
