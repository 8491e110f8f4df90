// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/** A proof does not verify. The message states where it fails. */
public final class InvalidProofException extends Exception {
  private static final long serialVersionUID = 1;

  /** Creates an exception. The message names the proof and states where it fails. */
  public InvalidProofException(String message) {
    super(message);
  }
}
