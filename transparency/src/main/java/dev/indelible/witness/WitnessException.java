// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

/** A witness that cannot do its work. The message says what is wrong, where, and what to do. */
public final class WitnessException extends Exception {
  private static final long serialVersionUID = 1;

  /** What is wrong. */
  public WitnessException(String message) {
    super(message);
  }

  /** What is wrong, and why. */
  public WitnessException(String message, Throwable cause) {
    super(message, cause);
  }
}
