// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/** A proof that does not prove what it should. The message says where it fails, for a person. */
public final class InvalidProofException extends Exception {
  private static final long serialVersionUID = 1;

  /** A message for a person: which proof, and where it fails. */
  public InvalidProofException(String message) {
    super(message);
  }
}
