// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

/** A witness cannot be used. The message states what is wrong, where, and what to do. */
public final class WitnessException extends Exception {
  private static final long serialVersionUID = 1;

  /** Creates an exception without a cause. */
  public WitnessException(String message) {
    super(message);
  }

  /** Creates an exception with a cause. */
  public WitnessException(String message, Throwable cause) {
    super(message, cause);
  }
}
